"""What a query compares its columns with: by that one can tell which rows it would let pass.

Columns are known by their names alone, whatever table has them. It is a guess, which only has to be
good enough for rows to be made: the same name may mean two columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias, TypeVar

import duckdb
import sqlglot
from sqlglot import exp

from flowforge_assets.sql.parse import ParsedSql
from flowforge_assets.sql.result import ParameterValue

T = TypeVar("T")
Constant: TypeAlias = bool | int | float | Decimal | str | date | datetime

_CONSTANTS: Final = (
    *(exp.Literal, exp.Boolean, exp.Cast, exp.TryCast, exp.Neg, exp.Paren, exp.Add, exp.Sub),
    *(exp.Mul, exp.Div, exp.Func, exp.Interval, exp.Var),
)
_CASES: Final = (exp.Case, exp.If)
_NO_VALUES: Final = (exp.DataType, exp.DataTypeParam, exp.Limit, exp.Offset, exp.WindowSpec)
_COMPARED: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ)
_CONDITIONS: Final = (*_COMPARED, exp.Between, exp.In, exp.Like, exp.ILike, exp.RegexpLike, exp.Is)
_VALUE: Final = "value"
_MOST_FLOWS: Final = 20


@dataclass(frozen=True, slots=True)
class AskedValues:
    """By column, in small letters: constants it meets, and conditions on it alone.

    Conditions are DuckDB's SQL over a column `value`. `shared` are columns that are compared with
    one another, `ordering` those that rows are put in order by.
    """

    constants: Mapping[str, tuple[Constant, ...]]
    conditions: Mapping[str, tuple[str, ...]]
    shared: tuple[frozenset[str], ...]
    ordering: frozenset[str]


def asked_values(
    parsed: ParsedSql, parameters: Mapping[str, ParameterValue], *, also: Iterable[str] = ()
) -> AskedValues:
    """What the query asks of columns, its parameters having those values; some milliseconds.

    `also` are conditions in DuckDB's SQL that its inputs are restricted by.
    """
    tree = _with_values(parsed.tree(), parameters)
    flows = _flows(tree)
    trees = [tree, *(sqlglot.condition(each, dialect="duckdb") for each in also)]
    found: dict[str, list[Constant]] = defaultdict(list)
    conditions: dict[str, list[str]] = defaultdict(list)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        for each in trees:
            for name, values in _constants(each, connection).items():
                found[name] += [value for value in values if value not in found[name]]
            for name, condition in _conditions(each):
                conditions[name].append(condition)
    ordering = {name for order in tree.find_all(exp.Order) for name in _columns(order)}
    return AskedValues(
        constants=_flowed(found, flows),
        conditions=_flowed(conditions, _renames(flows)),
        shared=_shared(tree, _renames(flows)),
        ordering=frozenset(_flowed({name: [name] for name in ordering}, flows)),
    )


def passing(
    conditions: Sequence[str], values: Sequence[object], type_: str
) -> list[tuple[object, int]]:
    """Values of a DuckDB type, each with how many of the conditions it meets."""
    counts = dict.fromkeys(range(len(values)), 0)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("SET TimeZone='UTC'")
        connection.execute(f"CREATE TABLE given (place INTEGER, {_VALUE} {type_})")
        connection.executemany("INSERT INTO given VALUES (?, ?)", list(enumerate(values)))
        for condition in conditions:
            query = f"SELECT place FROM given WHERE {condition}"  # noqa: S608 - of the query itself
            try:
                found = connection.execute(query).fetchall()
            except duckdb.Error:
                continue  # a column of this name in another table is meant
            for (place,) in found:
                counts[place] += 1
    return [(values[place], count) for place, count in counts.items()]


def _with_values(tree: exp.Expr, parameters: Mapping[str, ParameterValue]) -> exp.Expr:
    for node in list(tree.find_all(exp.Placeholder, exp.Parameter)):
        value = parameters.get(node.name)
        if value is not None:
            node.replace(exp.convert(value))
    return tree


# --- constants ----------------------------------------------------------------------------------


def _constants(tree: exp.Expr, connection: duckdb.DuckDBPyConnection) -> dict[str, list[Constant]]:
    """The constants of the query by the columns of the smallest expression around them."""
    found: dict[str, list[Constant]] = defaultdict(list)
    seen: set[int] = set()
    for leaf in tree.find_all(exp.Literal, exp.Boolean):
        whole = _whole(leaf)
        if id(whole) in seen or whole.find_ancestor(*_NO_VALUES):
            continue
        seen.add(id(whole))
        names = _columns_around(whole)
        value = _value(whole, connection) if names else None
        if value is None:
            continue
        for name in names:
            found[name] += [each for each in _meant(whole, value) if each not in found[name]]
    return found


def _whole(leaf: exp.Expr) -> exp.Expr:
    """The largest expression around a constant that is one, too."""
    at = leaf
    while (
        isinstance(at.parent, _CONSTANTS)
        and not isinstance(at.parent, _CASES)
        and not any(
            isinstance(node, (exp.Column, exp.Star, exp.Query, exp.Window))
            for node in at.parent.walk()
        )
    ):
        at = at.parent
    return at


def _columns_around(node: exp.Expr) -> list[str]:
    at = node.parent
    while at is not None and not isinstance(at, (exp.Query, exp.Join, exp.Tuple)):
        if names := list(_columns(at)):
            return names
        at = at.parent
    if isinstance(at, exp.Tuple):
        return _columns_around(at)
    return []


def _value(node: exp.Expr, connection: duckdb.DuckDBPyConnection) -> Constant | None:
    try:
        row = connection.execute(f"SELECT {node.sql('duckdb')}").fetchone()
    except duckdb.Error:
        return None
    value = row[0] if row else None
    return value if isinstance(value, (bool, int, float, Decimal, str, date)) else None


def _meant(node: exp.Expr, value: Constant) -> list[Constant]:
    """The value; of a pattern, texts that it matches."""
    if isinstance(node.parent, (exp.Like, exp.ILike)) and isinstance(value, str):
        plain = value.replace("_", "x")
        return [plain.replace("%", ""), plain.replace("%", "zz")]
    return [value]


# --- conditions ---------------------------------------------------------------------------------


def _conditions(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """Each comparison of one column with constants, as a condition on `value`."""
    for node in tree.find_all(*_CONDITIONS):
        if node.find(exp.Query, exp.AggFunc, exp.Window):
            continue
        names = set(_columns(node))
        if len(names) == 1:
            yield names.pop(), node.copy().transform(_as_value).sql("duckdb")


def _as_value(node: exp.Expr) -> exp.Expr:
    return exp.column(_VALUE) if isinstance(node, exp.Column) else node


# --- columns ------------------------------------------------------------------------------------


def _columns(node: exp.Expr) -> Iterator[str]:
    """The names of its columns, each once; those of queries within it are others."""
    inner = {id(each) for query in node.find_all(exp.Query) for each in query.walk()}
    if isinstance(node, exp.Query):
        return
    found = (each for each in node.find_all(exp.Column) if id(each) not in inner)
    yield from dict.fromkeys(each.name.lower() for each in found)


def _flows(tree: exp.Expr) -> dict[str, dict[str, bool]]:
    """From what columns those with a new name come; True where they are the same values."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for alias in tree.find_all(exp.Alias):
        for name in _columns(alias.this):
            if name != alias.alias.lower():
                found[alias.alias.lower()][name] = isinstance(alias.this, exp.Column)
    return found


