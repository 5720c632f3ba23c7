"""Frames of windows: by rows, by peers, and by a distance in the order."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.refusal import Refused, refuse_form
from flowforge_assets.sql.portable.tree import Call, Frame, Literal, SortKey
from flowforge_assets.sql.portable.types import BIGINT, DATE, Kind

_EPOCH: Final = date(1970, 1, 1)
_DAYS: Final = {"DAY": 1, "DAYS": 1, "WEEK": 7, "WEEKS": 7}
_HINT: Final = "use ROWS, or a self-join over the distance"


def frame(spec: exp.Expr | None, keys: tuple[SortKey, ...]) -> tuple[Frame | None, SortKey | None]:
    """The frame that is written, and the key in whose numbers a distance counts, if it is one."""
    if spec is None:
        return None, None
    if spec.args.get("exclude") or str(spec.args.get("kind")).upper() not in {"ROWS", "RANGE"}:
        raise refuse_form(spec, "this frame", "use ROWS BETWEEN ... AND ...")
    unit = str(spec.args["kind"]).upper()
    start = _bound(spec, "start", unit)
    end = _bound(spec, "end", unit) if spec.args.get("end") else "CURRENT ROW"
    found = Frame(unit, start, end)
    return found, _counted(spec, keys) if found.is_distance else None


def _counted(spec: exp.Expr, keys: tuple[SortKey, ...]) -> SortKey:
    """The one key of the order as a whole number: of a date its days."""
    if len(keys) != 1:
        raise _refused(spec)
    (key,) = keys
    is_days = any(isinstance(spec.args.get(name), exp.Interval) for name in ("start", "end"))
    expected = Kind.DATE if is_days else Kind.INTEGER
    if key.expr.type.kind is not expected:
        raise _refused(spec)
    if not is_days:
        return key
    at = key.expr.at
    days = Call("days_between", (Literal(_EPOCH, DATE, at), key.expr), BIGINT, at)
    return replace(key, expr=days)


def _bound(spec: exp.Expr, name: str, unit: str) -> str:
    value, side = spec.args.get(name), str(spec.args.get(f"{name}_side") or "").upper()
    if value == "CURRENT ROW":
        return "CURRENT ROW"
    if value == "UNBOUNDED":
        return f"UNBOUNDED {side}"
    if isinstance(value, exp.Literal) and not value.is_string and str(value.this).isdigit():
        return f"{value.this} {side}"
    if isinstance(value, exp.Interval) and unit == "RANGE":
        days = _DAYS.get(str(value.args.get("unit") or "").upper())
        count = str(value.this.this) if isinstance(value.this, exp.Literal) else ""
        if days is not None and re.fullmatch(r"\d{1,6}", count):
            return f"{int(count) * days} {side}"
    raise _refused(spec)


def _refused(spec: exp.Expr) -> Refused:
    what = "a RANGE by a distance that is no whole number of the key"
    return refuse_form(spec, what, _HINT)
