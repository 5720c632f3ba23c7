from __future__ import annotations

from datetime import UTC, datetime

from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.core.schema_change import SchemaChange, columns_of, real_changes

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def entry(**columns: str) -> SchemaChange:
    return SchemaChange(0, NOON, tuple(columns.items()))


def test_what_is_new_gone_or_of_another_type_is_told() -> None:
    before, after = entry(a="int64", b="date", c="string"), entry(a="int64", c="string?", d="bool")
    assert after.since(before) == ["- b: date", "- c: string", "+ c: string?", "+ d: bool"]


def test_all_columns_of_the_first_entry_are_new() -> None:
    assert entry(a="int64").since(None) == ["+ a: int64"]


def test_another_order_is_no_change() -> None:
    entries = [entry(a="int64", b="date"), entry(b="date", a="int64"), entry(a="int64")]
    assert real_changes(entries) == [entries[0], entries[2]]


def test_a_column_that_may_be_absent_may_be_null_in_the_table() -> None:
    fields = (Field("a", Plain("int64")), Field("b", Plain("date"), optional=True))
    assert columns_of(Schema(fields)) == (("a", "int64"), ("b", "date?"))
