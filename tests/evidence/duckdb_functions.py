"""A call of each function that DuckDB has, for each form of its arguments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from evidence_engines import DuckdbEngine

# What may stand for an argument of a type: a column of the hostile table, then a constant.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER"), ("i", "2")),
    **dict.fromkeys(("BIGINT", "HUGEINT", "UBIGINT", "UINTEGER"), ("b", "3")),
    **dict.fromkeys(("DOUBLE", "FLOAT"), ("x", "0.5")),
    **dict.fromkeys(("DECIMAL", "DECIMAL(18,3)"), ("p", "1.5")),
    "VARCHAR": ("s", "'a'"),
    "BOOLEAN": ("f",),
    "DATE": ("d",),
    "TIMESTAMP": ("ts",),
    "INTERVAL": ("INTERVAL 2 DAY",),
    **dict.fromkeys(("ANY", "T", "ARG", "VAL"), ("i", "s", "d", "1")),
}
_FUNCTIONS = """
    SELECT DISTINCT function_name, function_type, varargs,
        array_to_string(list_transform(parameter_types, lambda t: coalesce(t, 'ANY')), ';')
    FROM duckdb_functions()
    WHERE function_type IN ('scalar', 'aggregate', 'macro') AND NOT internal IS NULL
      AND regexp_full_match(function_name, '[a-z][a-z0-9_]*')
    ORDER BY ALL
"""
_MOST_FORMS = 2  # of one overload


def function_queries(reference: DuckdbEngine) -> Iterator[str]:
    """A query a call, over the hostile table; each is asked for once."""
    seen: set[str] = set()
    for name, kind, varargs, types in reference.run(_FUNCTIONS).rows:
        given = str(types).split(";") if types else []
        given += [str(varargs)] * (2 if varargs else 0)
        if not all(type_ in _ARGUMENTS for type_ in given):
            continue  # an argument of a type that no table here can hold
        forms = product(*(_ARGUMENTS[type_] for type_ in given))
        for _, form in zip(range(_MOST_FORMS), forms, strict=False):
            if kind == "aggregate":
                query = f"SELECT g, {name}({', '.join(form)}) AS r FROM h GROUP BY g"
            else:
                query = f"SELECT id, {name}({', '.join(form)}) AS r FROM h"
            if query not in seen:
                seen.add(query)
                yield query
