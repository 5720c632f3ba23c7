"""What every test, doctest and document of this repository runs under."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from doc_examples import documents
from flowforge_assets.core.uncollected import uncollected
from flowforge_assets.declare.asset import DECLARED
from flowforge_assets.declare.external import DECLARED_EXTERNAL
from flowforge_assets.declare.sql_asset import DECLARED_SQL

if TYPE_CHECKING:
    from xdist.remote import Producer

# A laptop looks for new counterexamples; CI tries the same ones every time.
settings.register_profile("laptop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")

pytest_collect_file = documents.pytest()

_PROJECTS = Path(__file__).parent / "projects"
_PACKAGES = {Path(__file__).parent / name for name in ("flowforge_assets", "connectors")}
pytest_plugins = ["emulators", "postgres_ledger"]

_THIS_MACHINE = ["127.0.0.1", "::1", "localhost"]


def pytest_configure(config: pytest.Config) -> None:
    """Lets Python take itself apart as a whole: DuckDB complains of what is kept.

    What is registered first is done last: pytest itself looks for garbage before.
    """
    config.add_cleanup(gc.unfreeze)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--rewrite-golden`: writes golden files instead of comparing with them."""
    parser.addoption("--rewrite-golden", action="store_true", help="write golden files anew")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Looks for doctests in our packages only: a project's modules must not be imported twice.

    There too only where some are: each worker would import hundreds of modules for nothing.
    """
    if collection_path.suffix != ".py" or collection_path.name.startswith("test_"):
        return None
    is_ours = not _PACKAGES.isdisjoint(collection_path.parents)
    return None if is_ours and b">>> " in collection_path.read_bytes() else True


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Looks for no garbage while tests are collected: all of it stays."""
    with uncollected():
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Lets tests reach servers on this machine; keeps only golden ones when those are rewritten."""
    for item in items:
        if item.get_closest_marker("prefect") or item.get_closest_marker("emulator"):
            item.add_marker(pytest.mark.allow_hosts(_THIS_MACHINE))
    # What takes long begins first, so that no worker is left with it when the others have ended.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not _shares_prefect(item.nodeid), item.path not in slow))
    if config.getoption("--rewrite-golden"):
        golden = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in golden])
        items[:] = golden


def _shares_prefect(nodeid: str) -> bool:
    """Whether it is a test of a file that may ask for `prefect_server`."""
    return "/test_prefect_" in nodeid.partition("::")[0]


class ByFileAndServer(LoadFileScheduling):
    """Gives a worker the tests of a file, or those of all files that share a slow server.

    There are two such servers: their tests wait more than they work.
    """

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        self._sharing: dict[str, int] = {}

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if not _shares_prefect(nodeid):
            return file
        return f"prefect {self._sharing.setdefault(file, len(self._sharing)) % 2}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFileAndServer | None:
    """Which worker runs what, where `--dist loadfile` is asked for."""
    return ByFileAndServer(config, log) if config.getoption("dist") == "loadfile" else None


@dataclass(frozen=True, slots=True)
class _Imported:
    """What the tests of the projects imported when they were collected."""

    modules: Mapping[str, ModuleType]
    declared: Sequence[Mapping[tuple[str, str], object]]


_IMPORTED = pytest.StashKey[_Imported]()
_REGISTRIES = cast(
    "Sequence[dict[tuple[str, str], object]]", (DECLARED, DECLARED_SQL, DECLARED_EXTERNAL)
)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remembers the modules of the projects: other tests have modules of the same names."""
    modules = {
        name: module
        for name, module in sys.modules.items()
        if str(getattr(module, "__file__", "")).startswith(f"{_PROJECTS}/")
    }
    declared = [{k: v for k, v in known.items() if k[0] in modules} for known in _REGISTRIES]
    session.config.stash[_IMPORTED] = _Imported(modules, declared)
    # What was collected stays: to look through it for garbage, again and again, finds none.
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Gives a project's test back the modules that it was collected with."""
    if _PROJECTS not in item.path.parents:
        return
    imported = item.config.stash[_IMPORTED]
    sys.modules.update(imported.modules)
    for known, before in zip(_REGISTRIES, imported.declared, strict=True):
        for key in [key for key in known if key[0] in imported.modules]:
            del known[key]
        known.update(before)