def _renames(flows: Mapping[str, Mapping[str, bool]]) -> dict[str, dict[str, bool]]:
    return {
        new: {old: True for old, is_same in olds.items() if is_same} for new, olds in flows.items()
    }


def _flowed(
    known: Mapping[str, Sequence[T]], flows: Mapping[str, Mapping[str, bool]]
) -> dict[str, tuple[T, ...]]:
    """What is known of a column is known of those that it comes from, too."""
    found = {name: list(values) for name, values in known.items()}
    for _ in range(_MOST_FLOWS):
        is_done = True
        for new, olds in flows.items():
            for old in olds:
                more = [each for each in found.get(new, ()) if each not in found.get(old, ())]
                if more:
                    found.setdefault(old, []).extend(more)
                    is_done = False
        if is_done:
            break
    return {name: tuple(values) for name, values in found.items()}


def _shared(
    tree: exp.Expr, renames: Mapping[str, Mapping[str, bool]]
) -> tuple[frozenset[str], ...]:
    """Columns that are compared with one another, with all names that they have."""
    groups: dict[str, set[str]] = {}

    def join(one: str, other: str) -> None:
        both = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(both, both))

    pairs = list(_compared(tree))
    for one, other in pairs:
        join(one, other)
    linked = set(groups)
    for new, olds in renames.items():
        for old in olds:
            join(new, old)
    found = {frozenset(group) for group in groups.values() if group & linked}
    return tuple(sorted(found, key=sorted))


def _compared(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for node in tree.find_all(*_COMPARED):
        left, right = _one(node.this), _one(node.expression)
        if left and right:
            yield left, right
    for among in tree.find_all(exp.In):
        query = among.args.get("query")
        left, right = _one(among.this), _one(query.this) if query is not None else ""
        if left and right:
            yield left, right
    for join in tree.find_all(exp.Join):
        for each in join.args.get("using") or ():
            yield each.name.lower(), each.name.lower()
    for both in tree.find_all(exp.Except, exp.Intersect):
        for one, other in zip(_items(both.this), _items(both.expression), strict=False):
            left, right = _one(one), _one(other)
            if left and right:
                yield left, right


def _items(node: exp.Expr | None) -> list[exp.Expr]:
    """What a query selects; nothing of what is none."""
    if isinstance(node, exp.Subquery):
        return _items(node.this)
    return list(node.selects) if isinstance(node, exp.Query) else []


def _one(node: exp.Expr) -> str:
    """The one column of an expression, or of a query's first column; else nothing."""
    if isinstance(node, (exp.Subquery, exp.Query)):
        items = _items(node)
        return _one(items[0]) if items else ""
    names = list(_columns(node))
    return names[0] if len(names) == 1 else ""
