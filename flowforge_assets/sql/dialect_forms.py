"""What Snowflake, BigQuery and Databricks write and DuckDB has too: forms known to mean the same.

A part of a query is allowed where its kind is in `ALIKE`, or its form in `FORMS` says so for the
dialect. `REWRITES` are those that DuckDB spells in another way. All else is not known to be the
same, and is refused: divisions, most casts, functions whose rounding, time zones or NULLs differ.
Where a form holds for dates alone, it is written so that DuckDB takes it for dates alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from sqlglot import exp

Form: TypeAlias = Callable[[exp.Expr, str], bool]

ALIKE: Final[frozenset[type[exp.Expr]]] = frozenset(
    {
        *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order),
        *(exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Union, exp.Intersect, exp.Except),
        *(exp.Subquery, exp.With, exp.CTE, exp.Table, exp.TableAlias, exp.Alias, exp.Column),
        *(exp.Identifier, exp.Star, exp.Boolean, exp.Null, exp.Paren, exp.And, exp.Or, exp.Not),
        *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is),
        *(exp.Exists, exp.Neg, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Abs),
        *(exp.Count, exp.CountIf, exp.Sum, exp.Min, exp.Max, exp.LogicalAnd, exp.LogicalOr),
        *(exp.Window, exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist),
        *(exp.Lag, exp.Lead, exp.Qualify, exp.NullSafeEQ, exp.NullSafeNEQ, exp.EqualNull),
        *(exp.Upper, exp.Lower, exp.Length, exp.StartsWith, exp.EndsWith, exp.Contains),
        *(exp.Placeholder, exp.Parameter),
    }
)
_TEXTS: Final = (exp.Upper, exp.Lower, exp.Trim, exp.Substring, exp.Left, exp.Right, exp.Replace)
_TRUNCATED: Final = frozenset({"YEAR", "QUARTER", "MONTH", "DAY"})
_DIFFERENCES: Final[Mapping[str, frozenset[str]]] = {
    "snowflake": frozenset({"YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}),
    "bigquery": _TRUNCATED,
    "databricks": frozenset({"DAY"}),
}
_EXTRACTED: Final = frozenset({"YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE"})
_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    return str(unit.this).upper() if isinstance(unit, exp.Expr) else ""


def _literal(node: object) -> str | None:
    """The text of a literal text that is not empty."""
    return str(node.this) or None if isinstance(node, exp.Literal) and node.is_string else None


def _number(node: object, least: int) -> bool:
    """Whether it is a whole number as written, from `least` on."""
    if isinstance(node, exp.Neg):
        return least < 0 and _number(node.this, 0)
    if not isinstance(node, exp.Literal) or node.is_string:
        return False
    return str(node.this).isdigit() and int(node.this) >= least


def _of_literal(node: exp.Expr, dialect: str) -> bool:
    """Whole numbers and texts; what has a fraction is a float for BigQuery, else a decimal."""
    text = str(node.this)
    if node.is_string or text.isdigit():
        return True
    is_plain = text.replace(".", "", 1).isdigit()
    return is_plain if dialect != "bigquery" else re.fullmatch(r"[\d.]{1,16}", text) is not None


def _of_arithmetic(node: exp.Expr, _: str) -> bool:
    """Some read a text as a number."""
    return not any(each.is_string for each in (node.this, node.args["expression"]))


def _of_concat(node: exp.Expr, dialect: str) -> bool:
    """Of what is surely text: numbers are written in other ways."""
    parts = node.expressions or [node.this, node.args["expression"]]
    return dialect == "bigquery" or all(map(_is_text, parts))


def _is_text(node: exp.Expr) -> bool:
    if isinstance(node, (exp.DPipe, exp.Concat)):
        return all(map(_is_text, node.expressions or [node.this, node.args["expression"]]))
    return isinstance(node, _TEXTS) or node.is_string


def _of_pattern(node: exp.Expr, _: str) -> bool:
    return _literal(node.args["expression"]) is not None


def _of_cast(node: exp.Expr, _: str) -> bool:
    """`DATE '2026-01-31'`: other texts are read in other ways."""
    to, text = node.args["to"], _literal(node.this)
    return bool(to.this is exp.DType.DATE and text and _ISO_DATE.fullmatch(text))


def _of_trim(node: exp.Expr, dialect: str) -> bool:
    """BigQuery trims more than blanks, where it is not told what."""
    letters = node.args.get("expression")
    return dialect != "bigquery" if letters is None else _literal(letters) is not None


def _of_substring(node: exp.Expr, _: str) -> bool:
    length = node.args.get("length")
    return _number(node.args.get("start"), 1) and (length is None or _number(length, 0))


def _of_edge(node: exp.Expr, _: str) -> bool:
    return _number(node.args["expression"], 0)


def _of_position(node: exp.Expr, _: str) -> bool:
    said = {name for name, value in node.args.items() if value is not None}
    return (
        said <= {"this", "substr", "clamp_position"} and _literal(node.args["substr"]) is not None
    )


def _of_replace(node: exp.Expr, _: str) -> bool:
    return (
        _literal(node.args["expression"]) is not None and node.args.get("replacement") is not None
    )


def _of_truncation(node: exp.Expr, dialect: str) -> bool:
    """Databricks gives an instant, and BigQuery's `TIMESTAMP_TRUNC` takes one."""
    kind = exp.TimestampTrunc if dialect == "snowflake" else exp.DateTrunc
    return dialect != "databricks" and isinstance(node, kind) and _unit(node) in _TRUNCATED


