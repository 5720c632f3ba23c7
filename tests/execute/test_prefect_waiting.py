"""A run through a real server that is cancelled while it waits for another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server_of_prefect import Server, in_project

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

ASSETS = """\
import polars as pl

from flowforge_assets import Col, Silver, Table, asset, col


class Clean(Silver):
    n: Col[int] = col()


@asset
def clean() -> Table[Clean]:
    return pl.DataFrame({"n": [1]})
"""
# Another holds all; as soon as a run waits for it, it is asked to end.
RUN = """\
import json
import time
from threading import Thread

from flowforge_assets import FlowForgeError, Project, build_flow
from flowforge_assets.execute.turn import Ready, Turn
from flowforge_assets.record.lease import is_gone
from flowforge_assets.record.leases import EVERYTHING
from flowforge_assets.record.ledger import Ledger

project = Project.load(".")
environment = project.environment
project.run()
said = []
with Ledger.open(environment.ledger) as ledger:

    def cancel():
        while not (waiting := ledger.leases.in_line(is_gone=is_gone)):
            time.sleep(0.1)
        said.append(ledger.leases.cancel(waiting[0], is_gone=is_gone))

    other = Turn("other", environment.folder, print)
    with other.of(ledger, lambda: Ready(None, {EVERYTHING: None})):
        Thread(target=cancel, daemon=True).start()
        try:
            project.run(engine="prefect", force=True)
        except FlowForgeError as error:
            said.append(error.code)
        Thread(target=cancel, daemon=True).start()
        said.append(build_flow(project, force=True)(return_state=True).name)
print(json.dumps(said))
"""


def test_its_flow_run_is_cancelled_and_nothing_more_is_made(
    prefect_server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    text = '[project]\nname = "waited"\nmodules = ["waited"]\n'
    (folder / "flowforge.toml").write_text(text)
    (folder / "waited.py").write_text(ASSETS)
    ran = in_project(folder, RUN, home=prefect_server.home, api_url=prefect_server.url)
    assert ran.stdout, ran.stderr
    assert json.loads(ran.stdout) == [True, "FF-507", True, "Cancelled"], ran.stderr
    states = [run["state_type"] for run in prefect_server.flow_runs("waited")]
    assert states == ["CANCELLED", "CANCELLED"]
    log = folder / ".flowforge/dev/lake/silver/clean/_delta_log"
    assert len(list(log.glob("*.json"))) == 1
