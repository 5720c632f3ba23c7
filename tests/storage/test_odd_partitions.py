"""Rows that are added and merged by partitions with odd names, in every store."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import TYPE_CHECKING, Final

import polars as pl

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.storage.store import Matching
from storage_values import COUNTRY, INT, countries, record, spec, values

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.storage.store import Replace, Store, Table

NAMES: Final = (
    "a/b",
    "..",
    "100%",
    "it's",
    'say "x"',
    " ",
    " x ",
    "a=b",
    "ü",
    "null",
    "\\",
    "n\tn",
)
NOTHING: Final = PartitionSet.none((COUNTRY,))
BY_COUNTRY: Final = replaced(
    spec(INT, Field("country", Plain("string"), nullable=True), by=(COUNTRY,)), step_dimensions=()
)
BY_NUMBER: Final = Matching(("n",))


def rows(*pairs: tuple[int, str | None]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"n": pl.Int64, "country": pl.String}, orient="row")


def write(table: Table, frame: pl.DataFrame, what: Replace) -> Made:
    return table.commit(table.stage(frame), replace=what, made=record())


def held(table: Table) -> list[tuple[object, ...]]:
    return sorted(table.scan().collect().rows())


def test_rows_are_added_to_partitions_of_any_name(store: Store) -> None:
    table = store.table(BY_COUNTRY)
    for start in (0, 100):
        made = write(table, rows(*((start + n, name) for n, name in enumerate(NAMES))), NOTHING)
        assert made.changed == countries(*NAMES)
    for n, name in enumerate(NAMES):
        assert values(table.scan(countries(name))) == [n, n + 100]


def test_rows_are_merged_from_one_odd_partition_to_the_next(store: Store) -> None:
    table = store.table(BY_COUNTRY)
    write(table, rows(*enumerate(NAMES)), BY_NUMBER)
    moved = [(n, NAMES[n - 1]) for n in range(1, len(NAMES), 2)]
    made = write(table, rows(*moved), BY_NUMBER)
    assert made.changed == countries(*NAMES)
    assert held(table) == sorted(dict([*enumerate(NAMES), *moved]).items())
    gone = replaced(BY_NUMBER, removing=rows((0, None), (1, None)).select("n"))
    assert write(table, rows(), gone).changed == countries(NAMES[0])
    assert values(table.scan(countries(NAMES[0]))) == []


def test_rows_without_a_name_are_not_lost(store: Store) -> None:
    table = store.table(BY_COUNTRY)
    write(table, rows((1, "de"), (2, None), (3, "de")), NOTHING)
    made = write(table, rows((1, None), (2, "ch"), (4, "de")), BY_NUMBER)
    assert made.changed == countries("ch", "de")
    assert dict(table.scan().collect().rows()) == {1: None, 2: "ch", 3: "de", 4: "de"}
    assert values(table.scan(countries("de"))) == [3, 4]
