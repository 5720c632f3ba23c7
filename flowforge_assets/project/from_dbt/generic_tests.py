"""Generic tests of dbt as what a header says of columns and rows, or as checks of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from flowforge_assets.core.rule import Scalar
from flowforge_assets.project.bring.assemble import failing_rows
from flowforge_assets.project.bring.fit_columns import check_key
from flowforge_assets.project.bring.found import Finding, FoundColumn, FoundQuery
from flowforge_assets.project.bring.place_names import plain_name
from flowforge_assets.project.bring.words import items, text, texts
from flowforge_assets.project.from_dbt.dbt_project import DbtNode, DbtTest
from flowforge_assets.project.from_dbt.names import Names
from flowforge_assets.project.from_dbt.render import Renderer

_MOST: Final = re.compile(r"\s*>\s*(\d+)\s*")
_SQL: Final[Mapping[str, str]] = {
    "not_null": "SELECT * FROM {model} WHERE {column} IS NULL",
    "unique": "SELECT {column} FROM {model} WHERE {column} IS NOT NULL "
    "GROUP BY {column} HAVING count(*) > 1",
    "accepted_values": "SELECT * FROM {model} WHERE {column} NOT IN ({values})",
    "relationships": "SELECT * FROM {model} WHERE {column} IS NOT NULL AND {column} NOT IN "
    "(SELECT {field} FROM {to} WHERE {field} IS NOT NULL)",
    "dbt_utils.expression_is_true": "SELECT * FROM {model} WHERE NOT ({condition})",
    "dbt_utils.unique_combination_of_columns": "SELECT {columns} FROM {model} "
    "GROUP BY {columns} HAVING count(*) > 1",
    "dbt_utils.not_empty_string": "SELECT * FROM {model} WHERE trim({column}) = ''",
    "dbt_utils.not_constant": "SELECT 1 FROM {model} HAVING count(DISTINCT {column}) = 1",
    "dbt_utils.at_least_one": "SELECT 1 FROM {model} HAVING count({column}) = 0",
    "dbt_utils.equal_rowcount": "SELECT 1 WHERE (SELECT count(*) FROM {model}) "
    "<> (SELECT count(*) FROM {to})",
    "dbt_utils.fewer_rows_than": "SELECT 1 WHERE (SELECT count(*) FROM {model}) "
    ">= (SELECT count(*) FROM {to})",
    "dbt_utils.accepted_range": "SELECT * FROM {model} WHERE NOT ({condition})",
}
"""The rows that break each test, where it stands by itself."""


@dataclass(slots=True)
class Judged:
    """What the tests of a node become."""

    columns: dict[str, FoundColumn] = field(default_factory=dict[str, FoundColumn])
    rules: dict[str, str] = field(default_factory=dict[str, str])
    key: tuple[str, ...] = ()
    checks: list[FoundQuery] = field(default_factory=list[FoundQuery])
    findings: list[Finding] = field(default_factory=list[Finding])


@dataclass(frozen=True, slots=True)
class _Case:
    """A test with all that its form depends on."""

    test: DbtTest
    node: DbtNode
    query: FoundQuery
    names: Names

    def said(self, name: str) -> str:
        return text(self.test.arguments.get(name))

    @property
    def to(self) -> str:
        spelled = self.said("to") or self.said("compare_model")
        found = self.names.find_spelled(spelled)
        return "" if found is None else str(found.key)


def judge(query: FoundQuery, node: DbtNode, names: Names, renderer: Renderer) -> Judged:
    """What the node's tests become, for the query (or other dataset) that it makes."""
    judged = Judged({column.name.lower(): column for column in query.columns})
    for test in node.tests:
        case = _Case(test, node, query, names)
        if test.config.get("enabled") is False:
            continue
        if text(test.config.get("severity")).lower() == "warn":
            said = f"its test `{test.kind}` only warns"
            remedy = "rules stop a step: say it in the header if it should"
            judged.findings.append(Finding("left", node.shown, said, remedy, test.place))
        elif not (_is_plain(test) and _in_header(case, judged)):
            _apart(case, judged, renderer)
    return judged


def _is_plain(test: DbtTest) -> bool:
    options = ("where", "error_if", "limit", "fail_calc")
    return not any(test.config.get(name) for name in options)


def _in_header(case: _Case, judged: Judged) -> bool:
    """Whether the test is said of a column or of rows now."""
    test, arguments = case.test, case.test.arguments
    column = judged.columns.get(test.column.lower()) or FoundColumn(test.column)
    match test.kind.removeprefix("dbt."):
        case "not_null":
            column = replace(column, not_null=True)
        case "unique" if re.fullmatch(r"\w+", test.column):
            column = replace(column, unique=True)
        case "accepted_values":
            values = tuple(_scalar(each) for each in items(arguments.get("values")))
            column = replace(column, values=values)
        case "relationships" if case.to:
            target = case.names.find_spelled(case.said("to"))
            assert target is not None  # noqa: S101 - `to` found it
            column = replace(column, reference=(target.key, case.said("field")))
        case "dbt_utils.accepted_range":
            bounds = _bounds(case)
            if bounds is None:
                return False
            column = replace(column, bounds=(*column.bounds, *bounds))
        case "dbt_utils.expression_is_true":
            judged.rules[_free(judged, test.column or "expression")] = _condition(case)
            return True
        case "dbt_utils.unique_combination_of_columns" if not (
            judged.key or case.query.key_columns
        ):
            judged.key = texts(arguments.get("combination_of_columns"))
            return True
        case "dbt_utils.not_empty_string":
            name = _free(judged, f"{test.column}_not_empty")
            judged.rules[name] = f"{test.column} <> ''"
            return True
        case _:
            return False
    judged.columns[test.column.lower()] = column
    return True


