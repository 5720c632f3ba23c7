"""Reads the TOML of a `.sql` file's header, and says on which line it is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final, get_args

from flowforge_assets.declare.asset import BadRowsPolicy, Dialect, Schedule, Write
from flowforge_assets.declare.dataset import Extra
from flowforge_assets.errors.base import raise_all
from flowforge_assets.errors.sql import SqlHeaderError, SqlHeaderKeyError, SqlHeaderValueError
from flowforge_assets.sql.header import SqlHeader
from flowforge_assets.sql.header_columns import header_columns, header_rules
from flowforge_assets.sql.header_partition import header_partitions
from flowforge_assets.sql.toml_reader import Toml, TomlErrors, TomlReader, parse_toml
from flowforge_assets.sql.toml_text import TomlText

DATASET_KEYS: Final = (
    *("partition", "key", "columns", "rules", "owners", "extra", "min_rows", "aliases"),
)
"""What a class says of its dataset, so that the header of a file tied to one may not."""

SQL_KEYS: Final = (
    "write",
    "latest",
    "deletes",
    "per",
    "schedule",
    "description",
    "tags",
    *DATASET_KEYS,
    "retries",
    "timeout",
    "bad_rows",
    "max_bad",
    "isolated",
    "warehouse",
    "dialect",
    *("cluster_by", "partition_by", "distribute"),
)
SEED_KEYS: Final = (
    *("description", "owners", "tags", "key", "columns", "rules", "extra", "min_rows"),
    *("aliases", "bad_rows", "max_bad"),
)
"""What can be said of a file of rows: it is cut into no partitions, and made whole."""

_ERRORS: Final = TomlErrors("header key", SqlHeaderError, SqlHeaderKeyError, SqlHeaderValueError)


def read_header(
    text: TomlText, *, allowed: Collection[str] = SQL_KEYS, what: str = "the header", hint: str = ""
) -> SqlHeader:
    """The header that `text` spells, in which the keys `allowed` may stand.

    Raises:
        SqlHeaderError: it is not TOML (FF-402).
        SqlHeaderKeyError: a key means nothing (FF-403).
        SqlHeaderValueError: a value has the wrong form (FF-404).
        Problems: several of the last two.
    """
    hint = hint or "the first `/* ... */` is the header; write prose as `--` lines"
    return header_of(parse_toml(text, _ERRORS, what=what, hint=hint), text, allowed=allowed)


def header_of(
    values: Mapping[str, Toml], text: TomlText, *, allowed: Collection[str] = SQL_KEYS
) -> SqlHeader:
    """The header that the table `values` of `text` is; fails as `read_header` does."""
    reader = TomlReader(text, _ERRORS)
    reader.known(values, (), allowed)
    values = {name: value for name, value in values.items() if name in allowed}
    header = SqlHeader(
        write=reader.choice(values, ("write",), get_args(Write)),
        latest=reader.text(values, ("latest",)) or None,
        deletes=reader.text(values, ("deletes",)) or None,
        partition=header_partitions(reader, values, "partition"),
        per=header_partitions(reader, values, "per"),
        schedule=_schedule(reader, values),
        description=reader.text(values, ("description",)),
        owners=reader.texts(values, ("owners",)),
        tags=reader.texts(values, ("tags",)),
        key=reader.texts(values, ("key",)),
        columns=header_columns(reader, values),
        rules=header_rules(reader, values),
        extra=reader.choice(values, ("extra",), get_args(Extra)),
        min_rows=reader.whole(values, ("min_rows",)),
        aliases=reader.texts(values, ("aliases",)),
        retries=reader.whole(values, ("retries",)),
        timeout_seconds=reader.number(values, ("timeout",), least=0),
        bad_rows=reader.choice(values, ("bad_rows",), get_args(BadRowsPolicy)),
        max_bad=reader.number(values, ("max_bad",), least=0, most=1),
        isolated=reader.flag(values, ("isolated",)),
        warehouse=reader.flag(values, ("warehouse",)),
        dialect=reader.choice(values, ("dialect",), get_args(Dialect)),
        cluster_by=reader.texts(values, ("cluster_by",)),
        partition_by=reader.text(values, ("partition_by",)),
        distribute=reader.text(values, ("distribute",)),
        said=frozenset(values),
        text=text,
    )
    raise_all(reader.found)
    return header


def _schedule(reader: TomlReader, values: Mapping[str, Toml]) -> Schedule | None:
    """Cron's five fields as text, or the seconds between two runs."""
    value = values.get("schedule")
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        return timedelta(seconds=value)
    reader.wrong(("schedule",), 'a time as cron has it, `"0 6 * * *"`, or a number of seconds')
    return None
