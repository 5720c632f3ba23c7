"""Unit tests of a query as they stand in `orders.test.toml`, beside `orders.sql`.

```toml
[[test]]
name = "a return takes its price off"
given."silver.sales" = [{ id = 1, price = 5.0 }]
given."silver.returns" = [{ id = 1 }]
expect = [{ id = 1, price = 0.0 }]
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.base import Place, raise_all
from flowforge_assets.errors.sql import SqlTestFileError, SqlTestKeyError, SqlTestValueError
from flowforge_assets.sql.toml_reader import Toml, TomlErrors, TomlReader, parse_toml
from flowforge_assets.sql.toml_text import KeyPath, TomlText

SUFFIX: Final = ".test.toml"
_KEYS: Final = ("name", "partition", "given", "expect", "ordered")
_ERRORS: Final = TomlErrors("test key", SqlTestFileError, SqlTestKeyError, SqlTestValueError)


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A row as written, and where."""

    values: Mapping[str, Toml]
    place: Place


@dataclass(frozen=True, slots=True)
class GivenTable:
    """The rows of one dataset, and where the test names it."""

    dataset: str
    rows: tuple[GivenRow, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class SqlCase:
    """One test: what the query is given, and the rows that it should give.

    `partition` is the key of the step that is tried, `is_ordered` whether the order counts.
    """

    name: str
    place: Place
    given: tuple[GivenTable, ...]
    expect: tuple[GivenRow, ...]
    partition: str = ""
    is_ordered: bool = False


def cases_path(sql_path: Path) -> Path:
    """Where the tests of a `.sql` file are."""
    return sql_path.with_suffix(SUFFIX)


def find_cases_path(asset: AssetDefinition) -> Path | None:
    """Where the tests of a SQL asset are; of a function's query beside it, with its name."""
    if asset.sql_path is None:
        return None
    is_given = asset.query is not None
    return cases_path(asset.sql_path.with_name(asset.name) if is_given else asset.sql_path)


def read_cases(path: Path, *, shown_as: str) -> list[SqlCase]:
    """The tests in the file at `path`, called `shown_as` in errors.

    A file holds one test at its top, or a list of `[[test]]`.

    Raises:
        SqlTestFileError: it cannot be read, or is not TOML (FF-441).
        SqlTestKeyError: a key means nothing (FF-442).
        SqlTestValueError: a value has the wrong form, or there is no `expect` (FF-443).
        Problems: several of these.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        message = f"`{shown_as}` cannot be read: {(said or 'unknown reason').lower()}"
        hint = "it must be a text in UTF-8 that you may read"
        raise SqlTestFileError(message, place=Place(shown_as), hint=hint) from error
    text = TomlText(content, shown_as=shown_as)
    hint = 'values are TOML: `"text"`, `1.5`, `2026-01-31`, `[{ id = 1 }]`'
    values = parse_toml(text, _ERRORS, what="the file of tests", hint=hint)
    reader = TomlReader(text, _ERRORS)
    tests = values.get("test")
    if isinstance(tests, list):
        reader.known(values, (), ("test",))
        found = [
            _case(reader, each, ("test", str(number)), f"test {number + 1}")
            for number, each in enumerate(tests)
            if isinstance(each, dict)
        ]
    else:
        reader.known(values, (), _KEYS)
        found = [_case(reader, values, (), Path(shown_as).name.removesuffix(SUFFIX))]
    raise_all(reader.found)
    return found


def _case(reader: TomlReader, values: Mapping[str, Toml], path: KeyPath, name: str) -> SqlCase:
    reader.known(values, path, _KEYS) if path else None
    given = reader.table(values, (*path, "given"), '`given."silver.orders" = [{ id = 1 }]`')
    expect, at, is_ordered = values.get("expect"), (*path, "expect"), False
    if isinstance(expect, dict):
        reader.known(expect, at, ("rows", "ordered"))
        is_ordered = reader.flag(expect, (*at, "ordered"))
        expect, at = expect.get("rows"), (*at, "rows")
    if expect is None:
        reader.wrong(at, "`expect = [{ id = 1 }]`, the rows that the query should give")
    return SqlCase(
        name=reader.text(values, (*path, "name")) or name,
        place=reader.source.place(path),
        given=tuple(
            GivenTable(
                dataset,
                tuple(_rows(reader, rows, (*path, "given", dataset))),
                reader.source.place((*path, "given", dataset)),
            )
            for dataset, rows in given.items()
        ),
        expect=() if expect is None else tuple(_rows(reader, expect, at)),
        partition=_partition(reader, values, (*path, "partition")),
        is_ordered=is_ordered or reader.flag(values, (*path, "ordered")),
    )


def _rows(reader: TomlReader, given: Toml, path: KeyPath) -> Iterator[GivenRow]:
    rows = given if isinstance(given, list) else [None]
    for number, row in enumerate(rows):
        at = (*path, str(number))
        if isinstance(row, dict):
            yield GivenRow(row, reader.source.place(at))
        else:
            reader.wrong(path if row is None else at, "a list of rows: `[{ id = 1 }, { id = 2 }]`")


def _partition(reader: TomlReader, values: Mapping[str, Toml], path: KeyPath) -> str:
    """A key as text; a TOML date stands for a day."""
    value = values.get(path[-1])
    if type(value) is date:
        return value.isoformat()
    return reader.text(values, path)
