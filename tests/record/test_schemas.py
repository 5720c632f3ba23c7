from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.core.schema_change import SchemaChange, columns_of
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import StepRecord

A = Schema((Field("a", Plain("int64")),))
B = Schema((Field("b", Plain("date")),))
BOTH = Schema((Field("b", Plain("date"), nullable=True), *A))
FLIGHTS = DatasetKey("silver.flights")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_columns_are_entered_when_they_are_others_than_before(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    for version, schema in enumerate([A, A, BOTH]):
        made = commit(version, at=NOON + timedelta(hours=version))
        ledger.record_made(step(), [made], schemas={FLIGHTS: schema})
    run_id = commit().run_id
    both = SchemaChange(2, NOON + timedelta(hours=2), (("b", "date?"), ("a", "int64")), run_id)
    assert ledger.schemas(FLIGHTS) == [SchemaChange(0, NOON, (("a", "int64"),), run_id), both]
    assert ledger.newest_schemas() == {FLIGHTS: both}


def test_other_descriptions_are_entered(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    for version, said in enumerate(["", "how many", "how many"]):
        made = commit(version, at=NOON + timedelta(hours=version))
        comments = {FLIGHTS: (("a", said),) if said else ()}
        ledger.record_made(step(), [made], schemas={FLIGHTS: A}, comments=comments)
    first, second = ledger.schemas(FLIGHTS)
    assert (second.version, second.comments) == (1, (("a", "how many"),))
    assert second.since(first) == ["~ a: description"]


def test_columns_that_come_back_are_entered_again(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    for version, schema in enumerate([A, B, A]):
        made = commit(version, at=NOON + timedelta(hours=version))
        ledger.record_made(step(), [made], schemas={FLIGHTS: schema})
    assert [dict(each.columns) for each in ledger.schemas(FLIGHTS)] == [
        {"a": "int64"},
        {"b": "date"},
        {"a": "int64"},
    ]


def test_nothing_is_entered_of_datasets_that_nobody_tells_of(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.record_made(step(), [commit()], schemas={DatasetKey("gold.delays"): A})
    assert ledger.schemas(FLIGHTS) == ledger.schemas(DatasetKey("gold.delays")) == []


def test_what_tables_say_replaces_the_history_of_columns(
    ledger: Ledger, commit: Callable[..., Made], step: Callable[..., StepRecord]
) -> None:
    ledger.record_made(step(), [commit()], schemas={FLIGHTS: A})
    told = [SchemaChange(3, NOON, columns_of(B)), SchemaChange(7, NOON, columns_of(BOTH))]
    ledger.replace_all(FLIGHTS, [commit()], schemas=told)
    assert ledger.schemas(FLIGHTS) == told
    ledger.replace_all(FLIGHTS, [commit()])
    assert ledger.schemas(FLIGHTS) == told
    ledger.forget(FLIGHTS)
    assert ledger.schemas(FLIGHTS) == []
