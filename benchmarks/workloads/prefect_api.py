"""What a Prefect server has recorded, asked over its API."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from typing import Any

PATIENCE_SECONDS = 120
STEPS_TABLE = "flowforge-steps"


def ask(path: str, question: dict[str, Any]) -> Any:  # noqa: ANN401 - as JSON has it
    """What the API that `PREFECT_API_URL` names answers to a question."""
    request = urllib.request.Request(  # noqa: S310 - it is our own server
        f"{os.environ['PREFECT_API_URL']}/{path}",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        return json.load(answer)


def newest_run(flow: str) -> str:
    """The id of the newest run of a flow."""
    query = {"flows": {"name": {"any_": [flow]}}, "sort": "START_TIME_DESC", "limit": 1}
    return str(ask("flow_runs/filter", query)[0]["id"])


def events_recorded(flow_run: str, count: int) -> int:
    """Events of made assets that the server has, when there are `count` or time is over."""
    filtered = {
        "event": {"name": ["prefect.asset.materialization.succeeded"]},
        "related": {"id": [f"prefect.flow-run.{flow_run}"]},
    }
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = int(ask("events/filter", {"filter": filtered, "limit": 0})["total"])
        if found >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def rows_recorded(flow_run: str) -> int:
    """Rows of the tables of steps that the server has of a flow run."""
    tables = ask("artifacts/filter", {"flow_runs": {"id": {"any_": [flow_run]}}})
    return sum(len(json.loads(each["data"])) for each in tables if each["key"] == STEPS_TABLE)
