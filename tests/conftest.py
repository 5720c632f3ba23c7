"""Fixtures that any test may ask for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from doc_examples import OUR_PLUGIN_ALONE
from flowforge_assets.declare.asset import forget
from flowforge_assets.declare.external import forget_external
from flowforge_assets.declare.sql_asset import forget_sql
from server_of_prefect import Server, running_server

FIXTURES = Path(__file__).parent / "fixtures"
_SERVER = pytest.StashKey[tuple[Server, ExitStack]]()


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same output on every machine: no colour, 100 columns, no settings from outside.

    A pytest that a test starts has the plugins of a user, who may have none but ours.
    """
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "FLOWFORGE_ENV", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", OUR_PLUGIN_ALONE)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(scope="module")
def prefect_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Server:
    """A Prefect server for all tests of files named `test_prefect_*`, which share a worker."""
    kept = request.config.stash
    if _SERVER not in kept:
        life = ExitStack()
        request.config.add_cleanup(life.close)
        started = life.enter_context(running_server(tmp_path_factory.mktemp("prefect")))
        kept[_SERVER] = started, life
    return kept[_SERVER][0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Ends the Prefect server after the last of those files: it works also when it is idle."""
    yield
    if _SERVER in item.config.stash and not (
        nextitem and nextitem.path.name.startswith("test_prefect_")
    ):
        _, life = item.config.stash[_SERVER]
        del item.config.stash[_SERVER]
        life.close()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("plans/first_run.txt", text)`: `text` is what that file of tests/fixtures holds.

    `make golden` writes the files anew; the diff is then for people to read.
    """

    def compare(name: str, text: str) -> None:
        path = FIXTURES / name
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.is_file(), f"no tests/fixtures/{name}: `make golden` writes it"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def write_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Mapping[str, str]], Path]]:
    """`write_project({"shop.py": ...})` writes files; what is imported from them is forgotten."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    yield write
    ours = {
        name
        for name, module in sys.modules.items()
        if str(getattr(module, "__file__", "")).startswith(f"{tmp_path}/")
    }
    for name in ours:
        del sys.modules[name]
    forget(ours)
    forget_sql(ours)
    forget_external(ours)
