"""dbt's own macros, and those of dbt_utils that need no database, as functions.

Each gives what the macro gives on DuckDB. In a project for another warehouse the text is written
in that one's SQL, since the query around it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias, cast

from flowforge_assets.project.bring.duckdb_forms import (
    FORMS,
    duckdb_form,
    foreign_call,
    foreign_key_call,
    surrogate_key,
)
from flowforge_assets.project.bring.to_duckdb import type_in
from flowforge_assets.project.bring.words import items, text
from flowforge_assets.project.from_dbt.names import Relation

Macro: TypeAlias = Callable[..., object]

_TYPES: Final = {
    "string": "TEXT",
    "timestamp": "TIMESTAMP",
    "int": "INT",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "numeric": "NUMERIC(28, 6)",
    "boolean": "BOOLEAN",
}
_OF_UTILS: Final = ("safe_divide", "nullcheck")
_CASTS: Final = {"safe_cast": "TRY_CAST", "cast": "CAST"}


@dataclass(frozen=True, slots=True)
class Known:
    """What the functions need: the SQL to write, and how to give up."""

    dialect: str
    refuse: Callable[[str], NoReturn]

    def form(self, name: str) -> Macro:
        """The macro that is the form `name`; its arguments are SQL."""
        parameters = FORMS[name][0]

        def macro(*arguments: object, **options: object) -> str:
            given = dict(zip(parameters, map(text, arguments), strict=False))
            given |= {each: text(value) for each, value in options.items()}
            if "datepart" in given:
                given["datepart"] = given["datepart"].strip("'").lower()
            missing = [each for each in parameters if each not in given]
            if missing:
                self.refuse(f"the macro `{name}` lacks its argument `{missing[0]}`")
            return (duckdb_form if self.dialect == "duckdb" else foreign_call)(name, given)

        return macro

    def cast(self, word: str) -> Macro:
        """`CAST(field AS type)`: the type is one of the project's warehouse."""

        def macro(field: str, type: str) -> str:  # noqa: A002 - dbt's own signature
            known = word == "CAST" or self.dialect in {"duckdb", "snowflake", "databricks", "tsql"}
            return f"{word if known else 'CAST'}({field} AS {type})"

        return macro

    def type(self, name: str) -> Macro:
        """The warehouse's word for a type."""
        word = _TYPES[name]
        spelled = word if self.dialect == "duckdb" else type_in(word, self.dialect)
        return _always(spelled)


def known_macros(known: Known) -> dict[str, dict[str, Macro]]:
    """The macros by package and name."""
    dbt = {name: known.form(name) for name in FORMS if name not in _OF_UTILS}
    dbt |= {name: known.cast(word) for name, word in _CASTS.items()}
    dbt |= {f"type_{name}": known.type(name) for name in _TYPES}
    others: dict[str, Macro] = {
        "concat": _concat,
        "listagg": _listagg,
        "string_literal": _literal,
        "escape_single_quotes": _escaped,
        "except": _always("except"),
        "intersect": _always("intersect"),
        "date_spine": _date_spine(known),
        "generate_series": _generate_series(known),
        "get_where_subquery": _same,
    }
    dbt |= others
    utils: dict[str, Macro] = {name: known.form(name) for name in _OF_UTILS}
    more: dict[str, Macro] = {
        "generate_surrogate_key": _surrogate_key(known),
        "surrogate_key": _surrogate_key(known),
        "star": _star(known),
        "union_relations": _union(known),
        "date_spine": _date_spine(known),
        "generate_series": _generate_series(known),
        "group_by": _group_by,
        "deduplicate": _deduplicate,
        "safe_add": lambda *fields: _added(fields, "+"),
        "safe_subtract": lambda *fields: _added(fields, "-"),
        "pretty_time": _always(""),
        "log_info": _always(""),
    }
    utils |= more
    for name in ("get_column_values", "get_filtered_columns_in_relation", "unpivot", "pivot_values",
                 "get_relations_by_pattern", "get_relations_by_prefix",
                 "get_query_results_as_dict", "get_single_value"):  # fmt: skip
        utils[name] = _asks(known, name)
    utils["pivot"] = _pivot(known)
    utils |= {name: dbt[name] for name in ("dateadd", "datediff", "date_trunc", "last_day")}
    return {"dbt": dbt, "dbt_utils": utils}


def _concat(fields: object) -> str:
    return " || ".join(map(text, items(fields)))


def _literal(value: object) -> str:
    return f"'{value}'"


def _escaped(value: object) -> str:
    return text(value).replace("'", "''")


def _same(value: object) -> object:
    return value


def _group_by(n: int) -> str:
    return f"group by {', '.join(str(place + 1) for place in range(int(n)))}"


def _always(value: str) -> Macro:
    return lambda *_, **__: value


def _asks(known: Known, name: str) -> Macro:
    def macro(*_: object, **__: object) -> NoReturn:
        known.refuse(f"it asks the database while it is compiled (`dbt_utils.{name}`)")

    return macro


