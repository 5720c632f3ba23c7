from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import (
    UNPARTITIONED,
    Dimension,
    Partitioning,
    PartitionSet,
    StaticExtent,
    TimeExtent,
)
from flowforge_assets.declare.asset import Schedule
from flowforge_assets.plan.due import due, last_tick, next_tick

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT_SIX = "0 6 * * *"
DAYS = Partitioning((Dimension("day", "day"),), (TimeExtent("2026-11-01", "2026-11-30"),))
COUNTRIES = Partitioning((Dimension("country", "static"),), (StaticExtent(("ch", "de")),))


def made(
    at: datetime, partitioning: Partitioning = UNPARTITIONED, which: str = "", source: str = ""
) -> Made:
    partitions = partitioning.parse(which, NOW) if which else partitioning.all(NOW)
    return Made(
        dataset=DatasetKey("bronze.rates"),
        partitions=partitions,
        asset="rates",
        run_id="run",
        step_id="step",
        fingerprint=Fingerprint(1, "", "", "", ""),
        inputs={},
        at=at,
        rows=1,
        table=TableVersion("t", 1),
        source=source,
    )


def found(
    piece: Made,
    *,
    schedule: Schedule | None = None,
    observed: str | None = None,
    now: datetime = NOW,
) -> list[tuple[str, str, PartitionSet]]:
    return list(due([piece], schedule=schedule, fresh=None, observed=observed, now=now))


def test_a_source_is_due_once_its_cron_text_has_named_a_time_since() -> None:
    ((reason, detail, _),) = found(made(NOW - timedelta(days=2)), schedule=AT_SIX)
    assert (reason, detail) == ("late", "due since 2026-11-21 06:00")


def test_a_source_made_after_the_last_tick_is_not_due() -> None:
    assert found(made(datetime(2026, 11, 22, 6, tzinfo=UTC)), schedule=AT_SIX) == []


def test_a_tick_counts_from_its_very_second() -> None:
    six = datetime(2026, 11, 22, 6, tzinfo=UTC)
    piece = made(six - timedelta(hours=1))
    assert found(piece, schedule=AT_SIX, now=six - timedelta(microseconds=1)) == []
    assert len(found(piece, schedule=AT_SIX, now=six)) == 1


def test_a_schedule_by_length_counts_from_the_last_time() -> None:
    piece = made(NOW - timedelta(hours=2))
    assert found(piece, schedule=timedelta(hours=2)) == []
    ((reason, detail, _),) = found(piece, schedule=timedelta(hours=1))
    assert (reason, detail) == ("late", "older than 1:00:00")


def test_a_day_is_due_at_the_first_tick_after_its_end_and_then_done() -> None:
    early = made(datetime(2026, 11, 21, 1, tzinfo=UTC), DAYS, "2026-11-19..2026-11-20")
    ((_, detail, partitions),) = found(early, schedule=AT_SIX)
    assert partitions == DAYS.parse("2026-11-20", NOW)
    assert detail == "due since 2026-11-21 06:00"
    late = made(datetime(2026, 11, 21, 7, tzinfo=UTC), DAYS, "2026-11-19..2026-11-20")
    assert found(late, schedule=AT_SIX) == []


def test_a_day_with_a_length_for_a_schedule_is_due_that_long_after_its_end() -> None:
    piece = made(datetime(2026, 11, 21, 1, tzinfo=UTC), DAYS, "2026-11-19..2026-11-20")
    ((_, _, partitions),) = found(piece, schedule=timedelta(hours=6))
    assert partitions == DAYS.parse("2026-11-20", NOW)


def test_names_are_due_at_each_tick() -> None:
    piece = made(NOW - timedelta(days=1), COUNTRIES)
    ((_, _, partitions),) = found(piece, schedule=AT_SIX)
    assert partitions == COUNTRIES.all(NOW)


def test_a_source_of_another_version_is_due() -> None:
    ((reason, detail, _),) = found(made(NOW, source="1"), observed="2")
    assert (reason, detail) == ("input newer", "the source is at version `2`")


def test_a_source_of_the_same_version_is_not_due() -> None:
    assert found(made(NOW, source="2"), observed="2") == []


def test_a_source_whose_version_is_not_known_today_is_not_due() -> None:
    assert found(made(NOW, source="2")) == []


@pytest.mark.parametrize("second", [0, 1, 59])
def test_the_last_tick_and_the_next_lie_around_a_time(second: int) -> None:
    at = datetime(2026, 11, 22, 5, 59, second, 7, tzinfo=UTC)
    assert last_tick(AT_SIX, at) == datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert next_tick(AT_SIX, at) == datetime(2026, 11, 22, 6, tzinfo=UTC)