def _of_date_sum(node: exp.Expr, _: str) -> bool:
    by = node.args["expression"]
    if isinstance(by, exp.Interval):
        by = by.this
    return _unit(node) in {"DAY", ""} and _is_count(by)


def _is_count(by: object) -> bool:
    """A whole number, as a number or as BigQuery's interval holds it."""
    text = _literal(by)
    return text.isdigit() if text is not None else _number(by, -1)


def _of_difference(node: exp.Expr, dialect: str) -> bool:
    """Of units whose borders are counted."""
    return _unit(node) in _DIFFERENCES[dialect]


def _of_extraction(node: exp.Expr, _: str) -> bool:
    return str(node.this.this).upper() in _EXTRACTED


def _of_frame(node: exp.Expr, _: str) -> bool:
    """Rows; ranges only without a distance."""
    kind, exclude = str(node.args.get("kind")).upper(), node.args.get("exclude")
    sides = (node.args.get("start"), node.args.get("end"))
    return exclude is None and (kind == "ROWS" or all(isinstance(side, str) for side in sides))


def _of_edge_of_window(node: exp.Expr, dialect: str) -> bool:
    """Snowflake takes the whole partition where no frame is written."""
    above = node.parent
    return dialect != "snowflake" or (isinstance(above, exp.Window) and bool(above.args["spec"]))


def _below(*kinds: type[exp.Expr]) -> Form:
    """What stands inside of others and means nothing by itself."""
    return lambda node, _: isinstance(node.parent, kinds)


_DATES: Final = (exp.DateTrunc, exp.TimestampTrunc, exp.DateAdd, exp.DateSub, exp.DateDiff)
FORMS: Final[Mapping[type[exp.Expr], Form]] = {
    exp.Literal: _of_literal,
    exp.Add: _of_arithmetic,
    exp.Sub: _of_arithmetic,
    exp.Mul: _of_arithmetic,
    exp.Concat: _of_concat,
    exp.DPipe: _of_concat,
    exp.Like: _of_pattern,
    exp.ILike: _of_pattern,
    exp.Cast: _of_cast,
    exp.Trim: _of_trim,
    exp.Substring: _of_substring,
    exp.Left: _of_edge,
    exp.Right: _of_edge,
    exp.StrPosition: _of_position,
    exp.Replace: _of_replace,
    exp.DateTrunc: _of_truncation,
    exp.TimestampTrunc: _of_truncation,
    exp.DateAdd: _of_date_sum,
    exp.DateSub: _of_date_sum,
    exp.TsOrDsAdd: _of_date_sum,
    exp.DateDiff: _of_difference,
    exp.Extract: _of_extraction,
    exp.Year: lambda _, dialect: dialect != "bigquery",
    exp.Month: lambda _, dialect: dialect != "bigquery",
    exp.Day: lambda _, dialect: dialect != "bigquery",
    exp.Quarter: lambda _, dialect: dialect != "bigquery",
    exp.TsOrDsToDate: _below(exp.Year, exp.Month, exp.Day, exp.Quarter),
    exp.WindowSpec: _of_frame,
    exp.FirstValue: _of_edge_of_window,
    exp.LastValue: _of_edge_of_window,
    exp.Interval: _below(exp.DateAdd, exp.DateSub),
    exp.DataType: _below(exp.Cast),
    exp.Var: _below(*_DATES, exp.Interval, exp.Extract, exp.Parameter),
}


