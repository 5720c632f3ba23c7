"""What comes of emitting a query: its text, or the places that have no exact form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """A part of a query that has no exact form; 1-based line and column of the source."""

    line: int
    column: int
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, order=True)
class Accepted:
    """A part that is written in a form near to the exact one, since the query accepts that."""

    line: int
    column: int
    code: str
    message: str
    reason: str


@dataclass(frozen=True, slots=True)
class Emitted:
    """A query for a target. `text` is None exactly when there are `refusals`.

    `columns` are the names and DuckDB types of the result. `settings` are statements that the
    session must have run before. `accepted` are the parts whose rows may differ from DuckDB's,
    `warnings` what the query says of the target in vain.
    """

    text: str | None
    refusals: tuple[Refusal, ...]
    columns: tuple[tuple[str, str], ...]
    settings: tuple[str, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    warnings: tuple[Refusal, ...] = ()
