"""The warehouse of Microsoft Fabric: T-SQL as in Synapse, without NVARCHAR.

Text is VARCHAR in UTF-8. Its collation is the warehouse's, which may ignore case, so that texts are
marked and compared by their code points all the same. Read for it: the Transact-SQL reference
pages that apply to Warehouse in Microsoft Fabric, 2026-11. No engine that runs it was at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flowforge_assets.sql.portable.target import Form, Formed, Text, Writing, operands, time_text
from flowforge_assets.sql.portable.targets.synapse import SYNAPSE
from flowforge_assets.sql.portable.types import Kind, SqlType

_COLLATE: Final = " COLLATE Latin1_General_100_BIN2_UTF8"


def _text(text: str) -> str | None:
    written = SYNAPSE.text(text)
    return None if written is None else written.removeprefix("N")


def _type(type_: SqlType) -> str | None:
    return "VARCHAR(8000)" if type_.kind is Kind.TEXT else SYNAPSE.types(type_)


_OPERATIONS: Final[Mapping[str, Form]] = {
    **SYNAPSE.operations,
    "mark": f"({{0}} + CHAR(1)){_COLLATE}",
    "text_length": "CAST(LEN({0} + CHAR(1)) - 1 AS BIGINT)",
    "substring_from": "SUBSTRING({0}, {n0}, 8000)",
    "time_text": time_text(
        "FORMAT({value}, {format}, 'en-US')",
        {
            "YYYY": "yyyy",
            "MM": "MM",
            "DD": "dd",
            "HH24": "HH",
            "MI": "mm",
            "SS": "ss",
            "Mon": "MMM",
            "Month": "MMMM",
            "Dy": "ddd",
            "Day": "dddd",
            "YY": "yy",
        },
    ),
}


def _decimal_text(writing: Writing, call: Formed) -> Text:
    (arg,) = operands(call)
    return Text(f"CAST(CAST({writing.value(arg)} AS {writing.type(arg.type)}) AS VARCHAR(41))")


_CASTS: Final[Mapping[tuple[Kind, Kind], Form]] = {
    **SYNAPSE.casts,
    (Kind.INTEGER, Kind.TEXT): "CAST({0} AS VARCHAR(40))",
    (Kind.DECIMAL, Kind.TEXT): _decimal_text,
    (Kind.DATE, Kind.TEXT): "CONVERT(VARCHAR(10), {0}, 23)",
}


def _join_texts(_: Writing, call: Formed) -> str | None:
    if getattr(call, "distinct", False):
        return None
    return "STRING_AGG(CAST({0} AS VARCHAR(MAX)), {1}) WITHIN GROUP (ORDER BY {order})"


FABRIC: Final = replace(
    SYNAPSE,
    name="fabric",
    types=_type,
    text=_text,
    operations=_OPERATIONS,
    casts=_CASTS,
    aggregates={**SYNAPSE.aggregates, "join_texts": _join_texts},
)
