"""All that can be found wrong without data: types, code that cannot be hashed, tests of queries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.execute.sql_tests import find_sql_tests
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.typecheck import CheckReport, check_assets, refuse_broken
from flowforge_assets.sql.analysis import SqlAnalysis

if TYPE_CHECKING:
    from flowforge_assets.plan.plan import Plan


def check_project(
    graph: Graph,
    ids: Collection[DatasetKey],
    *,
    root: Path,
    sql: SqlAnalysis,
    fingerprint: Callable[[], object],
) -> CheckReport:
    """The type check of the assets `ids`, and what else a plan or a test of them would refuse.

    `fingerprint` hashes their code. Nothing is raised: the errors are in the report.
    """
    report = check_assets(graph, ids, root=root, sql=sql)
    errors = list(report.errors)
    errors += _raised(fingerprint)
    errors += _raised(lambda: find_sql_tests(graph, root, ids))
    return replace(report, errors=tuple(errors))


def _raised(act: Callable[[], object]) -> Iterator[FlowForgeError]:
    try:
        act()
    except Problems as problems:
        yield from problems.errors
    except FlowForgeError as error:
        yield error


def refuse_broken_steps(graph: Graph, plan: Plan, root: Path, caches: Path) -> None:
    """Lets a plan pass whose assets keep their promises, as far as is known without data.

    Raises:
        Problems: some do not (FF-3xx, FF-4xx).
    """
    ids = dict.fromkeys(step.asset_id for step in plan.steps)
    with SqlAnalysis(caches / "sql.json") as sql:
        refuse_broken(graph, ids, root=root, sql=sql)
