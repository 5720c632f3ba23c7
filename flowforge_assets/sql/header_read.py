"""Reads the TOML of a `.sql` file's header, and says on which line it is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, TypeAlias, TypeVar

from flowforge_assets.core.dimension import Kind
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import (
    Bound,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Rule,
    Scalar,
    Unique,
)
from flowforge_assets.core.schema import DataType
from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.errors.base import Place, did_you_mean, raise_all
from flowforge_assets.errors.sql import (
    SqlError,
    SqlHeaderError,
    SqlHeaderKeyError,
    SqlHeaderValueError,
)
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.sql.header import (
    HeaderBadRows,
    HeaderColumn,
    HeaderPartition,
    HeaderRule,
    HeaderWrite,
    SqlHeader,
)
from flowforge_assets.sql.header_lines import HeaderText, KeyPath

_TOP: Final = (
    "write",
    "partition",
    "description",
    "owners",
    "tags",
    "key",
    "columns",
    "rules",
    "retries",
    "timeout",
    "bad_rows",
    "max_bad",
)
_BOUNDS: Final[tuple[tuple[str, Literal[">=", ">", "<=", "<"]], ...]] = (
    ("ge", ">="),
    ("gt", ">"),
    ("le", "<="),
    ("lt", "<"),
)
_COLUMN: Final = (
    *("doc", "type", "unit", "tags", "pii", "not_null", "unique", "ref", "ge", "gt", "le", "lt"),
    *("in", "regex", "min_length", "max_length"),
)
_CALENDARS: Final[Mapping[str, Kind]] = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
}
_PARTITION: Final = (*_CALENDARS, "static", "column", "end", "tz")
_WRITES: Final[Mapping[str, HeaderWrite]] = {"overwrite": "overwrite"}
_BAD_ROWS: Final[Mapping[str, HeaderBadRows]] = {"stop": "stop", "quarantine": "quarantine"}
_AT_LINE: Final = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")

T = TypeVar("T")
# What `tomllib` gives; it has no name for it.
Toml: TypeAlias = "str | int | float | bool | date | datetime | list[Toml] | dict[str, Toml]"


def read_header(toml: str, *, shown_as: str, first_line: int) -> SqlHeader:
    """The header that `toml` spells; its first line is `first_line` of the file `shown_as`.

    Raises:
        SqlHeaderError: it is not TOML (FF-402).
        SqlHeaderKeyError: a key means nothing (FF-403).
        SqlHeaderValueError: a value has the wrong form (FF-404).
        Problems: several of the last two.
    """
    try:
        values = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, toml, shown_as, first_line) from error
    reader = _Reader(shown_as, HeaderText(toml, first_line))
    header = reader.header(values)
    raise_all(reader.errors)
    return header


def _not_toml(
    error: tomllib.TOMLDecodeError, toml: str, shown_as: str, first_line: int
) -> SqlHeaderError:
    said = str(error)
    found = _AT_LINE.search(said)
    line, column = first_line + toml.rstrip().count("\n"), 0
    if found and found[1]:
        line, column = first_line + int(found[1]) - 1, int(found[2])
        if column == 1 and line > first_line and not _line_of(toml, int(found[1])).strip():
            line, column = line - 1, 0  # the reader noticed only at the next, empty line
    reason = _AT_LINE.sub("", said).strip()
    return SqlHeaderError(
        f"the header is not TOML: {reason[:1].lower()}{reason[1:]}",
        place=Place(shown_as, line, column, _line_of(toml, line - first_line + 1).strip()),
        hint="the first `/* ... */` is the header; write prose as `--` lines",
    )


def _line_of(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1] if number <= len(lines) else ""


class _Reader:
    """Turns TOML values into a header and collects what is wrong with them."""

    def __init__(self, shown_as: str, text: HeaderText) -> None:
        self.errors: list[SqlError] = []
        self._shown_as = shown_as
        self._source = text

    def header(self, values: Mapping[str, Toml]) -> SqlHeader:
        """The header, with defaults for all that is wrong."""
        self._known(values, (), _TOP)
        return SqlHeader(
            write=self._choice(values, ("write",), _WRITES),
            partition=self._partitions(values),
            description=self._text(values, ("description",)),
            owners=self._texts(values, ("owners",)),
            tags=self._texts(values, ("tags",)),
            key=self._texts(values, ("key",)),
            columns=tuple(self._columns(values)),
            rules=tuple(self._rules(values)),
            retries=self._whole(values, ("retries",)),
            timeout_seconds=self._number(values, ("timeout",), least=0),
            bad_rows=self._choice(values, ("bad_rows",), _BAD_ROWS),
            max_bad=self._number(values, ("max_bad",), least=0, most=1),
            text=self._source,
        )

    def _partitions(self, values: Mapping[str, Toml]) -> tuple[HeaderPartition, ...]:
        given = values.get("partition")
        if given is None:
            return ()
        found: list[HeaderPartition] = []
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, dict):
                partition = self._partition(one)
                if partition is not None:
                    found.append(partition)
            else:
                self._wrong(
                    ("partition",), '`partition = { daily = "2013-01-01", column = "day" }`'
                )
        return tuple(found)

    def _partition(self, given: Mapping[str, Toml]) -> HeaderPartition | None:
        path: KeyPath = ("partition",)
        self._known(given, path, _PARTITION)
        kinds = [name for name in given if name == "static" or name in _CALENDARS]
        if len(kinds) != 1:
            self._wrong(path, "one of `hourly`, `daily`, `weekly`, `monthly`, `static`")
            return None
        name = kinds[0]
        column = self._text(given, (*path, "column"))
        if not column:
            self._wrong(path, '`column = "..."`, the column that holds the partition')
        if name == "static":
            values = self._texts(given, (*path, "static"))
            if not values:
                self._wrong((*path, "static"), 'a list of values, e.g. `static = ["de", "ch"]`')
            return HeaderPartition("static", column, values=values)
        start = self._partition_key(given, (*path, name))
        end = self._partition_key(given, (*path, "end")) if "end" in given else None
        tz = self._text(given, (*path, "tz")) or "UTC"
        return HeaderPartition(_CALENDARS[name], column, start=start, end=end, tz=tz)

    def _partition_key(self, given: Mapping[str, Toml], path: KeyPath) -> str:
        value = given.get(path[-1])
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, str) and value:
            return value
        self._wrong(path, 'a partition key as text, e.g. `"2013-01-01"`')
        return ""

    def _columns(self, values: Mapping[str, Toml]) -> Iterable[HeaderColumn]:
        given = values.get("columns", {})
        if not isinstance(given, dict):
            self._wrong(("columns",), "`columns.NAME = { ... }`")
            return
        for name, options in given.items():
            path: KeyPath = ("columns", name)
            if not isinstance(options, dict):
                self._wrong(path, f'`columns.{name} = {{ doc = "..." }}`')
                continue
            self._known(options, path, _COLUMN)
            tags = self._texts(options, (*path, "tags"))
            if self._flag(options, (*path, "pii")):
                tags = (*tags, "pii")
            yield HeaderColumn(
                name=name,
                type=self._type(options, (*path, "type")),
                doc=self._text(options, (*path, "doc")),
                unit=self._text(options, (*path, "unit")),
                tags=tags,
                rules=tuple(self._column_rules(options, path)),
            )

    def _column_rules(self, options: Mapping[str, Toml], path: KeyPath) -> Iterable[Rule]:
        column = path[-1]
        if self._flag(options, (*path, "not_null")):
            yield NotNull(column)
        if self._flag(options, (*path, "unique")):
            yield Unique((column,))
        for name, op in _BOUNDS:
            limit = self._scalar(options, (*path, name))
            if limit is not None:
                yield Bound(column, op, limit)
        if "in" in options:
            yield OneOf(column, self._scalars(options, (*path, "in")))
        if "regex" in options:
            yield Matches(column, self._text(options, (*path, "regex")))
        least = self._whole(options, (*path, "min_length"))
        most = self._whole(options, (*path, "max_length"))
        if least is not None or most is not None:
            yield Length(column, least or 0, most)
        if "ref" in options:
            reference = self._reference(options, (*path, "ref"))
            if reference is not None:
                yield References(column, *reference)

    def _reference(
        self, options: Mapping[str, Toml], path: KeyPath
    ) -> tuple[DatasetKey, str] | None:
        dataset, _, column = self._text(options, path).rpartition(".")
        try:
            return DatasetKey.parse(dataset), column
        except ValueError:
            self._wrong(path, 'a dataset and its column, e.g. `ref = "silver.carriers.code"`')
            return None

    def _rules(self, values: Mapping[str, Toml]) -> Iterable[HeaderRule]:
        given = values.get("rules", {})
        if not isinstance(given, dict):
            self._wrong(("rules",), '`rules.NAME = "an SQL condition"`')
            return
        for name in given:
            path: KeyPath = ("rules", name)
            sql = self._text(given, path)
            if sql.strip():
                yield HeaderRule(name, sql)
            elif isinstance(given[name], str):
                self._wrong(path, "an SQL condition, e.g. `departed <= arrived`")

    def _type(self, options: Mapping[str, Toml], path: KeyPath) -> DataType | None:
        spelled = self._text(options, path)
        if not spelled:
            return None
        try:
            return from_duckdb(spelled)
        except TypeNotStoredError as error:
            self._wrong(path, f"an SQL type such as `BIGINT` or `DECIMAL(10, 2)`: {error.message}")
            return None

    def _text(self, values: Mapping[str, Toml], path: KeyPath) -> str:
        value = values.get(path[-1], "")
        if isinstance(value, str):
            return value
        self._wrong(path, "text in quotes")
        return ""

    def _texts(self, values: Mapping[str, Toml], path: KeyPath) -> tuple[str, ...]:
        value = values.get(path[-1], [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(str(item) for item in value)
        self._wrong(path, f'a list of texts, e.g. `{path[-1]} = ["a", "b"]`')
        return ()

    def _choice(
        self, values: Mapping[str, Toml], path: KeyPath, allowed: Mapping[str, T]
    ) -> T | None:
        value = values.get(path[-1])
        if isinstance(value, str) and value in allowed:
            return allowed[value]
        if value is not None:
            self._wrong(path, " or ".join(f'`"{choice}"`' for choice in allowed))
        return None

    def _flag(self, values: Mapping[str, Toml], path: KeyPath) -> bool:
        value = values.get(path[-1], False)
        if isinstance(value, bool):
            return value
        self._wrong(path, "`true` or `false`")
        return False

    def _whole(self, values: Mapping[str, Toml], path: KeyPath) -> int | None:
        value = values.get(path[-1])
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        self._wrong(path, "a whole number, 0 or more")
        return None

    def _number(
        self, values: Mapping[str, Toml], path: KeyPath, *, least: float, most: float | None = None
    ) -> float | None:
        value = values.get(path[-1])
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            number = float(value)
            if number >= least and (most is None or number <= most):
                return number
        self._wrong(path, f"a number from {least}" + ("" if most is None else f" to {most}"))
        return None

    def _scalar(self, values: Mapping[str, Toml], path: KeyPath) -> Scalar | None:
        value = values.get(path[-1])
        if value is None or isinstance(value, (str, int, float, bool, date, datetime, Decimal)):
            return value
        self._wrong(path, "a number, a text or a date")
        return None

    def _scalars(self, values: Mapping[str, Toml], path: KeyPath) -> tuple[Scalar, ...]:
        value = values.get(path[-1])
        items = value if isinstance(value, list) else []
        found = tuple(
            item for item in items if isinstance(item, (str, int, float, bool, date, datetime))
        )
        if not found or len(found) != len(items):
            self._wrong(path, f'a list of values, e.g. `{path[-1]} = ["a", "b"]`')
        return found

    def _known(self, values: Iterable[str], path: KeyPath, allowed: tuple[str, ...]) -> None:
        for name in values:
            if name not in allowed:
                hint = did_you_mean(name, allowed) or f"use one of {_listed(allowed)}"
                place = self._place((*path, name))
                shown = ".".join((*path, name))
                self.errors.append(
                    SqlHeaderKeyError(f"no header key `{shown}`", place=place, hint=hint)
                )

    def _wrong(self, path: KeyPath, expected: str) -> None:
        message = f"header key `{'.'.join(path)}` has the wrong form"
        self.errors.append(
            SqlHeaderValueError(message, place=self._place(path), hint=f"write {expected}")
        )

    def _place(self, path: KeyPath) -> Place:
        return Place(self._shown_as, self._source.line(path))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
