from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from flowforge_assets import (
    Bronze,
    Col,
    Daily,
    Frame,
    Gold,
    Retries,
    Silver,
    Table,
    asset,
    col,
    key,
)
from flowforge_assets.compile.prefect_flow import (
    asset_key,
    describe_task,
    make_task,
    metadata,
)
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.step import Step
from pipelines import graph_of

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.tasks import MaterializingTask

DAY = Daily(start="2026-01-01", end="2026-01-05")
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


class Visits(Bronze, partition=DAY.on("day"), owners=["ann"], tags=["web"]):
    """Visits as they came."""

    day: Col[date] = key()
    n: Col[int] = col()


class Places(Silver, name="crm.places"):
    n: Col[int] = col()


class Counts(Gold):
    n: Col[int] = col()


@asset(retries=Retries(times=3, delay_seconds=2, backoff=3, max_delay_seconds=10), tags=["daily"])
def visits(day: date) -> Table[Visits]:
    return pl.DataFrame({"day": [day], "n": [1]})


@asset(timeout=timedelta(seconds=5))
def places() -> Table[Places]:
    """Where people go."""
    return pl.DataFrame({"n": [1]})


@asset
def counts(visits: Frame[Visits], places: Frame[Places]) -> Frame[Counts]:
    return visits.select("n")


@pytest.fixture
def graph() -> Graph:
    return graph_of(visits, places, counts)


def step_of(graph: Graph, id_: str, *, partitions: str | None = None, number: int = 1) -> Step:
    asset = graph.assets[DatasetKey(id_)]
    partitioning = graph.datasets[asset.id].partitioning
    return Step(
        id=id_ if number == 1 else f"{id_}#{number}",
        asset_id=asset.id,
        asset=asset.name,
        makes=tuple(output.dataset for output in asset.makes),
        partitions=partitioning.parse(partitions, NOON) if partitions else partitioning.all(NOON),
        reason="never made",
        detail="",
    )


def test_a_task_has_the_assets_name_and_a_run_the_steps_id(graph: Graph) -> None:
    told = describe_task(graph, step_of(graph, "silver.crm.places"), env="dev")
    assert (told.name, told.run_name) == ("places", "silver.crm.places")


def test_the_run_of_a_partitioned_step_says_which_partitions(graph: Graph) -> None:
    step = step_of(graph, "bronze.visits", partitions="2026-01-02..2026-01-04", number=2)
    told = describe_task(graph, step, env="dev")
    assert told.run_name == "bronze.visits#2 2026-01-02..2026-01-04"


def test_the_description_is_the_functions_or_says_what_is_made(graph: Graph) -> None:
    documented = describe_task(graph, step_of(graph, "silver.crm.places"), env="dev")
    bare = describe_task(graph, step_of(graph, "gold.counts"), env="dev")
    assert documented.description == "Where people go."
    assert bare.description == "Makes gold.counts."


def test_the_waits_grow_as_the_asset_says_and_leave_the_jitter_to_prefect(graph: Graph) -> None:
    step = step_of(graph, "bronze.visits", partitions="2026-01-02")
    told = describe_task(graph, step, env="dev")
    assert told.retries == 3
    assert told.waits_seconds == (2.0, 6.0, 10.0)
    assert told.jitter == 0.2


def test_the_tags_are_those_of_the_asset_and_of_its_datasets(graph: Graph) -> None:
    step = step_of(graph, "bronze.visits", partitions="2026-01-02")
    assert describe_task(graph, step, env="dev").tags == ("daily", "web")


def test_what_is_made_and_read_is_known_by_environment_layer_and_name(graph: Graph) -> None:
    told = describe_task(graph, step_of(graph, "gold.counts"), env="prod")
    assert [made.key for made in told.makes] == ["flowforge://prod/gold/counts"]
    assert [read.key for read in told.reads] == [
        "flowforge://prod/bronze/visits",
        "flowforge://prod/silver/crm.places",
    ]
    assert told.reads[0].owners == ("ann",)
    assert told.reads[0].description == "Visits as they came."


def test_an_environment_with_characters_that_prefect_forbids_still_gives_a_key() -> None:
    key = asset_key("my env #1", DatasetKey("gold.counts"))
    assert key == "flowforge://my-env-1/gold/counts"


def test_metadata_sums_the_commits_and_tells_the_last_version(graph: Graph) -> None:
    partitioning = graph.datasets[DatasetKey("bronze.visits")].partitioning

    def made(partitions: str, *, rows: int, version: int) -> Made:
        return Made(
            dataset=DatasetKey("bronze.visits"),
            partitions=partitioning.parse(partitions, NOON),
            asset="visits",
            run_id="r1",
            step_id="s1",
            fingerprint=Fingerprint(1, "a", "b", "c", "d"),
            inputs={},
            at=NOON,
            rows=rows,
            table=TableVersion("t", version),
        )

    commits = [
        made("2026-01-01..2026-01-02", rows=3, version=4),
        made("2026-01-03", rows=2, version=5),
    ]
    assert metadata(commits)["bytes"] is None
    commits = [commits[0], replace(commits[1], bytes_written=700)]
    assert metadata(commits) == {
        "rows": 5,
        "bytes": 700,
        "version": 5,
        "fingerprint": "1:a:b:c:d",
        "partitions": "2026-01-01..2026-01-03",
        "run_id": "r1",
    }


@pytest.mark.slow
def test_the_task_carries_all_that_was_told(graph: Graph) -> None:
    from prefect.cache_policies import NO_CACHE
    from prefect.states import Completed

    told = describe_task(graph, step_of(graph, "gold.counts"), env="dev")

    def function() -> State[None]:
        return Completed(message="made")

    task = make_task(told, function, try_again=lambda: False)
    assert (task.name, task.description) == ("counts", "Makes gold.counts.")
    assert (task.retries, task.persist_result, task.cache_policy) == (0, False, NO_CACHE)
    assert task.timeout_seconds is None
    assert [each.key for each in task.assets] == ["flowforge://dev/gold/counts"]
    assert [each.key for each in task.asset_deps] == [read.key for read in told.reads]
    assert task.materialized_by == "flowforge"
    assert task.fn().message == "made"


@pytest.mark.slow
def test_prefect_retries_as_often_as_the_asset_says(graph: Graph) -> None:
    from prefect.states import Completed

    step = step_of(graph, "bronze.visits", partitions="2026-01-02")
    told = describe_task(graph, step, env="dev")
    task: MaterializingTask[[], State[None]] = make_task(told, Completed, try_again=lambda: True)
    assert task.retries == 3
    assert task.retry_delay_seconds == [2.0, 6.0, 10.0]
    assert task.retry_jitter_factor == 0.2
    assert task.tags == {"daily", "web"}
