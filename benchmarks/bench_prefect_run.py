"""prefect_run: what it costs to make 1,000 trivial assets through a real server. CPU of the client.

The overhead bench's assets: half are a line, half read its end. The server runs on this machine
with the settings of `flowforge server`, and serves both sides in turn. Ours must show that the
server has an event and a row of a table for every asset; of 10,000 as well.
"""

from __future__ import annotations

from dataclasses import replace

from harness.figures import Figure, Target, figure, said
from harness.prefect import QUIET, serving
from harness.setting import Setting, before_each, slow
from workloads.our_project import forget_runs, trivial_assets, write_project

ROUNDS = 3
ASSETS = 1_000
TIMES = 10
MEMORY_STORE = '[env.dev]\nstore = "memory://bench"\n'


def run(setting: Setting) -> list[Figure]:
    """CPU an asset beside plain Prefect; of ten times as many, that none is lost."""
    count = setting.size(ASSETS)
    many = setting.size(ASSETS * TIMES)
    folders = {
        size: write_project(
            setting.folder(f"prefect_{size}"), trivial_assets("line_and_fan", size),
            settings=MEMORY_STORE,
        )
        for size in (count, many)
    }  # fmt: skip
    with serving(setting.folder("prefect_server")) as api_url:
        environment = {**QUIET, "PREFECT_API_URL": api_url}
        rivals = [
            replace(each, environment=environment)
            for each in (
                before_each(setting.ours("ours", "prefect_run", folders[count], count),
                            lambda: forget_runs(folders[count])),
                slow(setting.hand("plain Prefect tasks", "prefect_plain", count), rounds=2),
                before_each(slow(setting.ours("ours, 10,000", "prefect_run", folders[many], many)),
                            lambda: forget_runs(folders[many])),
            )
        ]  # fmt: skip
        scores = setting.compete(*rivals, rounds=ROUNDS)
    ours, plain, large = (scores[each.name] for each in rivals)
    an_asset, of_many = said("cpu_seconds", per=count / 1e3), said("cpu_seconds", per=many / 1e3)
    metric, unit = "1,000 trivial assets", "ms CPU an asset"
    return [
        figure("prefect_run", metric, unit, ours, read=an_asset, target=Target(1.5, "ours")),
        figure("prefect_run", metric, unit, ours, read=an_asset, peer=plain,
               target=Target(1 / 4, "ratio")),
        figure("prefect_run", "10,000 trivial assets", unit, large, read=of_many),
        figure("prefect_run", "10,000: events that the server has", "", large,
               read=said("events", per=many / (ASSETS * TIMES))),
    ]  # fmt: skip
