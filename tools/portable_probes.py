"""What portable SQL is asked for the reference: a query for each function, operator, cast, clause.

Functions are those that DuckDB lists, called once with columns and, where that is refused, with
constants in the places that may need them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

import duckdb

TABLES: Final = {
    "t": {
        "id": "INTEGER",
        "a": "INTEGER",
        "p": "DECIMAL(10,2)",
        "x": "DOUBLE",
        "s": "VARCHAR",
        "f": "BOOLEAN",
        "d": "DATE",
        "ts": "TIMESTAMP",
    },
    "u": {"id": "INTEGER", "a": "INTEGER"},
}
COLUMNS: Final = {
    "INTEGER": "a",
    "DECIMAL": "p",
    "DOUBLE": "x",
    "VARCHAR": "s",
    "BOOLEAN": "f",
    "DATE": "d",
    "TIMESTAMP": "ts",
}
_AS: Final = {
    "BIGINT": "INTEGER",
    "INTEGER": "INTEGER",
    "DECIMAL": "DECIMAL",
    "DOUBLE": "DOUBLE",
    "VARCHAR": "VARCHAR",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
}
_ANY: Final = {"ANY": ("INTEGER", "VARCHAR", "DATE"), "T": ("INTEGER", "VARCHAR", "DATE")}
_CONSTANTS: Final = {
    "INTEGER": ("2",),
    "VARCHAR": ("'b'", "'day'", "'%Y-%m-%d'", "'[a-z]+'", "'xyz'"),
}
_MOST_ARGUMENTS: Final = 3
_LISTED: Final = """
    SELECT DISTINCT function_name, function_type, parameter_types
    FROM duckdb_functions()
    WHERE function_type IN ('scalar', 'aggregate', 'macro')
    AND regexp_matches(function_name, '^[a-z]')
    ORDER BY ALL
