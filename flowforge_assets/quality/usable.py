"""Which rules cannot be evaluated, whatever the rows: known before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.rule import Holds, References, Rule, Unique
from flowforge_assets.errors.run import UnusableRuleError
from flowforge_assets.quality.rules import columns_of, dtype_of, violation

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.core.schema import Schema
    from flowforge_assets.errors.base import FlowForgeError, Place


def refuse_unusable(
    rules: Sequence[Rule],
    schema: Schema,
    *,
    dataset: DatasetKey | None = None,
    place: Place | None = None,
) -> list[FlowForgeError]:
    """An `UnusableRuleError` (FF-714) for each rule that cannot be evaluated on `schema`.

    Needs no rows: each rule is tried on an empty frame. The other functions of this package
    trust the rules that this one lets pass.
    """
    empty = pl.DataFrame(schema=polars_schema(schema))
    whose = f" of `{dataset}`" if dataset else ""
    return [
        UnusableRuleError(f"rule `{rule}`{whose} cannot be used: {why}", place=place, hint=hint)
        for rule in rules
        for why, hint in _faults(rule, empty)
    ]


def _faults(rule: Rule, empty: pl.DataFrame) -> list[tuple[str, str | None]]:
    """Why `rule` cannot be used and what to do: one pair, or none."""
    try:
        absent = [name for name in columns_of(rule) if name not in empty.columns]
        if absent:
            columns = ", ".join(f"`{name}`" for name in empty.columns)
            return [(f"there is no column `{absent[0]}`", f"the columns are {columns}")]
        if isinstance(rule, (Unique, References)):
            return []
        tried = empty.select(violation(rule, dtype_of(rule, empty.schema)))
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        return [(_first_line(error), None)]
    if not isinstance(rule, Holds):
        return []
    if tried.dtypes != [pl.Boolean()]:
        return [("it is no condition", "write one that is true or false, such as `a <= b`")]
    if tried.height:
        hint = "what looks at many rows at once is a `@check`"
        return [("it looks at no row by itself", hint)]
    return []


def _first_line(error: Exception) -> str:
    """The gist of a message of polars, without the expression that it repeats."""
    paragraphs = str(error).strip().split("\n\n", maxsplit=1)
    lines = [line.strip() for line in paragraphs[0].splitlines()]
    told = [line for line in lines if line.startswith("error: ")]
    return told[0].removeprefix("error: ") if told else lines[0]
