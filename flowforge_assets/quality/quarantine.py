"""Good rows from bad ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.result import Examination
from flowforge_assets.core.rule import References, Rule, Unique
from flowforge_assets.quality.examine import NO_TARGETS, BoundCheck
from flowforge_assets.quality.lookup import known_values, lookup_violation
from flowforge_assets.quality.rules import dtype_of, violation
from flowforge_assets.quality.unique import Keys

BROKEN_RULES: Final = "_broken_rules"
"""The column of the bad rows that lists what each of them breaks."""


@dataclass(frozen=True, slots=True)
class Split:
    """Rows set apart: every row is in exactly one of the two frames, in its old order.

    `bad` has one column more, `_broken_rules: list[str]`. `unassigned` names the checks whose
    bad rows could not be told, since their frames lack the dataset's key.
    """

    good: pl.LazyFrame
    bad: pl.LazyFrame
    unassigned: tuple[str, ...] = ()


def split(
    rows: pl.DataFrame | pl.LazyFrame,
    rules: Sequence[Rule],
    *,
    checks: Sequence[BoundCheck] = (),
    key_columns: Sequence[str] = (),
    targets: Mapping[DatasetKey, pl.LazyFrame] = NO_TARGETS,
    others: pl.LazyFrame | None = None,
    partition_by: Sequence[pl.Expr] = (),
    found: Examination | None = None,
) -> Split:
    """The rows that keep all rules and blocking checks, and those that do not.

    Of the rows that share a unique key the first is good, whatever else is wrong with it. The
    rows with the key (`key_columns`) of a row that a check returned are bad. `found` is what
    `examine` said of the same rows: only what it names is looked at again, so give it. Both
    frames are lazy; collected together (`pl.collect_all`) they share the work.

    Raises:
        LookupMissingError: `targets` lacks a dataset (FF-715).
    """
    told = None if found is None else {finding.rule for finding in found.findings}
    rules = [rule for rule in rules if told is None or str(rule) in told]
    checks = [check for check in checks if check.blocking and (told is None or check.name in told)]
    marked = rows.lazy()
    schema = marked.collect_schema()
    known = known_values(rules, targets, schema)
    marks: dict[str, str] = {}
    for rule in rules:
        mark = f"_broken_rules {len(marks)}"
        match rule:
            case Unique():
                keys = Keys.of(rule, partition_by=partition_by, others=others)
                marked = keys.with_surplus(marked, mark)
            case References():
                marked = marked.with_columns(lookup_violation(rule, known[rule]).alias(mark))
            case _:
                broken = violation(rule, dtype_of(rule, schema))
                marked = marked.with_columns(broken.alias(mark))
        marks[mark] = str(rule)
    unassigned: list[str] = []
    for check in checks:
        if not key_columns or not set(key_columns) <= set(check.bad.collect_schema()):
            unassigned.append(check.name)
            continue
        mark = f"_broken_rules {len(marks)}"
        marked = _with_found(marked, check, key_columns, mark)
        marks[mark] = check.name
    return _divided(marked, marks, tuple(unassigned))


def _with_found(
    rows: pl.LazyFrame, check: BoundCheck, key_columns: Sequence[str], mark: str
) -> pl.LazyFrame:
    """`rows` in their order, with the column `mark`: true where the check returned the key."""
    bad = check.bad.select(key_columns).unique().with_columns(pl.lit(value=True).alias(mark))
    return rows.join(bad, on=key_columns, how="left", nulls_equal=True, maintain_order="left")


def _divided(marked: pl.LazyFrame, marks: Mapping[str, str], unassigned: tuple[str, ...]) -> Split:
    texts = [pl.when(pl.col(mark)).then(pl.lit(text)) for mark, text in marks.items()]
    if not texts:
        broken_rules = pl.lit([], dtype=pl.List(pl.String)).alias(BROKEN_RULES)
        return Split(marked, marked.clear().with_columns(broken_rules), unassigned)
    # a mark is null where a rule has nothing to say: such a row is good
    is_bad = pl.any_horizontal(pl.col(mark).fill_null(value=False) for mark in marks)
    bad = marked.filter(is_bad).with_columns(
        pl.concat_list(texts).list.drop_nulls().alias(BROKEN_RULES)
    )
    return Split(marked.filter(~is_bad).drop(marks), bad.drop(marks), unassigned)
