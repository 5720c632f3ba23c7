"""All rules and checks of one write, counted in one pass over its rows.

Rows in memory are counted where they lie. Rows in files are scanned once by polars' streaming
engine: the counts, the key tokens and the checks are plans over the same scan, which polars
shares. Only where a key seems to be repeated are the key columns read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.result import Examination, Finding
from flowforge_assets.core.rule import NotNull, References, Rule, Unique
from flowforge_assets.errors.run import CheckBrokeDownError
from flowforge_assets.quality.lookup import known_values, lookup_violation
from flowforge_assets.quality.rules import RowRule, columns_of, dtype_of, violation
from flowforge_assets.quality.unique import Keys, repetitions

Engine: TypeAlias = Literal["in-memory", "streaming"]

NO_TARGETS: Final[Mapping[DatasetKey, pl.LazyFrame]] = MappingProxyType({})
_ROWS: Final = "rows"
_FEW_ROWS: Final = 20_000  # below, giving expressions to other threads costs more than it saves


@dataclass(frozen=True, slots=True)
class BoundCheck:
    """A check that was given its frames: `bad` are the rows that it finds fault with."""

    name: str
    bad: pl.LazyFrame
    blocking: bool = True


def examine(
    rows: pl.DataFrame | pl.LazyFrame,
    rules: Sequence[Rule],
    *,
    checks: Sequence[BoundCheck] = (),
    targets: Mapping[DatasetKey, pl.LazyFrame] = NO_TARGETS,
    others: pl.LazyFrame | None = None,
    partition_by: Sequence[pl.Expr] = (),
) -> Examination:
    """How many rows there are, and how many of them break which rules and checks.

    `rules` are ones that `refuse_unusable` lets pass. `checks` should be made from `rows` itself
    (from `rows.lazy()`): then they share its scan. `targets` holds the rows of each dataset that
    a rule refers to. `others` are the rows of the table that this write leaves in place: they
    matter to keys with `scope="table"`. `partition_by` gives the values that tell apart the
    partitions in `rows`; a write of one partition needs none.

    Memory, besides what the checks need: the columns referred to, and at most 8 bytes a row for
    each unique key (of the whole table, where it is unique there).

    Raises:
        CheckBrokeDownError: a check cannot be evaluated (FF-713).
        LookupMissingError: `targets` lacks a dataset (FF-715).
    """
    rules = tuple(rules)
    keys = {
        place: Keys.of(rule, partition_by=partition_by, others=others)
        for place, rule in enumerate(rules)
        if isinstance(rule, Unique)
    }
    if isinstance(rows, pl.DataFrame):
        counted = _count_in_memory(rows, rules, keys, checks=checks, targets=targets)
    else:
        counted = _count_scan(rows, rules, keys, checks=checks, targets=targets)
    found = [
        Finding(str(rule), "rule", columns_of(rule), counted.broken[place])
        for place, rule in enumerate(rules)
        if counted.broken.get(place)
    ]
    found += [
        Finding(check.name, "check", (), bad_rows, check.blocking)
        for check, bad_rows in zip(checks, counted.faulted, strict=True)
        if bad_rows
    ]
    return Examination(counted.rows, tuple(found))


@dataclass(frozen=True, slots=True)
class _Counts:
    """Rows in all, those that break each rule (by its place), those that each check returns."""

    rows: int
    broken: Mapping[int, int]
    faulted: Sequence[int]


def _count_in_memory(
    rows: pl.DataFrame,
    rules: Sequence[Rule],
    keys: Mapping[int, Keys],
    *,
    checks: Sequence[BoundCheck],
    targets: Mapping[DatasetKey, pl.LazyFrame],
) -> _Counts:
    # a frame in memory has counted its nulls already
    broken = {
        place: rows.get_column(rule.column).null_count()
        for place, rule in enumerate(rules)
        if isinstance(rule, NotNull)
    }
    rest = {place: rule for place, rule in enumerate(rules) if place not in broken}
    if rest:
        broken |= _count_rest(rows, rest, keys, targets)
    frames = _collect((), checks, engine="in-memory")
    return _Counts(rows.height, broken, [frame.item() for frame in frames])


def _count_rest(
    rows: pl.DataFrame,
    rules: Mapping[int, Rule],
    keys: Mapping[int, Keys],
    targets: Mapping[DatasetKey, pl.LazyFrame],
) -> dict[int, int]:
    """The rows in memory that break each of `rules`."""
    broken: dict[int, int] = {}
    asked = _aggregates(rules, rows.schema, targets)
    is_small = rows.height < _FEW_ROWS
    for place, key in keys.items():
        if key.others is not None:
            # the table may be far larger than the rows
            tokens = key.tokens(rows.lazy()).collect(engine="streaming")
            broken[place] = repetitions(tokens.to_series())
        elif is_small and key.single is not None:
            broken[place] = repetitions(rows.get_column(key.single))
        else:
            asked.append(key.suspects(rows).alias(str(place)))
    if asked:
        broken |= _by_place(rows.select_seq(asked) if is_small else rows.select(asked))
    for place, key in keys.items():
        if broken[place]:
            engine: Engine = "in-memory" if key.others is None else "streaming"
            broken[place] = key.surplus_rows(rows.lazy()).collect(engine=engine).item()
    return broken


def _count_scan(
    rows: pl.LazyFrame,
    rules: Sequence[Rule],
    keys: Mapping[int, Keys],
    *,
    checks: Sequence[BoundCheck],
    targets: Mapping[DatasetKey, pl.LazyFrame],
) -> _Counts:
    counts = _aggregates(dict(enumerate(rules)), rows.collect_schema(), targets)
    plans = [rows.select(pl.len().alias(_ROWS), *counts)]
    plans += [key.tokens(rows) for key in keys.values()]
    first, *frames = _collect(plans, checks, engine="streaming")
    broken = _by_place(first.drop(_ROWS))
    for (place, key), tokens in zip(keys.items(), frames, strict=False):
        broken[place] = repetitions(tokens.to_series())
        if broken[place]:
            broken[place] = key.surplus_rows(rows).collect(engine="streaming").item()
    faulted = [frame.item() for frame in frames[len(keys) :]]
    return _Counts(first.get_column(_ROWS).item(), broken, faulted)


def _aggregates(
    rules: Mapping[int, Rule], schema: pl.Schema, targets: Mapping[DatasetKey, pl.LazyFrame]
) -> list[pl.Expr]:
    """The counts of broken rows, named by the rules' places; those of keys are made elsewhere."""
    known = known_values(rules.values(), targets, schema)
    counts: list[pl.Expr] = []
    for place, rule in rules.items():
        if isinstance(rule, References):
            counts.append(lookup_violation(rule, known[rule]).sum().alias(str(place)))
        elif not isinstance(rule, Unique):
            counts.append(_row_count(place, rule, dtype_of(rule, schema)))
    return counts


