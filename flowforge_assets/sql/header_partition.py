"""Reads how a header cuts a dataset or its steps: `{ daily = "2013-01-01", column = "day" }`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from flowforge_assets.core.dimension import Kind
from flowforge_assets.sql.header import HeaderKey, HeaderPartition
from flowforge_assets.sql.toml_reader import Toml, TomlReader
from flowforge_assets.sql.toml_text import KeyPath

_CALENDARS: Final[Mapping[str, Kind]] = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
}
_PARTITION: Final = (*_CALENDARS, "static", "column", "end", "tz")


def header_partitions(
    reader: TomlReader, values: Mapping[str, Toml], name: HeaderKey
) -> tuple[HeaderPartition, ...]:
    """The dimensions under the key `name`, one table or a list of them; none where it is silent."""
    given = values.get(name)
    if given is None:
        return ()
    found: list[HeaderPartition] = []
    for number, one in enumerate(given if isinstance(given, list) else [given]):
        path: KeyPath = (name, str(number)) if isinstance(given, list) else (name,)
        if not isinstance(one, dict):
            reader.wrong((name,), f'`{name} = {{ daily = "2013-01-01", column = "day" }}`')
        elif (partition := _partition(reader, one, path)) is not None:
            found.append(partition)
    return tuple(found)


def _partition(
    reader: TomlReader, given: Mapping[str, Toml], path: KeyPath
) -> HeaderPartition | None:
    reader.known(given, path, _PARTITION)
    kinds = [name for name in given if name == "static" or name in _CALENDARS]
    if len(kinds) != 1:
        reader.wrong(path, "one of `hourly`, `daily`, `weekly`, `monthly`, `static`")
        return None
    name = kinds[0]
    column = reader.text(given, (*path, "column"))
    if not column:
        reader.wrong(path, '`column = "..."`, the column that holds the partition')
    if name == "static":
        values = reader.texts(given, (*path, "static"))
        if not values:
            reader.wrong((*path, "static"), 'a list of values, e.g. `static = ["de", "ch"]`')
        return HeaderPartition("static", column, values=values)
    start = _key(reader, given, (*path, name))
    end = _key(reader, given, (*path, "end")) if "end" in given else None
    tz = reader.text(given, (*path, "tz")) or "UTC"
    return HeaderPartition(_CALENDARS[name], column, start=start, end=end, tz=tz)


def _key(reader: TomlReader, given: Mapping[str, Toml], path: KeyPath) -> str:
    """A partition key; TOML has dates, which may stand for days."""
    value = given.get(path[-1])
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value:
        return value
    reader.wrong(path, 'a partition key as text, e.g. `"2013-01-01"`')
    return ""
