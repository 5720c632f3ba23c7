"""The values that queries ask for: those of the project, and those of an environment over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final, TypeAlias

from flowforge_assets.declare.definition import Variable
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean
from flowforge_assets.errors.sql_language import SqlVariableError
from flowforge_assets.sql.step_parameters import RESERVED, Given, in_utc

FindPlace: TypeAlias = Callable[[str, str], Place]
TABLE: Final = "variables"


def read_variables(
    raw: Mapping[str, object], where: str, find: FindPlace, problems: list[FlowForgeError]
) -> dict[str, Variable]:
    """The variables in the table `where`; what is wrong is added to `problems` (FF-467)."""
    found: dict[str, Variable] = {}
    for name, value in raw.items():
        message = hint = ""
        if not name.isidentifier() or name in RESERVED:
            message = f"no variable can be named `{name}`"
            hint = f"a word, and none of {', '.join(RESERVED)}, which are a step's own"
        elif not isinstance(value, (str, int, float, date)):
            message = f"the variable `{name}` is no single value"
            hint = "write a text, a number, true or false, a date or a time with its date"
        else:
            found[name] = in_utc(value)
        if message:
            problems.append(SqlVariableError(message, place=find(where, name), hint=hint))
    return found


def misfits_of(own: Given, known: Given, where: str, find: FindPlace) -> Iterable[SqlVariableError]:
    """An error for each of an environment's `own` that the project has not, or of another type."""
    for name, value in own.items():
        place = find(where, name)
        if name not in known:
            message = f"`{name}` in `[{where}]` is no variable of the project"
            hint = did_you_mean(name, known) or f"give it a value for all in `[{TABLE}]`"
            yield SqlVariableError(message, place=place, hint=hint)
        elif type(value) is not type(known[name]):
            kinds = type(value).__name__, type(known[name]).__name__
            message = f"`{name}` is {kinds[0]} in `[{where}]`, and {kinds[1]} in `[{TABLE}]`"
            hint = "give it a value of the same type: the query is the same everywhere"
            yield SqlVariableError(message, place=place, hint=hint)