@lru_cache(maxsize=16_384)
def _row_count(place: int, rule: RowRule, dtype: pl.DataType | None) -> pl.Expr:
    """One of `_aggregates`; kept, as making it costs as much as counting a small frame."""
    return violation(rule, dtype).sum().alias(str(place))


def _by_place(counted: pl.DataFrame) -> dict[int, int]:
    return {int(place): count for place, count in counted.row(0, named=True).items()}


def _collect(
    plans: Sequence[pl.LazyFrame], checks: Sequence[BoundCheck], *, engine: Engine
) -> list[pl.DataFrame]:
    """The results of `plans`, then the number of each check's bad rows."""
    counts = [check.bad.select(pl.len()) for check in checks]
    everything = [*plans, *counts]
    if not everything:
        return []
    try:
        return pl.collect_all(everything, engine=engine)
    except Exception:
        for check, count in zip(checks, counts, strict=True):
            _try_alone(check, count, engine=engine)
        raise


def _try_alone(check: BoundCheck, count: pl.LazyFrame, *, engine: Engine) -> None:
    """Counts once more, to learn whether it is this check that cannot be evaluated."""
    try:
        count.collect(engine=engine)
    except Exception as error:
        message = f"check `{check.name}` cannot be evaluated: {type(error).__name__}"
        hint = "its frame fails when it is collected; the cause is above"
        raise CheckBrokeDownError(message, hint=hint) from error
