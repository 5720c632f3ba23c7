"""What pytest gets from FlowForge: fixtures for a project's tests, and `*.test.toml` as tests.

pytest finds this module by itself where the package is installed, and loads it at its start, so
it imports nothing else before it is used.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.execute.sql_tests import SqlTest
    from flowforge_assets.sql.engine import SqlEngine
    from flowforge_assets.testing import Materialize

_SUFFIX: Final = ".test.toml"
_PROJECT_FILE: Final = "flowforge.toml"
_LOADED: Final = pytest.StashKey[dict[Path, "Project"]]()


@pytest.fixture
def flowforge_project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """The project that the test belongs to, in environment `dev`, with nothing made.

    Its tables are in memory, its ledger and caches in the test's own folder. It is the project of
    the nearest `flowforge.toml` above the test's file, or of the folder that pytest runs in.
    """
    from flowforge_assets.api import Project  # heavy for a run of pytest that needs no project
    from flowforge_assets.project.environment import Environment

    loaded = _project_of(request.path, request.config)
    kept = tmp_path / ".flowforge"
    environment = Environment.of(loaded.config, "dev", store="memory://", kept=kept)
    return Project(loaded.config, environment, loaded.graph, loaded.modules)


@pytest.fixture
def materialize(request: pytest.FixtureRequest) -> Materialize:
    """`materialize(D, given={...})` over all assets of the test's project.

    See `flowforge_assets.testing.materialize`.
    """
    from flowforge_assets.testing import materialize as over  # heavy, as above: polars

    return partial(over, project=_project_of(request.path, request.config))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SqlTestFile | None:
    """Takes the tests of queries that stand in `NAME.test.toml`, beside `NAME.sql`."""
    if not file_path.name.endswith(_SUFFIX) or _root_above(file_path) is None:
        return None
    return SqlTestFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it untyped


class SqlTestFile(pytest.File):
    """A `*.test.toml`; its tests are read when the first of them runs."""

    def collect(self) -> Iterator[SqlTestItem]:
        """One item a test."""
        from flowforge_assets.sql.cases import read_cases  # as above

        for number, case in enumerate(read_cases(self.path, shown_as=self.path.name)):
            yield SqlTestItem.from_parent(  # pyright: ignore[reportUnknownMemberType]  # pytest leaves it untyped
                self, name=case.name, number=number, line=case.place.line
            )

    @cached_property
    def tests(self) -> list[SqlTest]:
        """The tests, read against the project."""
        from flowforge_assets.execute.sql_tests import find_sql_tests  # as above
        from flowforge_assets.sql.cases import find_cases_path

        project = _project_of(self.path, self.config)
        ids = [
            id_
            for id_, asset in project.graph.assets.items()
            if (path := find_cases_path(asset)) and path.resolve() == self.path.resolve()
        ]
        return find_sql_tests(project.graph, project.root, ids)

    @cached_property
    def engine(self) -> SqlEngine:
        """The engine that the tests share; it is opened by the first."""
        from flowforge_assets.sql.engine import SqlEngine  # as above

        engine = SqlEngine()
        self.addfinalizer(engine.close)
        return engine

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401, ARG002 - as pytest declares it
        """An error of ours as we say it, without a traceback."""
        return _said(excinfo.value) or super().repr_failure(excinfo)


class SqlTestItem(pytest.Item):
    """One test of a query."""

    def __init__(self, *, number: int, line: int, **rest: Any) -> None:  # noqa: ANN401 - pytest's own
        """The test of that number in its file, at `line`."""
        super().__init__(**rest)  # pyright: ignore[reportUnknownMemberType]  # as above
        self.number = number
        self.line = line

    def runtest(self) -> None:
        """Runs the query over the given rows.

        Raises:
            SqlTestFailed: it gives other rows than expected.
        """
        from flowforge_assets.execute.sql_tests import run_sql_test  # as above

        file = self.parent
        assert isinstance(file, SqlTestFile)  # noqa: S101 - it has collected this
        result = run_sql_test(file.tests[self.number], file.engine)
        if not result.passed:
            raise SqlTestFailed(result.difference)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401 - as pytest declares it
        """What differs, or an error of ours as we say it, without a traceback."""
        return _said(excinfo.value) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test stands, and its name."""
        return self.path, self.line - 1, self.name


class SqlTestFailed(Exception):
    """A query gives other rows than its test expects."""


def _said(error: BaseException) -> str:
    """What differs, or an error of ours in its own words; nothing of any other."""
    from flowforge_assets.errors.base import FlowForgeError  # as above

    return str(error) if isinstance(error, (SqlTestFailed, FlowForgeError)) else ""


def _project_of(path: Path, config: pytest.Config) -> Project:
    """The project that the file belongs to, loaded once; nothing is kept in its folder."""
    from flowforge_assets.api import Project  # as above

    loaded = config.stash.setdefault(_LOADED, {})
    root = _root_above(path) or config.rootpath
    if root not in loaded:
        kept = Path(tempfile.mkdtemp(prefix="flowforge-test-"))
        config.add_cleanup(partial(shutil.rmtree, kept, ignore_errors=True))
        loaded[root] = Project.load(root, store="memory://", folder=kept)
    return loaded[root]


def _root_above(path: Path) -> Path | None:
    """The nearest folder above the file that holds a project."""
    folders: Iterable[Path] = path.resolve().parents
    return next((folder for folder in folders if (folder / _PROJECT_FILE).is_file()), None)
