"""PIVOT as what it means: one conditional aggregate a value, grouped by the other columns."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.refusal import CLAUSE, refuse_form

# Without a value they give null, as PIVOT does; a count would give 0 for both.
_AGGREGATES: Final = (exp.Sum, exp.Min, exp.Max, exp.Avg)
_HINT: Final = "write the CASE of each value, and GROUP BY"


def pivoted(source: exp.Expr, pivot: exp.Pivot, columns: list[str]) -> exp.Select:
    """The SELECT that gives the rows of a pivot over a source with these columns."""
    is_statement = bool(pivot.args.get("using"))
    aggregates = pivot.args["using"] if is_statement else pivot.expressions
    fields = pivot.expressions if is_statement else pivot.args.get("fields") or []
    if pivot.args.get("unpivot") or len(aggregates) != 1 or len(fields) != 1:
        raise refuse_form(pivot, "this PIVOT", _HINT, code=CLAUSE)
    aggregate, field = aggregates[0], fields[0]
    is_plain = isinstance(aggregate, _AGGREGATES) and isinstance(aggregate.this, exp.Column)
    if not is_plain or not isinstance(field, exp.In) or not isinstance(field.this, exp.Column):
        raise refuse_form(pivot, "this PIVOT", _HINT, code=CLAUSE)
    group = pivot.args.get("group")
    used = {field.this.name.lower(), aggregate.this.name.lower()}
    keys = group.expressions if group else [exp.column(c) for c in columns if c.lower() not in used]
    if not keys or not all(isinstance(key, exp.Column) for key in keys):
        raise refuse_form(pivot, "a PIVOT without columns to group by", _HINT, code=CLAUSE)
    items = [key.copy() for key in keys]
    items.extend(_item(value, aggregate, field.this, pivot) for value in field.expressions)
    made = exp.Select(expressions=items, from_=exp.From(this=source.copy()))
    made.set("group", exp.Group(expressions=[key.copy() for key in keys]))
    return made


def _item(value: exp.Expr, aggregate: exp.Expr, field: exp.Expr, pivot: exp.Expr) -> exp.Expr:
    """One value's aggregate, under the name that DuckDB gives it."""
    alias = value.alias if isinstance(value, exp.PivotAlias) else ""
    inner = value.this if isinstance(value, exp.PivotAlias) else value
    if not isinstance(inner, (exp.Literal, exp.Boolean)):
        raise refuse_form(pivot, "a PIVOT on what is no constant", _HINT, code=CLAUSE)
    name = alias or (str(inner.this).lower() if isinstance(inner, exp.Boolean) else str(inner.this))
    test = exp.EQ(this=field.copy(), expression=inner.copy())
    chosen = exp.Case(ifs=[exp.If(this=test, true=aggregate.this.copy())])
    made = aggregate.copy()
    made.set("this", chosen)
    return exp.alias_(made, name, quoted=True)
