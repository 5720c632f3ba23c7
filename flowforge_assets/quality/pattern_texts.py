"""Texts that match a regular expression, for fixtures that keep the rules of their columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from random import Random
from typing import Any, Final

_MOST_REPEATS: Final = 4


def pattern_texts(pattern: str, count: int) -> list[str]:
    """Up to `count` texts that match the whole pattern, the same each time; none where that fails.

    Patterns are Rust's, and are read as Python reads them: what only one of both knows gives none.
    """
    try:
        # Python's own reader of patterns, which has no public name; without it there are none
        parsed: Any = import_module("re._parser").parse(pattern)
        random = Random(pattern)  # noqa: S311 - it is no secret
        found = [_text(parsed, random) for _ in range(4 * count)]
    except (ImportError, AttributeError, ValueError, KeyError, re.error):
        return []
    matching = (text for text in found if re.fullmatch(pattern, text))
    return list(dict.fromkeys(matching))[:count]


def _text(pieces: Sequence[Any], random: Random) -> str:
    return "".join(_piece(str(kind), value, random) for kind, value in pieces)


def _piece(kind: str, value: Any, random: Random) -> str:  # noqa: ANN401 - as the reader has it
    match kind:
        case "LITERAL":
            return chr(value)
        case "ANY" | "NOT_LITERAL":
            return random.choice("abXY09")
        case "IN":
            return _of_class(value, random)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            times = random.randint(least, min(most, least + _MOST_REPEATS))
            return "".join(_text(inner, random) for _ in range(times))
        case "SUBPATTERN":
            return _text(value[-1], random)
        case "BRANCH":
            return _text(random.choice(value[1]), random)
        case "AT":
            return ""
        case _:
            raise KeyError(kind)


def _of_class(members: Sequence[Any], random: Random) -> str:
    """A character of a class such as `[0-9A-F_]` or `[^a]`."""
    if str(members[0][0]) == "NEGATE":
        return random.choice("abXY09_ ")
    kind, value = random.choice(list(members))
    match str(kind):
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(random.randint(value[0], min(value[1], value[0] + 25)))
        case "CATEGORY":
            return {"DIGIT": random.choice("0123456789"), "SPACE": " "}.get(
                str(value).rpartition("_")[2], random.choice("abXY09")
            )
        case _:
            raise KeyError(kind)
