"""SQLMesh's `@` in queries: its times, variables, and the macros that give plain SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from flowforge_assets.project.from_sqlmesh.blocks import inside, split, word

_NAME: Final = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|@(?P<name>\w+)|@(?P<odd>['{])",
    re.DOTALL,
)
_NULL_KEY: Final = "_sqlmesh_surrogate_key_null_"
_LAST_DAY: Final = "9999-12-31"
Form: TypeAlias = Literal["step", "whole"]


@dataclass(slots=True)
class Expanded:
    """A text without `@`, and whether it asked for times. With a `failure` there is none."""

    text: str = ""
    has_times: bool = False
    variables: set[str] = field(default_factory=set[str])
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Expander:
    """What the names stand for: `variables` and `defined` ones, and the model's own table."""

    variables: Mapping[str, str]
    defined: Mapping[str, str] = field(default_factory=dict[str, str])
    this_model: str = ""
    start: str = "1970-01-01"

    def expand(self, text: str, *, column: str = "") -> Expanded:
        """The text for one day of `column`, or for all time if none is named."""
        found = Expanded()
        pieces: list[str] = []
        at = 0
        while (match := _NAME.search(text, at)) is not None:
            pieces.append(text[at : match.start()])
            at = match.end()
            if match["odd"]:
                found.failure = f"`@{match['odd']}` is put together as it runs"
                return found
            if not match["name"]:
                pieces.append(match[0])
                continue
            call = ""
            if text[at : at + 1] == "(":
                end = _closing(text, at)
                call, at = text[at:end], end
            value = self._value(match["name"], call, found, column)
            if value is None:
                found.failure = f"the macro `@{match['name']}` is not known here"
                return found
            pieces.append(value)
        found.text = "".join((*pieces, text[at:]))
        return found

    def _value(self, name: str, call: str, found: Expanded, column: str) -> str | None:
        lower = name.lower()
        if call:
            return self._called(lower, split(inside(call)), found, column)
        if lower == "this_model":
            return self.this_model
        if name in self.defined:
            return self._inner(self.defined[name], found, column)
        if lower in self.variables:
            found.variables.add(lower)
            return self.variables[lower]
        return self._time(lower, found, column)

    def _called(self, name: str, arguments: list[str], found: Expanded, column: str) -> str | None:
        if name == "var":
            found.variables.add(word(arguments[0]).lower())
            default = arguments[1] if len(arguments) > 1 else None
            return self.variables.get(word(arguments[0]).lower(), default)
        if name == "each":
            return self._each(arguments, found, column)
        form = _MACROS.get(name)
        plain = [self._inner(argument, found, column) for argument in arguments]
        return None if form is None or found.failure else form(plain)

    def _each(self, arguments: list[str], found: Expanded, column: str) -> str | None:
        if len(arguments) != 2:  # noqa: PLR2004 - the values, and what to do with each
            return None
        name, arrow, body = arguments[1].partition("->")
        if not arrow:
            return None
        values = split(inside(self._inner(arguments[0], found, column)))
        used = re.compile(rf"@?\b{re.escape(name.strip())}\b")
        done = [self._inner(used.sub(value.replace("\\", r"\\"), body), found, column)
                for value in values]  # fmt: skip
        return ", ".join(each.strip() for each in done)

    def _inner(self, text: str, found: Expanded, column: str) -> str:
        inner = self.expand(text, column=column)
        found.has_times |= inner.has_times
        found.variables |= inner.variables
        found.failure = found.failure or inner.failure
        return inner.text

    def _time(self, name: str, found: Expanded, column: str) -> str | None:
        which, _, kind = name.partition("_")
        if which not in {"start", "end"} or kind not in {"ds", "date", "dt", "ts", "dtntz", "tstz"}:
            return None
        found.has_times = True
        is_day = kind in {"ds", "date"}
        if column:
            if is_day:
                return f"${column}"
            begin = f"CAST(${column} AS TIMESTAMP)"
            return (
                begin if which == "start" else f"{begin} + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND"
            )
        day = self.start if which == "start" else _LAST_DAY
        return f"'{day}'" if is_day else f"TIMESTAMP '{day}'"


def _surrogate_key(fields: list[str]) -> str:
    parts = [
        f"COALESCE(CAST({each} AS TEXT), '{_NULL_KEY}')" for each in fields if ":=" not in each
    ]
    joined = ", '|', ".join(parts)
    return f"MD5(CONCAT({joined}))"


def _star(arguments: list[str]) -> str | None:
    left_out: list[str] = []
    for each in arguments[1:]:
        name, sign, value = each.partition(":=")
        if not sign or name.strip().lower() not in {"exclude", "except_"}:
            return None
        left_out += split(inside(value))
    return f"* EXCLUDE ({', '.join(left_out)})" if left_out else "*"


def _safe(sign: str) -> Callable[[list[str]], str]:
    def macro(fields: list[str]) -> str:
        nothing = " AND ".join(f"{each} IS NULL" for each in fields)
        total = f" {sign} ".join(f"COALESCE({each}, 0)" for each in fields)
        return f"CASE WHEN {nothing} THEN NULL ELSE {total} END"

    return macro


_MACROS: Final[Mapping[str, Callable[[list[str]], str | None]]] = {
    "generate_surrogate_key": _surrogate_key,
    "star": _star,
    "safe_add": _safe("+"),
    "safe_sub": _safe("-"),
    "safe_div": lambda fields: f"{fields[0]} / NULLIF({fields[1]}, 0)",
}


def _closing(text: str, start: int) -> int:
    """The offset behind the bracket that closes the one at `start`."""
    depth, at = 0, start
    for match in re.compile(r"'(?:[^']|'')*'|[()]").finditer(text, start):
        depth += (match[0] == "(") - (match[0] == ")")
        at = match.end()
        if depth == 0:
            break
    return at
