"""Whether a compiled folder is what was compiled, also where somebody has edited it since."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from flowforge_assets.compile.build_folder import BUNDLE, FLOW, PLAN, is_build
from flowforge_assets.compile.bundle import read_bundle
from flowforge_assets.compile.prefect_yaml import FILE, read_prefect_yaml
from flowforge_assets.errors.base import FlowForgeError, Problems, raise_all
from flowforge_assets.errors.bundle import BundleChangedError, BundleMissingError
from flowforge_assets.plan.plan_file import read_plan_file

_VERSION: Final = re.compile(r'version="([0-9a-f]+)"')


def check_build(folder: Path) -> str:
    """The version of the folder, if it is whole and Prefect reads its files as they are meant.

    Raises:
        Problems: all that is wrong with it: no compiled folder (FF-891), changed files (FF-892),
            a `prefect.yaml` that Prefect would read otherwise (FF-894), a plan that is none
            (FF-895).
    """
    hint = "name a folder that `flowforge compile` wrote"
    if not is_build(folder):
        raise BundleMissingError(f"`{folder}` holds no compiled project", hint=hint)
    named = _VERSION.search((folder / FLOW).read_text(encoding="utf-8"))
    version = named[1] if named else ""
    problems: list[FlowForgeError] = []
    found = read_bundle(folder / BUNDLE).version
    if found != version:
        message = f"`{FLOW}` runs the version `{version}`, and the files are `{found}`"
        again = "change the project itself, then compile again"
        problems.append(BundleChangedError(message, hint=again))
    for look in (_look_at_yaml, _look_at_plan):
        try:
            look(folder)
        except FlowForgeError as error:
            problems += error.errors if isinstance(error, Problems) else [error]
    raise_all(problems)
    return version


def _look_at_yaml(folder: Path) -> None:
    read_prefect_yaml(folder / FILE)


def _look_at_plan(folder: Path) -> None:
    if (folder / PLAN).exists():  # it may have been left out
        read_plan_file(folder / PLAN)
