"""DuckDB's errors as ours: the place in the file, the names near by, and no row values.

Statements are run from their first word on: DuckDB counts places from there.
Connections that serve queries say `errors_as_json`, so that nothing is read from prose that has a
field of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.errors.base import Place, did_you_mean
from flowforge_assets.errors.sql import (
    SqlBindError,
    SqlColumnError,
    SqlError,
    SqlFunctionError,
    SqlMemoryError,
    SqlRunError,
    SqlSyntaxError,
    SqlValueError,
)
from flowforge_assets.sql.parse import ParsedSql

if TYPE_CHECKING:
    import duckdb

# What conversion errors say beside the value: the types, and the column that was read.
_TARGET_TYPE: Final = re.compile(r"(?:to|type) ([A-Z][A-Z0-9_]+(?:\([0-9, ]+\))?)")
_SOURCE_COLUMN: Final = re.compile(r"source column (\w+)")
_OF_A_READER: Final = "got external error: "
_OVERFLOW: Final = re.compile(r"Overflow in (\w+) of (\w+)")


def bind_error(
    error: duckdb.Error, parsed: ParsedSql, *, prefix: str, names: Iterable[str]
) -> SqlError:
    """The coded form of an error of binding `prefix` + the statement.

    `names` are the columns that the inputs have, for suggestions.
    """
    fields = _fields(error)
    place = _place(fields, parsed, prefix)
    said = fields["exception_message"]
    name = fields.get("name", "")
    candidates = tuple(re.findall(r'"([^"]+)"|([^",]+)', fields.get("candidates", "")))
    near = [quoted or plain for quoted, plain in candidates]
    kind = fields.get("error_subtype", "")
    if kind == "COLUMN_NOT_FOUND":
        return SqlColumnError(
            f"no column `{name}` in what the query reads",
            place=place,
            hint=did_you_mean(name, names) or _listed("it has", near or sorted(names)),
        )
    if kind == "MISSING_ENTRY" and "Function" in fields.get("type", ""):
        return SqlFunctionError(
            f"no function `{name}`", place=place, hint=_listed("did you mean", near, end="?")
        )
    if kind == "NO_MATCHING_FUNCTION":
        return SqlFunctionError(
            f"`{fields.get('call', name)}` does not exist for these types",
            place=place,
            hint="cast the arguments to types that it takes",
        )
    missing = re.match(r'Referenced table "([^"]+)" not found', said)
    if missing:
        return SqlColumnError(
            f"no table `{missing[1]}` in this FROM",
            place=place,
            hint=_listed("did you mean", re.findall(r'"([^"]+)"', said)[1:], end="?"),
        )
    lacking = re.match(r'Table "([^"]+)" does not have a column named "([^"]+)"', said)
    if lacking:
        return SqlColumnError(
            f"no column `{lacking[2]}` in `{lacking[1]}`",
            place=place,
            hint=did_you_mean(lacking[2], names) or "use a column that it has",
        )
    cls = SqlSyntaxError if fields["exception_type"] == "Parser" else SqlBindError
    first, _, rest = said.partition("\n")
    return cls(_sentence(first), place=place, hint=_sentence(rest.replace("\n", " ")) or None)


def run_error(error: Exception, parsed: ParsedSql, *, prefix: str) -> SqlError:
    """The coded form of an error of running `prefix` + the statement; names no row's value.

    It is DuckDB's own, or that of who read its rows, in which the words of DuckDB's stand last.
    """
    fields = _fields(error)
    place = _place(fields, parsed, prefix)
    said = fields["exception_message"]
    kind = fields["exception_type"]
    if kind == "Out of Memory":
        return SqlMemoryError(
            "the query needs more memory than it may have",
            place=place,
            hint="raise the memory limit, or read fewer rows, e.g. by partitions",
        )
    overflow = _OVERFLOW.search(said)
    if overflow:
        return SqlValueError(
            f"the {overflow[1]} of two `{overflow[2]}` is out of range",
            place=place,
            hint="cast to a wider type first, e.g. `DECIMAL(38, 0)`",
        )
    if kind in {"Conversion", "Out of Range"}:
        target = _TARGET_TYPE.findall(said)
        column = _SOURCE_COLUMN.search(said)
        where = f" of column `{column[1]}`" if column else ""
        what = f" `{target[-1]}`" if target else " the type that it is cast to"
        return SqlValueError(
            f"a value{where} does not fit{what}",
            place=place,
            hint="use TRY_CAST where it may be unreadable, or a wider type",
        )
    return SqlRunError(
        f"the query failed: {kind.lower() or 'unknown'} error",
        place=place,
        hint="the engine's own words are in the cause of this error",
    )


def _fields(error: Exception) -> dict[str, str]:
    """The fields of an error that came as JSON after its kind, e.g. `Binder Error: {...}`."""
    text = str(error).removeprefix(_OF_A_READER)
    start = text.find("{")
    kind = text.partition(" Error")[0]
    try:
        found: object = json.loads(text[start:]) if start >= 0 else None
    except ValueError:
        found = None
    fields = {"exception_type": kind, "exception_message": text.partition(": ")[2] or text}
    if isinstance(found, dict):
        known = cast("dict[str, object]", found)
        fields.update({key: str(value) for key, value in known.items()})
    return fields


def _place(fields: dict[str, str], parsed: ParsedSql, prefix: str) -> Place:
    """The place that DuckDB names (a byte offset), or where the query starts."""
    position = fields.get("position", "")
    if position.isdigit():
        text = prefix + parsed.statement[parsed.start :]
        before = text.encode()[: int(position)].decode(errors="ignore")
        if len(before) >= len(prefix):
            return parsed.file.place(parsed.start + len(before) - len(prefix))
    return parsed.file.place(parsed.start)


def _listed(lead: str, names: Iterable[str], *, end: str = "") -> str | None:
    shown = ", ".join(f"`{name.strip()}`" for name in names)
    return f"{lead} {shown}{end}" if shown else None


def _sentence(text: str) -> str:
    """DuckDB's sentence in our form: lower case, backticks, no full stop."""
    shown = re.sub(r'"([^"]+)"', r"`\1`", text.strip()).rstrip(".!")
    return shown if shown[:2].isupper() else shown[:1].lower() + shown[1:]