"""
_MORE: Final = {  # what DuckDB does not list, or lists in a way that tells no types
    "aggregate": (
        *("count_if(f)", "count(*)", "string_agg(s, ',' ORDER BY s)", "quantile_cont(x, 0.9)"),
        "array_to_string(list(s ORDER BY s), ',')",
    ),
    "scalar": (
        *("coalesce(a, 2)", "ifnull(a, 2)", "nullif(a, 2)", "if(f, a, 2)", "extract(year FROM d)"),
        *("greatest(a, 2)", "least(a, 2)", "concat(s, 'b')", "concat_ws(',', s, 'b')"),
        *("date_part('year', d)", "make_date(a, 1, 2)", "split_part(s, 'b', 2)"),
        *("regexp_replace(s, '[a-z]+', 'b', 'g')", "regexp_extract(s, '([a-z])', 1)"),
        *("time_bucket(INTERVAL 15 MINUTE, ts)", "strptime(s, '%Y-%m-%d')", "current_date"),
        *("position('b' IN s)", "substring(s, 2, 3)", "lpad(s, 5, 'b')", "rpad(s, 5, 'b')"),
        *("trim(s, 'b')", "ts AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin'"),
    ),
}
_WINDOWS: Final = (
    *("row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(2)"),
    *("lag(a)", "lag(a, 2, 0)", "lead(a)", "first_value(a)", "last_value(a)", "nth_value(a, 2)"),
    *("first_value(a IGNORE NULLS)", "last_value(a IGNORE NULLS)"),
    *("sum(a)", "avg(a)", "count(a)", "count(*)", "min(a)", "max(a)", "bool_and(f)"),
)
_OPERATORS: Final = (
    *("a + 2", "a - 2", "a * 2", "a / 2", "a // 2", "a % 2", "-a", "p + p", "p * p", "p / 2"),
    *("a & 2", "a | 2", "xor(a, 2)", "a << 2", "~a", "s || 'b'", "s || a", "d + 2", "d - d"),
    *("d + INTERVAL 2 DAY", "ts - INTERVAL 2 HOUR", "ts - ts", "d + INTERVAL (a) MONTH"),
    *("a = 2", "a <> 2", "a < 2", "s < 'b'", "a BETWEEN 1 AND 2", "a IN (1, 2)", "s IN ('b', 'c')"),
    *("a IS NULL", "f IS TRUE", "a IS DISTINCT FROM 2", "f AND NOT f OR f", "s LIKE 'b%'"),
    *("s ILIKE 'b%'", "s LIKE 'b!_' ESCAPE '!'", "s SIMILAR TO 'b+'", "s ~ 'b+'", "s GLOB 'b*'"),
    *("CASE WHEN f THEN a ELSE 2 END", "CASE a WHEN 2 THEN 's' END", "(SELECT max(a) FROM u)"),
    *(
        "a IN (SELECT a FROM u)",
        "EXISTS (SELECT 1 FROM u WHERE u.a = t.a)",
        "a = ANY (SELECT a FROM u)",
    ),
)
_CLAUSES: Final = {
    "`JOIN ... ON`": "SELECT t.id FROM t JOIN u ON t.id = u.id",
    "`LEFT JOIN`": "SELECT t.id, u.a FROM t LEFT JOIN u ON t.id = u.id",
    "`RIGHT JOIN`": "SELECT u.id, t.a FROM t RIGHT JOIN u ON t.id = u.id",
    "`FULL JOIN`": "SELECT t.id, u.a FROM t FULL JOIN u ON t.id = u.id",
    "`CROSS JOIN`": "SELECT t.id, u.a FROM t CROSS JOIN u",
    "`JOIN ... USING`": "SELECT id, t.a FROM t JOIN u USING (id)",
    "`SEMI JOIN`, `ANTI JOIN`": "SELECT id FROM t SEMI JOIN u USING (id)",
    "`ASOF JOIN`": "SELECT t.id, u.a FROM t ASOF JOIN u ON t.id >= u.id",
    "`LATERAL`": "SELECT t.id, v.m FROM t, LATERAL (SELECT max(a) AS m FROM u WHERE u.id = t.id) v",
    "`WITH`": "WITH v AS (SELECT id FROM t) SELECT id FROM v",
    "`WITH` in a subquery": "SELECT id FROM (WITH v AS (SELECT id FROM t) SELECT id FROM v) w",
    "`WITH RECURSIVE`": "WITH RECURSIVE r AS (SELECT id FROM u UNION ALL SELECT id + 1 FROM r"
    " WHERE id < 5) SELECT id FROM r",
    "`GROUP BY ALL`": "SELECT s, count(*) AS n FROM t GROUP BY ALL",
    "`GROUP BY ROLLUP`": "SELECT s, count(*) AS n FROM t GROUP BY ROLLUP (s)",
    "`GROUP BY CUBE`": "SELECT s, a, count(*) AS n FROM t GROUP BY CUBE (s, a)",
    "`GROUPING SETS`": "SELECT s, a, count(*) AS n FROM t GROUP BY GROUPING SETS ((s), (a))",
    "`HAVING`": "SELECT s, count(*) AS n FROM t GROUP BY s HAVING count(*) > 1",
    "`QUALIFY`": "SELECT id FROM t QUALIFY row_number() OVER (PARTITION BY s ORDER BY id) = 1",
    "`DISTINCT`": "SELECT DISTINCT s FROM t",
    "`DISTINCT ON`": "SELECT DISTINCT ON (s) s, id FROM t ORDER BY s, id",
    "`FILTER`": "SELECT sum(a) FILTER (WHERE f) AS n FROM t",
    "`UNION`": "SELECT id FROM t UNION SELECT id FROM u",
    "`UNION ALL`": "SELECT id FROM t UNION ALL SELECT id FROM u",
    "`UNION BY NAME`": "SELECT id FROM t UNION BY NAME SELECT id FROM u",
    "`INTERSECT`": "SELECT id FROM t INTERSECT SELECT id FROM u",
    "`INTERSECT ALL`": "SELECT id FROM t INTERSECT ALL SELECT id FROM u",
    "`EXCEPT`": "SELECT id FROM t EXCEPT SELECT id FROM u",
    "`EXCEPT ALL`": "SELECT id FROM t EXCEPT ALL SELECT id FROM u",
    "`VALUES`": "SELECT t.id, v.n FROM t JOIN (VALUES (1, 'b')) v(k, n) ON t.id = v.k",
    "`ORDER BY`": "SELECT id FROM t ORDER BY s DESC NULLS FIRST, id",
    "`LIMIT`": "SELECT id FROM t ORDER BY id LIMIT 2",
    "`LIMIT ... OFFSET`": "SELECT id FROM t ORDER BY id LIMIT 2 OFFSET 1",
    "`LIMIT` in percent": "SELECT id FROM t LIMIT 10%",
    "`USING SAMPLE`": "SELECT id FROM t USING SAMPLE 10%",
    "`PIVOT`": "SELECT * FROM (SELECT id, s, a FROM t) PIVOT (sum(a) FOR s IN ('b', 'c'))",
    "`UNPIVOT`": "SELECT * FROM (SELECT id, a FROM u) UNPIVOT (v FOR n IN (a))",
    "`* EXCLUDE`": "SELECT * EXCLUDE (id) FROM u",
    "`* REPLACE`": "SELECT * REPLACE (a + 1 AS a) FROM u",
    "`COLUMNS(...)`": "SELECT COLUMNS('a') FROM u",
    "window with `ROWS`": "SELECT sum(a) OVER (ORDER BY id ROWS 1 PRECEDING) AS n FROM t",
    "window by peers": "SELECT sum(a) OVER (ORDER BY id) AS n FROM t",
    "window with a `RANGE` by distance": "SELECT sum(a) OVER (ORDER BY id RANGE 1 PRECEDING) AS n"
    " FROM t",
    "named window": "SELECT sum(a) OVER w AS n FROM t WINDOW w AS (PARTITION BY s)",
    "alias in the same `SELECT`": "SELECT a + 1 AS b, b * 2 AS c FROM t",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """A query that shows something; `written` is how the page calls that."""

    group: str
    written: str
    sql: str


def functions() -> Iterator[list[Probe]]:
    """Of each function the calls to try, one after another, until a target takes one."""
    seen: set[str] = set()
    with duckdb.connect() as connection:
        listed = connection.execute(_LISTED).fetchall()
    for name, kind, parameters in listed:
        group = "Aggregates" if kind == "aggregate" else "Functions"
        for types in _typed(parameters):
            signature = f"{name}({', '.join(types)})"
            if signature not in seen:
                seen.add(signature)
                yield [_call(group, name, types, constants) for constants in _choices(types)]
    for kind, calls in _MORE.items():
        group = "Aggregates" if kind == "aggregate" else "Functions"
        yield from ([Probe(group, f"`{call}`", f"SELECT {call} AS r FROM t")] for call in calls)  # noqa: S608 - ours


def others() -> Iterator[Probe]:
    """What is no function."""
    for call in _WINDOWS:
        sql = f"SELECT {call} OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS r FROM t"  # noqa: S608 - ours
        plain = f"SELECT {call} OVER (ORDER BY id) AS r FROM t"  # noqa: S608 - ours
        has_frame = call.startswith(("first", "last", "nth", "sum", "avg", "count", "min", "max"))
        yield Probe("Windows", f"`{call}`", sql if has_frame else plain)
    for call in _OPERATORS:
        yield Probe("Operators", f"`{call}`", f"SELECT {call} AS r FROM t")  # noqa: S608 - ours
    for given, wanted in product(COLUMNS, COLUMNS):
        if given != wanted:
            spelled = TABLES["t"]["p"] if wanted == "DECIMAL" else wanted
            sql = f"SELECT CAST({COLUMNS[given]} AS {spelled}) AS r FROM t"  # noqa: S608 - ours
            yield Probe("Casts", f"`{given}` to `{wanted}`", sql)
    for written, sql in _CLAUSES.items():
        yield Probe("Clauses", written, sql)


def _typed(parameters: list[str | None]) -> Iterator[tuple[str, ...]]:
    """The types of the arguments as ours; none where one is of a type that is not portable."""
    if len(parameters) > _MOST_ARGUMENTS:
        return
    names = [(each or "ANY").partition("(")[0] for each in parameters]
    yield from product(*(_ANY.get(name, (_AS[name],) if name in _AS else ()) for name in names))


def _choices(types: tuple[str, ...]) -> Iterator[dict[int, str]]:
    """Which arguments are constants, none first, and which."""
    places = [place for place, kind in enumerate(types) if kind in _CONSTANTS]
    for count in range(len(places) + 1):
        for chosen in combinations(places, count):
            if len(chosen) == len(types):
                continue  # it would be computed when it is emitted
            for values in product(*(_CONSTANTS[types[place]] for place in chosen)):
                yield dict(zip(chosen, values, strict=True))


def _call(group: str, name: str, types: tuple[str, ...], constants: dict[int, str]) -> Probe:
    arguments = [constants.get(place, COLUMNS[kind]) for place, kind in enumerate(types)]
    shown = [f"{constants[p]}" if p in constants else kind for p, kind in enumerate(types)]
    sql = f"SELECT {name}({', '.join(arguments)}) AS r FROM t"  # noqa: S608 - ours
    return Probe(group, f"`{name}({', '.join(shown)})`", sql)
