"""The flow of a compiled project: it loads the bundle beside it, plans and makes when it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from flowforge_assets.compile.build_folder import BUNDLE
from flowforge_assets.compile.bundle import LOCK, read_bundle
from flowforge_assets.compile.deployment import BUNDLE_VARIABLE
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.bundle import (
    BundleChangedError,
    BundleImportError,
    BundleMissingError,
    NoHomeError,
)
from flowforge_assets.errors.project import ModuleError
from flowforge_assets.execute.failure_hooks import failure_hook
from flowforge_assets.execute.prefect_api import load_prefect
from flowforge_assets.execute.prefect_run import Runnable, flow_state, made_in_flow
from flowforge_assets.execute.run import RunResult
from flowforge_assets.execute.task_runner import task_runner
from flowforge_assets.project.config import read_config

if TYPE_CHECKING:
    from prefect import Flow

    from flowforge_assets.execute.task_runner import AnyRunner

HOME_VARIABLE: Final = "FLOWFORGE_HOME"
"""The folder from which a bundle takes relative places and `.flowforge`."""

BundleFlow: TypeAlias = "Flow[..., RunResult]"


class LoadProject(Protocol):
    """How a project is loaded: `Project.load`."""

    def __call__(self, root: Path, /, *, env: str, home: Path) -> Runnable:
        """The project in the folder `root`, whose data have their place in `home`."""
        ...


def bundle_flow(file: str, *, load: LoadProject, name: str, env: str, version: str) -> BundleFlow:
    """The flow of the bundle that lies beside the `file` that asks for it.

    It takes `select`, `partitions`, `force` and `env` (by default the one given here), loads the
    project, plans, and makes what is out of date; the ledger and relative places are in the folder
    that `FLOWFORGE_HOME` names. Nothing is loaded before it runs. As many steps are made at a time
    as the environment `env` given here says.

    Raises:
        PrefectMissingError: Prefect is not installed (FF-850).
    """
    load_prefect()
    # Loading Prefect takes seconds: only who runs a flow pays for it.
    from prefect import flow

    bundle = Path(file).resolve().parent / BUNDLE
    default = env

    @flow(
        name=name,
        version=version,
        description=f"Makes what is out of date in {name}.",
        task_runner=_task_runner(bundle, env),
        persist_result=False,
        on_failure=[failure_hook(bundle)],
        on_crashed=[failure_hook(bundle)],
    )
    def make(
        select: str | None = None,
        partitions: str | None = None,
        force: bool = False,  # noqa: FBT001, FBT002 - Prefect shows the parameters in this order
        env: str | None = None,
    ) -> RunResult:
        project = load_bundle(bundle, load=load, env=env or default, version=version)
        session = project.session(select, partitions=partitions, force=force)
        # Prefect gives the caller what the state holds.
        return cast("RunResult", flow_state(made_in_flow(session)))

    return make


def load_bundle(bundle: Path, *, load: LoadProject, env: str, version: str) -> Runnable:
    """The project in the folder `bundle`, if that is what it was when it was compiled.

    Raises:
        BundleMissingError: there is none, or another version was to run (FF-891).
        BundleChangedError: its files are not those of `version` (FF-892).
        NoHomeError: its tables would be inside of it (FF-898).
        BundleImportError: its modules cannot be imported here (FF-897).
        FlowForgeError: what else `Project.load` finds.
    """
    _refuse_other(bundle, version)
    home = _home(bundle, env)
    try:
        return load(bundle, env=env, home=home)
    except FlowForgeError as error:
        found = error.errors if isinstance(error, Problems) else (error,)
        broken = next((each for each in found if isinstance(each, ModuleError)), None)
        if broken is None:
            raise
        message = f"the bundle cannot be imported on this machine: {broken.message}"
        hint = f"install what it was compiled with: `pip install -r {BUNDLE}/{LOCK}`"
        more = f"{hint}\n{broken.hint}" if broken.hint else hint
        raise BundleImportError(message, place=broken.place, hint=more) from error


def _refuse_other(bundle: Path, version: str) -> None:
    wanted = os.environ.get(BUNDLE_VARIABLE, version)
    if wanted != version:
        message = f"the deployment asks for the bundle `{wanted}`, and `{version}` is here"
        hint = "build the image anew from the folder that was deployed, or deploy this one"
        raise BundleMissingError(message, hint=hint)
    found = read_bundle(bundle).version
    if found != version:
        message = f"the files of the bundle `{version}` were changed: they are now `{found}`"
        hint = "change the project itself, then compile and deploy again"
        raise BundleChangedError(message, hint=hint)


def _home(bundle: Path, env: str) -> Path:
    """Where the bundle's data are; beside the bundle only what may be lost."""
    given = os.environ.get(HOME_VARIABLE)
    if given:
        return Path(given).resolve()
    config = read_config(bundle).environment(env)
    if all(store and "://" in store.url for store in (config.store, *config.stores.values())):
        return bundle.parent
    message = f"the tables of `{env}` are in a folder, and nobody says where that is"
    hint = f"set `{HOME_VARIABLE}` to the project's folder, or name a `store` by its URL"
    raise NoHomeError(message, hint=hint)


def _task_runner(bundle: Path, env: str) -> AnyRunner:
    """Where tasks run, and how many; what is wrong with the bundle is told when the flow runs."""
    try:
        config = read_config(bundle)
        workers = config.environment(env).workers
    except FlowForgeError:
        return task_runner("threads", workers=1)
    settings = config.prefect
    return task_runner(settings.task_runner, workers=workers, cluster=settings.cluster)
