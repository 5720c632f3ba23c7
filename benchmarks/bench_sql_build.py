"""sql_build: 500 SQL models in ten layers, nothing made before. CPU and peak of the process tree.

Ours writes Delta tables and checks rows before they are there; the peers write one DuckDB file, and
test it afterwards. By hand is DuckDB alone, without any test.
"""

from __future__ import annotations

from dataclasses import replace

from harness.contest import Rival
from harness.environments import peer_python
from harness.figures import Figure, Target, cpu_seconds, figure, peak_mib
from harness.setting import Setting, before_each, slow
from workloads.our_project import forget_runs
from workloads.sql_build import dbt_project, fresh_database, our_project, sqlmesh_project

ROUNDS = 3
MODELS = 500
QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def run(setting: Setting) -> list[Figure]:
    """`flowforge run` beside DuckDB by hand, `dbt build`, and `sqlmesh plan` with its apply."""
    count = setting.size(MODELS)
    project = our_project(setting.folder("sql_build"), count)
    raw = project / "raw"
    ours = replace(
        setting.ours_command("ours", "flowforge", "-C", project, "run", "-q"),
        proof=setting.ours("rows", "sql_build_proof", project, count),
    )
    scores = setting.compete(
        before_each(ours, lambda: forget_runs(project)),
        setting.hand("DuckDB by hand", "sql_build_duckdb_hand", raw, count),
        dbt(setting, count),
        sqlmesh(setting, count),
        rounds=ROUNDS,
    )
    what = "500 models, first run"
    return [
        figure(
            "sql_build", metric, unit, scores["ours"], read=read, peer=scores[peer], target=target,
        )
        for metric, unit, read, peer, target in (
            (what, "s CPU", cpu_seconds, "DuckDB by hand", Target(2, "ratio")),
            (what, "s CPU", cpu_seconds, "dbt build", Target(0.2, "ratio")),
            (what, "s CPU", cpu_seconds, "SQLMesh plan and apply", Target(0.2, "ratio")),
            (f"{what}, peak memory", "MiB", peak_mib, "dbt build", Target(1, "ratio")),
            (f"{what}, peak memory", "MiB", peak_mib, "SQLMesh plan and apply", None),
        )
    ]  # fmt: skip


def dbt(setting: Setting, count: int) -> Rival:
    """`dbt build` in a folder of its own, on raw tables alone."""
    folder = dbt_project(setting.folder("sql_build_dbt"), count)
    words = ("dbt", "--no-version-check", "-q", "build", "--profiles-dir", ".")
    rival = setting.peer_command("dbt", "dbt build", *words)
    rival = replace(rival, folder=folder, environment=QUIET)
    raw = setting.folder("sql_build") / "raw"
    return slow(before_each(rival, lambda: fresh_database(folder, raw, peer_python("dbt"))))


def sqlmesh(setting: Setting, count: int) -> Rival:
    """`sqlmesh plan --auto-apply`, likewise."""
    folder = sqlmesh_project(setting.folder("sql_build_sqlmesh"), count)
    words = ("sqlmesh", "plan", "--auto-apply", "--no-prompts")
    rival = setting.peer_command("sqlmesh", "SQLMesh plan and apply", *words)
    rival = replace(rival, folder=folder, environment=QUIET)
    raw = setting.folder("sql_build") / "raw"
    return slow(before_each(rival, lambda: fresh_database(folder, raw, peer_python("sqlmesh"))))