def _whole(node: exp.Expr) -> exp.Expr:
    """In brackets, where an operator may stand around it."""
    return exp.paren(node) if isinstance(node, exp.Binary) else node


def _as_date(node: exp.Expr) -> exp.Expr:
    """A date and nothing else: DuckDB adds no number to a time."""
    return exp.Add(this=_whole(node), expression=exp.Literal.number(0))


def _truncated(node: exp.Expr) -> exp.Expr:
    unit = exp.Literal.string(_unit(node).lower())
    found = exp.Anonymous(this="date_trunc", expressions=[unit, _as_date(node.this)])
    return exp.cast(found, "DATE")


def _later(node: exp.Expr) -> exp.Expr:
    by = node.args["expression"]
    by = by.this if isinstance(by, exp.Interval) else by
    number = exp.Literal.number(str(by.this)) if by.is_string else by
    kind = exp.Sub if isinstance(node, exp.DateSub) else exp.Add
    return exp.paren(kind(this=_whole(node.this), expression=_whole(number)))


def _counted(node: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.case().when(node.this, exp.Literal.number(1)))


def _joined(node: exp.Expr) -> exp.Expr:
    first, *rest = map(_whole, node.expressions)
    for each in rest:
        first = exp.DPipe(this=first, expression=each, safe=True)
    return exp.paren(first)


def _float(node: exp.Expr) -> exp.Expr:
    """A number with a fraction as a float."""
    is_decimal = not node.is_string and "." in str(node.this)
    return exp.Literal.number(f"{node.this}e0") if is_decimal else node


def _called(name: str, *more: str) -> Callable[[exp.Expr], exp.Expr]:
    """The function of that name in DuckDB, of the same values."""

    def call(node: exp.Expr) -> exp.Expr:
        said = [node.this, *(node.args[each] for each in more if node.args.get(each))]
        return exp.Anonymous(this=name, expressions=said)

    return call


def _days(node: exp.Expr) -> exp.Expr:
    """The days between two dates; Databricks counts them of times in another way."""
    return exp.paren(exp.Sub(this=_whole(node.this), expression=_whole(node.args["expression"])))


REWRITES: Final[Mapping[type[exp.Expr], Callable[[exp.Expr], exp.Expr]]] = {
    exp.DateTrunc: _truncated,
    exp.TimestampTrunc: _truncated,
    exp.DateAdd: _later,
    exp.DateSub: _later,
    exp.TsOrDsAdd: _later,
    exp.TsOrDsToDate: lambda node: node.this,
    exp.CountIf: _counted,
    exp.Concat: _joined,
    exp.Left: _called("left", "expression"),
    exp.Right: _called("right", "expression"),
    exp.Substring: _called("substring", "start", "length"),
    exp.Length: _called("length"),
    exp.LogicalAnd: _called("bool_and"),
    exp.LogicalOr: _called("bool_or"),
}
REWRITES_OF: Final = {
    "snowflake": REWRITES,
    "bigquery": {**REWRITES, exp.Literal: _float},
    "databricks": {**REWRITES, exp.DateDiff: _days},
}
