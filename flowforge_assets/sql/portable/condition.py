"""Conditions of statements that write, emitted as those of queries are."""

from __future__ import annotations

from collections.abc import Mapping

from flowforge_assets.sql.portable import bind_aggregate, bind_cast, bind_text
from flowforge_assets.sql.portable.bind_query import bind_query
from flowforge_assets.sql.portable.expand import Expansion
from flowforge_assets.sql.portable.marks import Marks
from flowforge_assets.sql.portable.placed import Placed, Placing, bound_condition
from flowforge_assets.sql.portable.refusal import Refused
from flowforge_assets.sql.portable.scope import Columns, Names, Tables
from flowforge_assets.sql.portable.target import Target
from flowforge_assets.sql.portable.tree import At, Item, Literal, Select
from flowforge_assets.sql.portable.types import INTEGER
from flowforge_assets.sql.portable.write_query import QueryWriter

READERS = (bind_aggregate, bind_cast, bind_text)  # importing them enters what they read


def written_condition(
    condition: str,
    target: Target,
    *,
    sources: Mapping[str, Columns],
    tables: Mapping[str, Placed],
) -> str:
    """A condition in DuckDB's SQL as text of `target`.

    It is on the columns of `sources`, each behind its alias, and its subqueries read `tables`.

    Raises:
        Refused: it has no exact form there.
    """
    names = Names({*sources, *tables})
    looked_up = {name.lower(): (name, placed.columns) for name, placed in tables.items()}
    bound = bound_condition(condition, sources, names, Tables(looked_up, names, bind_query))
    at = At(1, 1)
    found = Placing(tables, names).query(
        Select((Item(Literal(1, INTEGER, at), "one"),), at, where=bound)
    )
    found = Expansion(target, names).query(found)
    if target.marks:
        found = Marks(names, target.marks).query(found)
    assert isinstance(found, Select)  # noqa: S101 - no part of it has a reason to change that
    assert found.where is not None  # noqa: S101 - as above
    writer = QueryWriter(target)
    text = writer.exprs.condition(found.where).sql
    if writer.refusals:
        first = writer.refusals[0]
        raise Refused(first.code, first.message, at, first.hint)
    return text
