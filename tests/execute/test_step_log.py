from __future__ import annotations

import logging
from collections.abc import Generator
from datetime import UTC, datetime

import pytest

from flowforge_assets.core.partition import Dimension, Partitioning, PartitionSet, TimeExtent
from flowforge_assets.execute.step_log import correlation, logged_as

NOW = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _records_as_before() -> Generator[None]:
    make = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(make)


def day(text: str) -> PartitionSet:
    days = Partitioning((Dimension("day", "day"),), (TimeExtent("2026-01-01"),))
    return days.parse(text, NOW)


def test_every_line_of_a_step_says_run_step_partition_and_what_it_belongs_to(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO), logged_as("r1", "silver.a", day("2026-01-02")):
        logging.getLogger("shop.orders").info("read %s files", 3)
    (record,) = caplog.records
    fields = {"run_id", "step_id", "partition", "correlation_id"}
    assert {name: record.__dict__[name] for name in fields} == {
        "run_id": "r1", "step_id": "silver.a", "partition": "2026-01-02", "correlation_id": "r1",
    }  # fmt: skip
    assert record.getMessage() == "read 3 files"


@pytest.mark.parametrize("logger", ["prefect.flow_runs", "flowforge.orders"])
def test_what_prefect_keeps_has_them_in_its_text(
    logger: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = correlation.set("f1")
    try:
        with caplog.at_level(logging.INFO), logged_as("r1", "gold.b", PartitionSet.none(())):
            logging.getLogger(logger).info("50 %% of %s", "it")
    finally:
        correlation.reset(token)
    said = caplog.records[0].getMessage()
    assert said == "50 % of it [run_id=r1 step_id=gold.b correlation_id=f1]"


def test_other_lines_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    with logged_as("r1", "silver.a", PartitionSet.none(())):
        pass
    with caplog.at_level(logging.INFO):
        logging.getLogger("prefect.flow_runs").info("done")
    assert caplog.records[0].getMessage() == "done"
    assert not hasattr(caplog.records[0], "run_id")
