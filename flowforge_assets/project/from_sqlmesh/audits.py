"""Audits of SQLMesh as what a header says of columns and rows, or as checks of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flowforge_assets.core.rule import Scalar
from flowforge_assets.project.bring.assemble import failing_rows
from flowforge_assets.project.bring.fit_columns import check_key
from flowforge_assets.project.bring.found import Finding, FoundColumn, FoundQuery
from flowforge_assets.project.bring.place_names import plain_name
from flowforge_assets.project.from_sqlmesh.blocks import Block, inside, split, word
from flowforge_assets.project.from_sqlmesh.expand import Expander

_CALL = re.compile(r"(?P<name>\w+)\s*(?P<arguments>\(.*\))?", re.DOTALL)
_ARGUMENT = re.compile(r"(?P<name>\w+)\s*(?::=|=)\s*(?P<value>.*)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(slots=True)
class Audited:
    """What the audits of a model become."""

    columns: dict[str, FoundColumn] = field(default_factory=dict[str, FoundColumn])
    rules: dict[str, str] = field(default_factory=dict[str, str])
    min_rows: int = 0
    key: tuple[str, ...] = ()
    checks: list[FoundQuery] = field(default_factory=list[FoundQuery])
    findings: list[Finding] = field(default_factory=list[Finding])

    def say(
        self,
        name: str,
        *,
        not_null: bool = False,
        unique: bool = False,
        values: tuple[Scalar, ...] = (),
        bounds: tuple[tuple[str, Scalar], ...] = (),
    ) -> None:
        """Adds to what is said of a column."""
        column = self.columns.get(name.lower()) or FoundColumn(name)
        self.columns[name.lower()] = replace(
            column,
            not_null=column.not_null or not_null,
            unique=column.unique or unique,
            values=values or column.values,
            bounds=bounds or column.bounds,
        )


def audited(
    query: FoundQuery, said: str, known: Mapping[str, Block], expander: Expander
) -> Audited:
    """What the audits named in `said` become; `known` are the project's own, by name."""
    done = Audited({column.name.lower(): column for column in query.columns})
    for call in split(inside(said)):
        match = _CALL.fullmatch(call.strip())
        if match is None:
            continue
        name, arguments = match["name"].lower(), _arguments(match["arguments"] or "")
        if "condition" in arguments or not _built_in(name, arguments, done):
            _own(name, arguments, query, known, expander, done=done)
    return done


def _arguments(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in split(inside(text)):
        match = _ARGUMENT.fullmatch(part)
        if match is not None:
            found[match["name"].lower()] = match["value"].strip()
    return found


def _built_in(name: str, given: Mapping[str, str], done: Audited) -> bool:
    """Whether it is one of SQLMesh's own, and is said now."""
    names = [word(each) for each in split(inside(given.get("columns", "")))]
    column = word(given.get("column", ""))
    match name:
        case "not_null" | "unique_values":
            for each in names:
                done.say(each, not_null=name == "not_null", unique=name == "unique_values")
        case "unique_combination_of_columns" if not done.key:
            done.key = tuple(names)
        case "accepted_values":
            values = tuple(_scalar(each) for each in split(inside(given.get("is_in", ""))))
            done.say(column, values=values)
        case "accepted_range" if (bounds := _bounds(given)) is not None:
            done.say(column, bounds=bounds)
        case "number_of_rows" if given.get("threshold", "").isdigit():
            done.min_rows = int(given["threshold"]) + 1
        case "forall":
            for condition in split(inside(given.get("criteria", ""))):
                done.rules[f"forall_{len(done.rules) + 1}"] = condition
        case "not_empty_string":
            done.rules[f"{plain_name(column)}_not_empty"] = f"{column} <> ''"
        case _:
            return False
    return True


def _own(
    name: str,
    given: Mapping[str, str],
    query: FoundQuery,
    known: Mapping[str, Block],
    expander: Expander,
    *,
    done: Audited,
) -> None:
    """An audit of the project's own: a check that counts the rows it finds."""
    block = known.get(name)
    remedy = "write a query of the rows that should not be there"
    if block is None:
        said = f"its audit `{name}` is not known here"
        done.findings.append(Finding("left", query.name, said, remedy, query.place))
        return
    if word(block.properties.get("blocking", "true")).lower() == "false":
        said = f"its audit `{name}` only warns"
        remedy = "rules stop a step: add it as a check if it should"
        done.findings.append(Finding("left", query.name, said, remedy, query.place))
        return
    defaults = _arguments(block.properties.get("defaults", ""))
    own = replace(expander, defined={**defaults, **given}, this_model=str(query.key))
    expanded = own.expand(block.query)
    if expanded.failure:
        said = f"its audit `{name}` is not brought: {expanded.failure}"
        done.findings.append(Finding("left", query.name, said, remedy, block.place))
        return
    keys = {check.key for check in done.checks}
    number, key = 2, check_key(query, plain_name(name))
    while key in keys:
        number, key = number + 1, check_key(query, f"{plain_name(name)}_{number}")
    done.checks.append(replace(failing_rows(query, key, expanded.text), place=block.place))


def _scalar(text: str) -> Scalar:
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return word(text)


def _bounds(given: Mapping[str, str]) -> tuple[tuple[str, Scalar], ...] | None:
    is_inclusive = given.get("inclusive", "true").lower() != "false"
    found: list[tuple[str, Scalar]] = []
    for name, ops in (("min_v", ("ge", "gt")), ("max_v", ("le", "lt"))):
        if name in given:
            if not _NUMBER.fullmatch(given[name]):
                return None
            found.append((ops[0] if is_inclusive else ops[1], _scalar(given[name])))
    return tuple(found)
