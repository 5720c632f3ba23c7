"""A query of another warehouse as DuckDB's SQL."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlglot import ErrorLevel, exp, parse_one
from sqlglot.dialects.dialect import Dialects
from sqlglot.errors import SqlglotError, UnsupportedError

from flowforge_assets.project.bring.duckdb_forms import resolved

_CALLED: Final = {
    "sqlserver": "tsql",
    "synapse": "tsql",
    "mssql": "tsql",
    "postgresql": "postgres",
    "spark2": "spark",
    "glue": "athena",
    "dremio": "trino",
}
"""Adapters whose SQL goes by another name."""
_SPELLED: Final = {"TEXT": "VARCHAR", "VARCHAR": "VARCHAR", "INT": "INTEGER", "REAL": "FLOAT"}
"""Types that have two names, or a length that means nothing."""


@dataclass(frozen=True, slots=True)
class InDuckDb:
    """The text in DuckDB's SQL, and what may not mean the same there.

    With a `failure` the text is as it was.
    """

    text: str
    doubts: tuple[str, ...] = ()
    failure: str = ""


def dialect_of(adapter: str) -> str:
    """The name of the SQL that an adapter speaks; DuckDB's where it is not known."""
    name = _CALLED.get(adapter.lower(), adapter.lower())
    return name if name in {each.value for each in Dialects} and name else "duckdb"


def to_duckdb(text: str, dialect: str) -> InDuckDb:
    """The query `text` as DuckDB has it; one of DuckDB's own stays as it is, letter by letter."""
    if dialect == "duckdb":
        return InDuckDb(text)
    with _silent():
        try:
            tree = resolved(parse_one(text, dialect=dialect))
            try:
                written = tree.sql("duckdb", pretty=True, unsupported_level=ErrorLevel.RAISE)
                doubts: tuple[str, ...] = ()
            except UnsupportedError as error:
                doubts = tuple(str(error).split("\n"))
                written = tree.sql("duckdb", pretty=True, unsupported_level=ErrorLevel.IGNORE)
        except SqlglotError as error:
            said = next(iter(str(error).split("\n")), "it cannot be read")
            return InDuckDb(text, failure=_plain(said))
    unknown = sorted({str(call.this).lower() for call in tree.find_all(exp.Anonymous)})
    if unknown:
        doubts = (*doubts, f"functions that are not known: {', '.join(unknown)}")
    return InDuckDb(f"{written}\n", doubts)


def condition_in_duckdb(condition: str, dialect: str) -> str:
    """A condition of another warehouse as DuckDB has it; as it is where it cannot be read."""
    if dialect == "duckdb":
        return condition
    with _silent():
        try:
            tree = resolved(parse_one(condition, dialect=dialect))
        except SqlglotError:
            return condition
        return tree.sql("duckdb", unsupported_level=ErrorLevel.IGNORE)


def type_in_duckdb(text: str, dialect: str) -> str:
    """A type of another warehouse as DuckDB spells it; as it is where it cannot be read."""
    try:
        written = exp.DataType.build(text, dialect=dialect).sql("duckdb")
    except (SqlglotError, ValueError):
        return text
    name, _, _ = written.partition("(")
    return _SPELLED.get(name, written)


def type_in(text: str, dialect: str) -> str:
    """A type of DuckDB as another warehouse spells it."""
    return exp.DataType.build(text, dialect="duckdb").sql(dialect)


@contextmanager
def _silent() -> Generator[None]:
    """Keeps sqlglot from warning on standard error of what is reported anyway."""
    logger = logging.getLogger("sqlglot")
    was, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was


def _plain(said: str) -> str:
    """The parser's message without the codes that paint a terminal."""
    return said.replace("\x1b[4m", "").replace("\x1b[0m", "").strip().rstrip(".")
