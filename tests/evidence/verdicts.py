"""What an engine says of the text that is emitted for a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine_words import OWN_WORDS
from evidence_engines import Engine, EngineError, Result
from flowforge_assets.sql import Emitted
from rows_alike import difference


class Outcome(StrEnum):
    """How one query fared on one target."""

    RIGHT = "right"  # the rows of DuckDB
    REFUSED = "refused"
    WRONG = "wrong"
    INVALID = "invalid"  # the engine does not take the text
    STOPPED = "stopped"  # a value that does not fit stopped DuckDB or the engine
    NOT_RUN = "not run"  # the text is the target's own, and no engine here reads it


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and for people what was seen."""

    outcome: Outcome
    seen: str = ""


# What stops an engine at a value, by its own words.
_STOPS: Final = re.compile(
    r"overflow|out of range|out of domain|cannot take|division by zero|too large|out of bounds"
    r"|could not be represented|conversion error|value too long|is out of|exceeds"
    r"|cannot be negative|statement timeout|complex result|floating point error"
    r"|negative substring|not a valid|outside of",
    re.IGNORECASE,
)


def judged(emitted: Emitted, target: str, wanted: Result, engine: Engine, sql: str) -> Verdict:
    """The verdict of an engine on what was emitted for a query that gives `wanted`."""
    if emitted.text is None:
        return Verdict(Outcome.REFUSED, emitted.refusals[0].message)
    own = OWN_WORDS.get(target)
    if own is not None and own.search(emitted.text):
        return Verdict(Outcome.NOT_RUN)
    try:
        found = engine.run(emitted.text)
    except EngineError as error:
        said = " ".join(str(error).split())
        outcome = Outcome.STOPPED if _STOPS.search(said) else Outcome.INVALID
        return Verdict(outcome, said)
    own_types = target != "snowflake"  # what stands for it adds decimals up as doubles
    ordered = is_ordered(sql)
    seen = difference(wanted, found, ordered=ordered, typed=own_types, loose=not own_types)
    return Verdict(Outcome.RIGHT) if seen is None else Verdict(Outcome.WRONG, seen)


def is_ordered(sql: str) -> bool:
    """Whether the query itself, not one inside it, says an order."""
    outside = sql
    while (shorter := re.sub(r"\([^()]*\)", "", outside)) != outside:
        outside = shorter
    return bool(re.search(r"\border\s+by\b", outside, re.IGNORECASE))