def _apart(case: _Case, judged: Judged, renderer: Renderer) -> None:
    """A check of its own: a query of rows that should not be there."""
    test, node = case.test, case.node
    limits = text(test.config.get("error_if"))
    most = _MOST.fullmatch(limits) if limits else None
    if (limits and most is None) or text(test.config.get("fail_calc")):
        said = f"its test `{test.kind}` counts failures in a way of its own"
        _leave(judged, case, said)
        return
    where = text(test.config.get("where"))
    model = str(case.query.key)
    source = f"(SELECT * FROM {model} WHERE {where}) AS dbt_subquery" if where else model  # noqa: S608
    kind = test.kind.removeprefix("dbt.")
    if kind in _SQL:
        sql = _SQL[kind].format(
            model=source,
            column=test.column,
            values=", ".join(_literal(each) for each in items(test.arguments.get("values"))),
            field=case.said("field"),
            to=case.to,
            columns=", ".join(texts(test.arguments.get("combination_of_columns"))),
            condition=_condition(case) if kind in _CONDITIONS else "",
        )
    else:
        macro = f"{kind.rpartition('.')[0]}.test_{kind.rpartition('.')[2]}".removeprefix(".")
        arguments = {"column_name": test.column} if test.column else {}
        values = {name: renderer.value(value, node) for name, value in test.arguments.items()}
        for name, value in values.items():
            found = names_relation(case.names, value)
            values[name] = value if found is None else found
        rendered = renderer.call(node, macro, {"model": source, **arguments, **values})
        if rendered is None or rendered.failure:
            why = rendered.failure if rendered is not None else "nothing here does the same"
            _leave(judged, case, f"its test `{test.kind}` is not brought: {why}")
            return
        sql = rendered.text
    name = plain_name(f"{test.column}_{kind.rpartition('.')[2]}".strip("_"))
    keys = {check.key for check in judged.checks}
    number, key = 2, check_key(case.query, name)
    while key in keys:
        number, key = number + 1, check_key(case.query, f"{name}_{number}")
    check = failing_rows(case.query, key, sql, most=int(most[1]) if most else 0)
    judged.checks.append(replace(check, place=test.place))


def names_relation(names: Names, value: object) -> object:
    """The dataset that an argument names as `ref('x')`; None where it names none."""
    is_spelled = isinstance(value, str) and re.fullmatch(r"\s*(?:ref|source)\(.*\)\s*", value)
    return names.find_spelled(value) if is_spelled and isinstance(value, str) else None


_CONDITIONS: Final = ("dbt_utils.expression_is_true", "dbt_utils.accepted_range")


def _condition(case: _Case) -> str:
    if case.test.kind == "dbt_utils.expression_is_true":
        return f"{case.test.column} {case.said('expression')}".strip()
    sign = "" if _is_inclusive(case.test) else " strictly"
    least, most = case.said("min_value"), case.said("max_value")
    equal = "" if sign else "="
    parts = [f"{case.test.column} >{equal} {least}"] if least else []
    parts += [f"{case.test.column} <{equal} {most}"] if most else []
    return " AND ".join(parts)


def _bounds(case: _Case) -> tuple[tuple[str, Scalar], ...] | None:
    """The bounds that are plain numbers; None where one is an expression."""
    found: list[tuple[str, Scalar]] = []
    names = {"min_value": ("ge", "gt"), "max_value": ("le", "lt")}
    for name, (inclusive, exclusive) in names.items():
        limit = case.test.arguments.get(name)
        if limit is None:
            continue
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            return None
        found.append((inclusive if _is_inclusive(case.test) else exclusive, limit))
    return tuple(found)


def _is_inclusive(test: DbtTest) -> bool:
    return test.arguments.get("inclusive", True) is not False


def _leave(judged: Judged, case: _Case, said: str) -> None:
    remedy = "write a query of the rows that should not be there"
    judged.findings.append(Finding("left", case.node.shown, said, remedy, case.test.place))


def _free(judged: Judged, wanted: str) -> str:
    name, number = plain_name(wanted), 2
    while name in judged.rules:
        name, number = f"{plain_name(wanted)}_{number}", number + 1
    return name


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, int | float | str | bool) else text(value)


def _literal(value: object) -> str:
    return "'{}'".format(text(value).replace("'", "''"))
