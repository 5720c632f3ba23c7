"""What `doctor` finds out about a real Prefect server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import pytest

from flowforge_assets.project.config import ProjectConfig, read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.finding import Finding
from server_of_prefect import Server

pytestmark = pytest.mark.prefect
WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]
MINE = uuid4().hex[:6]
TOML = f"""
[project]
name = "looked-at"

[job.nightly]
pool = "here"

[job.weekly]
pool = "other"

[job.yearly]
pool = "gone"

[pool.here]
type = "process"
name = "here-{MINE}"

[pool.other]
type = "process"
name = "other-{MINE}"

[pool.gone]
type = "process"
name = "gone-{MINE}"
"""


@pytest.fixture
def config(write_project: WriteProject) -> ProjectConfig:
    return read_config(write_project({"flowforge.toml": TOML, "assets/one.sql": "select 1 as n"}))


def looked(config: ProjectConfig) -> dict[str, Finding]:
    from flowforge_assets.execute.prefect_health import prefect_health  # prefect, on use

    return {each.about: each for each in prefect_health(config, Environment.of(config, "dev"))}


def test_all_that_jobs_ask_of_a_server_is_looked_at(
    config: ProjectConfig, prefect_server: Server
) -> None:
    from prefect.client.orchestration import get_client  # prefect, on use
    from prefect.settings import PREFECT_API_URL, temporary_settings

    prefect_server.post("work_pools/", {"name": f"here-{MINE}", "type": "process"})
    prefect_server.post("work_pools/", {"name": f"other-{MINE}", "type": "docker"})
    with temporary_settings({PREFECT_API_URL: prefect_server.url}):
        found = looked(config)
        with get_client(sync_client=True) as client:
            client.send_worker_heartbeat(f"here-{MINE}", "one")
        again = looked(config)
    assert found["Prefect API"].health == "ok"
    assert "answers, version 3." in found["Prefect API"].said
    assert found["Prefect schedules"].health == "ok"
    assert found["Prefect telemetry"].said == "off"
    assert MINE not in found["Prefect limits"].said  # other tests of this server may leave some
    no_worker = found[f"work pool here-{MINE}"]
    assert (no_worker.health, no_worker.said) == ("warning", "has no worker that is online")
    assert no_worker.remedy == f"`prefect worker start --pool here-{MINE}`"
    assert "has the type `docker`" in found[f"work pool other-{MINE}"].said
    assert found[f"work pool gone-{MINE}"].said == "is not there"
    assert again[f"work pool here-{MINE}"].said == "of type process, 1 worker is online"
    left = prefect_server.post("flows/filter", {"flows": {"name": {"like_": "flowforge-doctor"}}})
    assert left == []


def test_a_limit_that_lets_nothing_through_is_told(
    config: ProjectConfig, prefect_server: Server
) -> None:
    from prefect.client.orchestration import get_client  # prefect, on use
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with (
        temporary_settings({PREFECT_API_URL: prefect_server.url}),
        get_client(sync_client=True) as client,
    ):
        client.create_concurrency_limit(tag=f"shut-{MINE}", concurrency_limit=0)
        try:
            found = looked(config)["Prefect limits"]
        finally:
            client.delete_concurrency_limit_by_tag(f"shut-{MINE}")
    assert (found.health, f"shut-{MINE}" in found.said) == ("warning", True)


def test_without_a_server_that_answers_only_that_is_told(config: ProjectConfig) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings  # prefect, on use

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        found = looked(config)
    assert list(found) == ["Prefect API"]
    assert "FF-852" in found["Prefect API"].said
