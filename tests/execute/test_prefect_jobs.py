"""A job that a real worker runs: at its time, after a dataset was made, and what it calls then."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from flowforge_assets.execute.prefect_api import load_prefect
from server_of_prefect import Server
from worker_of_prefect import RUN_SECONDS, command, ended_run, make_pool, worker

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

SHOP = {
    "flowforge.toml": """\
[project]
name = "deployed_shop"
modules = ["deployed_shop"]
[pool.worked]
type = "process"
name = "deploy-worked"
[job.often]
select = "silver.clean"
schedule = { interval = "30s" }
concurrency = { limit = 1, on_collision = "cancel_new" }
pool = "worked"
[job.after]
select = "gold.total"
after = ["silver.clean"]
on_failure = ["deployed_shop:tell", "shop-webhook", "custom-webhook/shop-notice"]
pool = "worked"
""",
    "deployed_shop.py": """\
import os
from pathlib import Path

import polars as pl

from flowforge_assets import Col, Frame, Gold, Silver, Table, asset, col, key


class Clean(Silver):
    n: Col[int] = key()


class Total(Gold):
    n: Col[int] = col()


@asset
def clean() -> Table[Clean]:
    return pl.DataFrame({"n": [1, 2]})


@asset
def total(clean: Frame[Clean]) -> Frame[Total]:
    raise ValueError("not today")


def tell(failure):
    told = Path(os.environ["FLOWFORGE_HOME"], "told")
    told.write_text(f"{failure.job} {failure.state} {'not today' in failure.message}")
""",
}


def test_a_worker_runs_a_job_at_its_time_and_another_after_its_dataset(
    prefect_server: Server, tmp_path: Path
) -> None:
    server = prefect_server
    for name, text in SHOP.items():
        (tmp_path / name).write_text(text)
    make_pool(server, "deploy-worked")
    with listener() as (url, heard):
        save_hooks(server, url)
        added = command(server, tmp_path, "deploy", "--json", "--exit-code", code=3)
        assert [each["action"] for each in added["changes"]] == ["add"] * 4
        folder = tmp_path / ".flowforge" / "deploy" / "dev" / added["version"]
        assert (folder / "flow.py").is_file()
        with worker(server, "deploy-worked"):
            scheduled = ended_run(server, "deployed_shop", started_by("SCHEDULE"))
            assert scheduled["state_type"] == "COMPLETED", scheduled["state"]["message"]
            after = ended_run(server, "deployed_shop", started_by("AUTOMATION"))
            assert after["state_type"] == "FAILED", after["state"]["message"]
            assert (tmp_path / "told").read_text() == "after Failed True"
        said = dict(heard.get(timeout=RUN_SECONDS) for _ in range(2))
    assert "not today" in said["/hook"].pop("message")
    assert said["/hook"] == {"deployment": "dev.after", "run": after["name"], "state": "Failed"}
    assert said["/notice"]["subject"] == "dev.after: Failed"
    assert "not today" in said["/notice"]["body"]
    assert f"flowforge-version:{added['version']}" in after["tags"]
    # The tables are the project's own, not those of the copy that ran.
    assert (tmp_path / ".flowforge" / "dev" / "lake" / "silver" / "clean").is_dir()
    assert command(server, tmp_path, "undeploy", "--json", code=0)["changes"] == [
        {"action": "remove", "kind": kind, "name": f"deployed_shop/{name}", "details": []}
        for kind, name in [
            ("automation", "dev.after: on failure"),
            ("automation", "dev.after: run after"),
            ("deployment", "dev.after"),
            ("deployment", "dev.often"),
        ]
    ]
    of_shop = {"flows": {"name": {"any_": ["deployed_shop"]}}}
    assert server.post("deployments/filter", of_shop) == []


def started_by(kind: str) -> Callable[[dict[str, Any]], bool]:
    def is_so(run: dict[str, Any]) -> bool:
        return bool(run["created_by"]["type"] == kind)

    return is_so


@contextmanager
def listener() -> Generator[tuple[str, SimpleQueue[tuple[str, Any]]]]:
    """A server of the web that hears what is posted to it: the path, and the JSON."""
    heard: SimpleQueue[tuple[str, Any]] = SimpleQueue()

    class Hear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()
            heard.put((self.path, json.loads(content)))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Prints nothing."""

    with HTTPServer(("127.0.0.1", 0), Hear) as web:
        thread = Thread(target=web.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{web.server_port}", heard
        finally:
            web.shutdown()
            thread.join()


def save_hooks(server: Server, url: str) -> None:
    """Keeps two blocks on the server that a failure calls: a webhook, and a notice to people."""
    load_prefect()
    # Prefect is loaded with its reports of usage off.
    from prefect.blocks.notifications import CustomWebhookNotificationBlock
    from prefect.blocks.webhook import Webhook
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from pydantic import SecretStr

    with temporary_settings({PREFECT_API_URL: server.url}):
        Webhook(url=SecretStr(f"{url}/hook")).save("shop-webhook")
        notice = {"subject": "{{subject}}", "body": "{{body}}"}
        CustomWebhookNotificationBlock(
            name="shop", url=f"{url}/notice", json_data=notice, headers=None, cookies=None
        ).save("shop-notice")
