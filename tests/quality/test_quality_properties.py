"""What examine and split say of small frames, beside the same rules in plain Python."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Literal, TypeAlias, cast

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import (
    Bound,
    Holds,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Rule,
    Unique,
)
from flowforge_assets.quality.examine import examine
from flowforge_assets.quality.quarantine import BROKEN_RULES, split

Row: TypeAlias = tuple[int | None, float | None, str | None, str]
Op: TypeAlias = Literal[">=", ">", "<=", "<"]

SCHEMA = {"number": pl.Int64, "share": pl.Float64, "word": pl.String, "day": pl.String}
PLACE = {name: place for place, name in enumerate(SCHEMA)}
KEPT_WHEN = {">=": ge, ">": gt, "<=": le, "<": lt}
TARGET = DatasetKey("silver.words")
EVEN = Holds("even", "number % 2 = 0")

OPS: st.SearchStrategy[Op] = st.sampled_from([">=", ">", "<=", "<"])
NUMBERS = st.integers(-3, 3)
SHARES = st.sampled_from([0.0, -0.0, 0.5, 1.0, math.inf, -math.inf, math.nan])
WORDS = st.text("ab\nü", max_size=3)
ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(
        st.none() | NUMBERS, st.none() | SHARES, st.none() | WORDS, st.sampled_from(["mo", "tu"])
    ),
    max_size=8,
)
KEYS = st.lists(
    st.sampled_from(["number", "share", "word", "day"]), min_size=1, max_size=3, unique=True
)
RULES: st.SearchStrategy[Rule] = st.one_of(
    st.builds(NotNull, st.sampled_from(list(SCHEMA))),
    st.builds(Bound, st.just("number"), OPS, NUMBERS),
    st.builds(Bound, st.just("share"), OPS, st.sampled_from([0.0, 0.5, math.inf])),
    st.builds(OneOf, st.just("number"), st.lists(NUMBERS).map(tuple)),
    st.builds(OneOf, st.just("word"), st.lists(WORDS).map(tuple)),
    st.builds(Matches, st.just("word"), st.sampled_from(["a", "a|ba", "[ab]*", "a.", ""])),
    st.builds(Length, st.just("word"), st.integers(0, 2), st.none() | st.integers(0, 3)),
    st.builds(Unique, KEYS.map(tuple), st.sampled_from(["partition", "table"])),
    st.just(References("word", TARGET, "word")),
    st.just(EVEN),
)


@dataclass(frozen=True, slots=True)
class Write:
    """Rows, and all that they are judged beside; `by_day` when they are of many partitions."""

    rows: list[Row]
    others: list[Row] | None
    known: list[str | None]
    by_day: bool

    @property
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(self.rows, schema=SCHEMA, orient="row")

    @property
    def targets(self) -> Mapping[DatasetKey, pl.LazyFrame]:
        return {TARGET: pl.LazyFrame({"word": self.known}, schema={"word": pl.String})}

    @property
    def rows_beside(self) -> pl.LazyFrame | None:
        if self.others is None:
            return None
        return pl.LazyFrame(self.others, schema=SCHEMA, orient="row")

    @property
    def partition_by(self) -> list[pl.Expr]:
        return [pl.col("day")] if self.by_day else []


WRITES = st.builds(
    Write, ROWS, st.none() | ROWS, st.lists(st.none() | WORDS, max_size=4), st.booleans()
)


def bad_rows(rule: Rule, write: Write) -> list[bool]:
    """Which rows break `rule`, row by row in plain Python."""
    if isinstance(rule, Unique):
        return surplus_rows(rule, write)
    return [breaks(rule, row, write.known) for row in write.rows]


def surplus_rows(rule: Unique, write: Write) -> list[bool]:
    is_table = rule.scope == "table"
    columns = rule.columns if is_table or not write.by_day else (*rule.columns, "day")
    beside = (write.others or []) if is_table else []
    seen = {key_of(row, columns) for row in beside}
    result: list[bool] = []
    for row in write.rows:
        has_null = any(row[PLACE[name]] is None for name in rule.columns)
        result.append(not has_null and key_of(row, columns) in seen)
        seen.add(key_of(row, columns))
    return result


def key_of(row: Row, columns: Sequence[str]) -> tuple[object, ...]:
    values = (row[PLACE[name]] for name in columns)
    return tuple("NaN" if isinstance(v, float) and math.isnan(v) else v for v in values)


def breaks(rule: Rule, row: Row, known: Sequence[str | None]) -> bool:
    assert not isinstance(rule, Unique)
    value = row[PLACE["number" if isinstance(rule, Holds) else rule.column]]
    if value is None:
        return isinstance(rule, NotNull)
    match rule:
        case NotNull():
            return False
        case Bound(_, op, limit):
            is_nan = isinstance(value, float) and math.isnan(value)
            return is_nan or not KEPT_WHEN[op](value, limit)
        case OneOf(_, values):
            return value not in values
        case Matches(_, pattern):
            return re.fullmatch(pattern, str(value)) is None
        case Length(_, least, most):
            return not least <= len(str(value)) <= (math.inf if most is None else most)
        case References():
            return value not in known
        case Holds():
            return cast("int", value) % 2 != 0


@settings(deadline=None)
@given(WRITES, st.lists(RULES, max_size=4))
def test_counts_are_those_of_plain_python(write: Write, rules: list[Rule]) -> None:
    expected = [(str(rule), sum(bad_rows(rule, write))) for rule in rules]

    for rows in (write.frame, write.frame.lazy()):
        examination = examine(
            rows,
            rules,
            targets=write.targets,
            others=write.rows_beside,
            partition_by=write.partition_by,
        )

        assert examination.rows == len(write.rows)
        found = [(finding.rule, finding.bad_rows) for finding in examination.findings]
        assert found == [(rule, count) for rule, count in expected if count]


@settings(deadline=None)
@given(WRITES, st.lists(RULES, max_size=4, unique_by=str), st.booleans())
def test_a_split_keeps_every_row_once_with_what_it_breaks(
    write: Write,
    rules: list[Rule],
    is_examined: bool,  # noqa: FBT001 - drawn
) -> None:
    frame = write.frame.with_row_index("row")
    beside = {
        "targets": write.targets,
        "others": write.rows_beside,
        "partition_by": write.partition_by,
    }
    judged = {str(rule): bad_rows(rule, write) for rule in rules}
    expected = [[name for name, bad in judged.items() if bad[row]] for row in range(len(frame))]
    found = examine(frame, rules, **beside) if is_examined else None  # type: ignore[arg-type]  # a bag of keywords

    apart = split(frame, rules, found=found, **beside)  # type: ignore[arg-type]  # a bag of keywords
    good, bad = pl.collect_all([apart.good, apart.bad])

    assert good["row"].to_list() == [row for row, broken in enumerate(expected) if not broken]
    assert bad["row"].to_list() == [row for row, broken in enumerate(expected) if broken]
    assert bad[BROKEN_RULES].to_list() == [broken for broken in expected if broken]
    assert good.schema == frame.schema
    assert bad.schema == {**frame.schema, BROKEN_RULES: pl.List(pl.String)}