def _surrogate_key(known: Known) -> Macro:
    def macro(*fields: object) -> str:
        names = [text(name) for each in fields for name in items(each)]
        return (surrogate_key if known.dialect == "duckdb" else foreign_key_call)(names)

    return macro


def _star(known: Known) -> Macro:
    def macro(*relation: object, **options: object) -> str:
        if options.get("prefix") or options.get("suffix"):
            known.refuse("it renames all columns of a table (`dbt_utils.star` with `prefix`)")
        given = dict(zip(("from", "relation_alias", "except"), relation, strict=False)) | options
        left_out = [f'"{name}"' for name in items(given.get("except"))]
        alias = f"{given['relation_alias']}." if given.get("relation_alias") else ""
        star = f"{alias}* EXCLUDE ({', '.join(left_out)})" if left_out else f"{alias}*"
        if known.dialect == "bigquery":
            return star.replace("EXCLUDE", "EXCEPT").replace('"', "`")
        return star

    return macro


def _union(known: Known) -> Macro:
    def macro(relations: list[Relation], **options: object) -> str:
        if options.get("column_override"):
            known.refuse("it casts columns as it unites tables (`column_override`)")
        if known.dialect != "duckdb":
            known.refuse("it unites tables by the names of their columns (`union_relations`)")
        chosen = ", ".join(f'"{name}"' for name in items(options.get("include"))) or "*"
        left_out = ", ".join(f'"{name}"' for name in items(options.get("exclude")))
        chosen = f"* EXCLUDE ({left_out})" if left_out else chosen
        named = options.get("source_column_name", "_dbt_source_relation")
        where = f" WHERE {options['where']}" if options.get("where") else ""
        parts: list[str] = []
        for each in relations:
            said = f"'{each}' AS {named}, " if named else ""
            parts.append(f"SELECT {said}{chosen} FROM {each}{where}")  # noqa: S608 - its own query
        return "(\n" + "\nUNION ALL BY NAME\n".join(parts) + "\n)"

    return macro


def _date_spine(known: Known) -> Macro:
    def macro(datepart: str, start_date: str, end_date: str) -> str:
        part = datepart.strip("'")
        ends = "CAST(ff_start_ AS TIMESTAMP), CAST(ff_end_ AS TIMESTAMP)"
        query = f"SELECT range AS date_{part} FROM range({ends}, INTERVAL 1 {part})"  # noqa: S608
        if known.dialect != "duckdb":
            known.refuse("it makes a row for each day (`date_spine`)")
        return query.replace("ff_start_", start_date).replace("ff_end_", end_date)

    return macro


def _generate_series(known: Known) -> Macro:
    def macro(upper_bound: object) -> str:
        if known.dialect != "duckdb":
            known.refuse("it makes a row for each number (`generate_series`)")
        return f"SELECT generate_series AS generated_number FROM generate_series(1, {upper_bound})"  # noqa: S608

    return macro


def _listagg(
    measure: str, delimiter_text: str = "','", order_by_clause: str = "", limit_num: int = 0
) -> str:
    inner = f"{measure}, {delimiter_text} {order_by_clause or ''}".strip()
    if limit_num:
        some = f"(array_agg({measure} {order_by_clause or ''}))[1:{limit_num}]"
        return f"array_to_string({some}, {delimiter_text})"
    return f"string_agg({inner})"


def _deduplicate(relation: object, partition_by: str, order_by: str) -> str:
    return (
        f"select * from {relation} qualify "  # noqa: S608 - the project's own query
        f"row_number() over (partition by {partition_by} order by {order_by}) = 1"
    )


def _added(fields: tuple[object, ...], sign: str) -> str:
    names = items(fields[0]) if len(fields) == 1 else list(fields)
    return f" {sign}\n  ".join(f"coalesce({name}, 0)" for name in names)


_PIVOT: Final[Mapping[str, object]] = {
    "alias": True,
    "agg": "sum",
    "cmp": "=",
    "prefix": "",
    "suffix": "",
    "then_value": 1,
    "else_value": 0,
    "quote_identifiers": True,
    "distinct": False,
}
"""What `pivot` may be told, and what holds where it is not, in dbt's order."""


def _pivot(known: Known) -> Macro:
    def macro(column: str, values: object, *more: object, **options: object) -> str:
        if not isinstance(values, list):
            known.refuse("it turns values into columns that only the database knows (`pivot`)")
        said = {**_PIVOT, **dict(zip(_PIVOT, more, strict=False)), **options}
        found: list[str] = []
        for value in items(cast("object", values)):
            literal = text(value).replace("'", "''")
            name = f"{said['prefix']}{value}{said['suffix']}"
            name = f'"{name}"' if said["quote_identifiers"] else name
            case = f"case when {column} {said['cmp']} '{literal}' then {said['then_value']}"
            inner = f"{'distinct ' if said['distinct'] else ''}{case} else {said['else_value']} end"
            found.append(f"{said['agg']}({inner})" + (f" as {name}" if said["alias"] else ""))
        return ",\n".join(found)

    return macro
