"""What people see of a run in Prefect's own pages, in Chromium; `make test-browser` fetches it.

Prefect's open-source server has no page of an asset (3.8.8): what it knows of one is in the event
feed. The pictures stay in `build/pages`, for people to look at.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from flowforge_assets.execute.prefect_server import prefect_server
from server_of_prefect import Server, environment, free_port

ROOT = Path(__file__).parents[2]
BROWSER = Path(sys.prefix) / "browser"
PICTURES = ROOT / "build" / "pages"
GRAPH_SECONDS = 15  # it is drawn on a canvas, of which a page does not say that it is done

pytestmark = [
    pytest.mark.browser,
    pytest.mark.prefect,
    pytest.mark.slow,
    pytest.mark.skipif("FLOWFORGE_BROWSER" not in os.environ, reason="for `make test-browser`"),
]

TOML = '[project]\nname = "pages"\nmodules = ["lake"]\n'
LAKE = """\
import polars as pl

from flowforge_assets import Bronze, Col, Frame, Gold, Silver, Table, asset, col


class Raw(Bronze, owners=["ann"]):
    \"\"\"As delivered.\"\"\"

    n: Col[int] = col()


class Clean(Silver):
    n: Col[int] = col()


class Total(Gold):
    n: Col[int] = col()


@asset
def raw() -> Table[Raw]:
    return pl.DataFrame({"n": [1, 2, 3]})


@asset
def clean(raw: Frame[Raw]) -> Frame[Clean]:
    return raw


@asset
def total(clean: Frame[Clean]) -> Frame[Total]:
    return clean.select(pl.col("n").sum())
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server with pages, by which a small project has been made."""
    home, project = tmp_path_factory.mktemp("prefect"), tmp_path_factory.mktemp("project")
    (project / "flowforge.toml").write_text(TOML)
    (project / "lake.py").write_text(LAKE)
    settings = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/prefect.db",
    }
    with prefect_server(port=free_port(), settings=settings) as started:
        subprocess.run(
            [Path(sys.executable).with_name("flowforge"), "run", "--engine", "prefect"],
            cwd=project,
            env=environment(home, api_url=started.api_url),
            timeout=120,
            check=True,
        )
        yield Server(started.api_url, home)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Generator[Any]:
    """A page of Chromium, whose libraries lie beside it."""
    sys.path.insert(0, str(BROWSER / "python"))
    playwright = import_module("playwright.sync_api")  # from there

    root = BROWSER / "root" / "usr"
    [libraries] = (root / "lib").glob("*-linux-gnu")
    start = tmp_path_factory.mktemp("browser") / "chromium"
    start.write_text(
        f"#!/bin/sh\nexport LD_LIBRARY_PATH='{libraries}:{libraries}/pulseaudio'\n"
        f"exec '{root}/lib/chromium/chromium' \"$@\"\n"
    )
    start.chmod(0o755)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=str(start), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser.new_page(viewport={"width": 1400, "height": 1000})
        browser.close()
    sys.path.remove(str(BROWSER / "python"))


def seen(page: Any, url: str, picture: str, *, wait_seconds: int = 0) -> str:  # noqa: ANN401 - of a package that types are not checked with
    """The text of a page; a picture of it is kept."""
    page.goto(url, wait_until="networkidle")
    page.wait_for_timeout(1000 * wait_seconds)
    page.screenshot(path=PICTURES / f"{picture}.png")
    text: str = page.inner_text("body")
    return text


def test_the_page_of_a_run_shows_each_step(server: Server, page: Any) -> None:  # noqa: ANN401 - as above
    [run] = server.flow_runs("pages")
    assert len(server.task_runs(run["id"], 3)) == 3
    pages = server.url.removesuffix("/api")
    text = seen(page, f"{pages}/runs/flow-run/{run['id']}", "run", wait_seconds=GRAPH_SECONDS)
    for expected in ("Completed", "3 Task runs", "bronze.raw", "silver.clean", "gold.total"):
        assert expected in text


def test_the_event_feed_shows_an_asset_and_what_it_was_made_from(server: Server, page: Any) -> None:  # noqa: ANN401 - as above
    [run] = server.flow_runs("pages")
    assert len(server.asset_events(run["id"], "materialization.succeeded", 3)) == 3
    pages = server.url.removesuffix("/api")
    text = seen(page, f"{pages}/events?resource=flowforge%3A%2F%2Fdev%2Fgold%2Ftotal", "asset")
    assert "Asset materialization succeeded" in text
    assert "flowforge://dev/silver/clean" in text
    assert "Page not found" in seen(page, f"{pages}/assets", "no_page_of_assets")
