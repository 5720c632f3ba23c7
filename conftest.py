"""What every test, doctest and document of this repository runs under."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from doc_examples import documents
from flowforge_assets.declare.asset import DECLARED
from flowforge_assets.declare.external import DECLARED_EXTERNAL
from flowforge_assets.declare.sql_asset import DECLARED_SQL

# A laptop looks for new counterexamples; CI tries the same ones every time.
settings.register_profile("laptop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")

pytest_collect_file = documents.pytest()

_PACKAGES = {Path(__file__).parent / name for name in ("flowforge_assets", "connectors")}
pytest_plugins = ["emulators"]

_THIS_MACHINE = ["127.0.0.1", "::1", "localhost"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--rewrite-golden`: writes golden files instead of comparing with them."""
    parser.addoption("--rewrite-golden", action="store_true", help="write golden files anew")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Looks for doctests in our packages only: a project's modules must not be imported twice."""
    if collection_path.suffix != ".py" or collection_path.name.startswith("test_"):
        return None
    return None if _PACKAGES & set(collection_path.parents) else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Lets tests reach servers on this machine; keeps only golden ones when those are rewritten."""
    for item in items:
        if item.get_closest_marker("prefect") or item.get_closest_marker("emulator"):
            item.add_marker(pytest.mark.allow_hosts(_THIS_MACHINE))
    if config.getoption("--rewrite-golden"):
        golden = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in golden])
        items[:] = golden


@pytest.fixture(autouse=True)
def _other_tests_modules() -> Iterator[None]:
    """Gives back what a test that imports a module of the same name took from another's."""
    modules = dict(sys.modules)
    registries: tuple[dict[Any, Any], ...] = (DECLARED, DECLARED_SQL, DECLARED_EXTERNAL)
    declared = [(known, dict(known)) for known in registries]
    yield
    for known, before in declared:
        for key in before.keys() - known.keys():
            known[key] = before[key]
    for name in modules.keys() - sys.modules.keys():
        sys.modules[name] = modules[name]
