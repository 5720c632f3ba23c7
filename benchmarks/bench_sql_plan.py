"""sql_plan: what it costs to know what is to be done. CPU of the whole process, start included.

Cold: nothing cached, 500 SQL models are read, checked without data, and a first run is planned.
Warm: the command on a project in which all is made. dbt has no plan: its nearest is to parse.
"""

from __future__ import annotations

from dataclasses import replace

from harness.environments import peer_python
from harness.figures import Figure, Target, cpu_seconds, figure
from harness.setting import Setting, before_each, slow
from workloads.our_project import forget_runs
from workloads.sql_build import dbt_project, fresh_database, our_project, sqlmesh_project

ROUNDS = 5
MODELS = 500
TIMES = 10
QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def run(setting: Setting) -> list[Figure]:
    """Cold and warm plans beside `dbt parse` and `sqlmesh plan`, and ten times the models."""
    count = setting.size(MODELS)
    cold = our_project(setting.folder("sql_plan"), count)
    many = our_project(setting.folder("sql_plan_many"), count * TIMES)
    made = our_project(setting.folder("sql_plan_made"), count)
    mesh = sqlmesh_project(setting.folder("sql_plan_sqlmesh"), count)
    dbt = dbt_project(setting.folder("sql_plan_dbt"), count)
    fresh_database(mesh, cold / "raw", peer_python("sqlmesh"))
    parse = ("dbt", "--no-version-check", "-q", "parse", "--profiles-dir", ".")
    plan = ("sqlmesh", "plan", "--auto-apply", "--no-prompts")
    # The warm-ups are the runs that make everything.
    no_op = replace(
        setting.ours_command("ours, nothing to do", "flowforge", "-C", made, "run", "-q"),
        proof=setting.ours("plan", "plan_is_empty", made), timeout_seconds=600,
    )  # fmt: skip
    nothing = setting.peer_command("sqlmesh", "SQLMesh plan, nothing to do", *plan)
    parsing = setting.peer_command("dbt", "dbt parse, warm", *parse)
    scores = setting.compete(
        before_each(setting.ours("ours, cold", "check_and_plan", cold, count),
                    lambda: forget_runs(cold)),
        before_each(slow(setting.ours("ours, 5,000", "check_and_plan", many, count * TIMES)),
                    lambda: forget_runs(many)),
        no_op,
        replace(parsing, folder=dbt, environment=QUIET, rounds=2),
        replace(nothing, folder=mesh, environment=QUIET, rounds=2, timeout_seconds=600),
        rounds=ROUNDS,
    )  # fmt: skip
    warm, of_many = scores["ours, nothing to do"], scores["ours, 5,000"]
    return [
        figure("sql_plan", metric, "s CPU", ours, read=cpu_seconds, peer=scores[peer],
               target=target)
        for metric, ours, peer, target in (
            ("500 models, cold", scores["ours, cold"], "dbt parse, warm", Target(3, "ours")),
            ("500 models, nothing to do", warm, "dbt parse, warm", Target(1, "ours")),
            ("500 models, nothing to do", warm, "SQLMesh plan, nothing to do", None),
            ("5,000 models, cold", of_many, "ours, cold", Target(TIMES, "ratio")),
        )
    ]  # fmt: skip
