"""check: type-checking a pipeline without its data. CPU inside the process.

Python assets are classes and functions; the check alone is counted. SQL assets are files that no
class describes: their types are worked out as the project loads, so that loading is counted too.
No framework beside us checks this, so the peers are the engines themselves: polars asked for the
schemas of the same expressions, DuckDB for the types of the same queries.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.figures import Figure, Target, figure, said
from harness.setting import Setting, before_each
from workloads.our_project import working_assets, write_project
from workloads.sql_models import sql_models
from workloads.sql_project import query_files, raw_tables

ROUNDS = 3
ASSETS = 1_000


def run(setting: Setting) -> list[Figure]:
    """1,000 Python assets, 1,000 SQL assets, and these again from the cache."""
    count = setting.size(ASSETS)
    python = write_project(setting.folder("check_python"), working_assets(count))
    cold = _sql_project(setting.folder("check_sql"), count)
    cached = _sql_project(setting.folder("check_sql_cached"), count)
    scores = setting.compete(
        before_each(setting.ours("ours, Python", "check", python, count), lambda: _forget(python)),
        setting.hand("polars by hand", "check_polars_hand", count),
        before_each(setting.ours("ours, SQL cold", "check", cold, count), lambda: _forget(cold)),
        setting.hand("DuckDB by hand", "check_duckdb_hand", count),
        setting.ours("ours, SQL cached", "check", cached, count),
        rounds=ROUNDS,
    )

    duckdb, alone, whole = "DuckDB by hand", "cpu_seconds", "total_cpu_seconds"
    an_asset = count / 1e3
    return [
        figure(
            "check", metric, "ms an asset", scores[ours], read=said(name, per=an_asset),
            peer=scores[peer], read_peer=said("cpu_seconds", per=an_asset), target=target,
        )
        for metric, ours, peer, name, target in (
            ("Python", "ours, Python", "polars by hand", alone, Target(1, "ours")),
            ("SQL cold, with loading", "ours, SQL cold", duckdb, whole, Target(4, "ours")),
            ("SQL cached, with loading", "ours, SQL cached", duckdb, whole, Target(0.1, "ours")),
            ("SQL cached, without", "ours, SQL cached", duckdb, alone, None),
        )
    ]  # fmt: skip


def _sql_project(folder: Path, count: int) -> Path:
    write_project(folder, raw_tables())
    for name, text in query_files(sql_models(count)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _forget(project: Path) -> None:
    """Removes what an earlier check cached."""
    shutil.rmtree(project / ".flowforge", ignore_errors=True)
