"""Values that must be in another dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import References, Rule
from flowforge_assets.errors.run import LookupMissingError


def known_values(
    rules: Iterable[Rule], targets: Mapping[DatasetKey, pl.LazyFrame], schema: pl.Schema
) -> dict[References, pl.Series]:
    """What each `References` among `rules` is looked up in, in the type of its own column.

    Reads one column of each target. `schema` is that of the referring rows.

    Raises:
        LookupMissingError: `targets` lacks a dataset (FF-715).
    """
    references = [rule for rule in rules if isinstance(rule, References)]
    if not references:
        return {}
    for rule in references:
        if rule.target not in targets:
            message = f"`{rule.column}` refers to `{rule.target}`, which is not there"
            raise LookupMissingError(message, hint=f"make `{rule.target}` first")
    columns = pl.collect_all(
        [
            # a value that the referring type cannot hold is one that nothing refers to
            targets[rule.target].select(
                pl.col(rule.target_column).cast(schema[rule.column], strict=False)
            )
            for rule in references
        ]
    )
    return dict(zip(references, (frame.to_series() for frame in columns), strict=True))


def lookup_violation(rule: References, known: pl.Series) -> pl.Expr:
    """True where the column's value is not among `known`, null where it is null."""
    return ~pl.col(rule.column).is_in(pl.lit(known.implode()))
