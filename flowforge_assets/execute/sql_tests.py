"""Runs the unit tests of SQL assets: the query over given rows, its result beside the expected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.graph.build import Graph


@dataclass(frozen=True, slots=True)
class SqlTestResult:
    """How a test of a query ended; `difference` says what was not as expected, in lines."""

    file: str
    line: int
    name: str
    asset: DatasetKey
    passed: bool
    difference: str = ""


def run_sql_tests(graph: Graph, root: Path, ids: Collection[DatasetKey]) -> list[SqlTestResult]:
    """The tests that stand beside the `.sql` files of the assets `ids`, each run once.

    A query that fails is a test that does not pass. `root` is the project's folder.

    Raises:
        Problems: test files that cannot be read, or name what is not there (FF-441 to FF-443).
    """
    raise NotImplementedError
