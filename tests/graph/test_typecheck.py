from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import polars as pl
import pytest

from flowforge_assets.graph.build import build_graph
from flowforge_assets.graph.typecheck import CheckReport, check_assets
from flowforge_assets.project.collect import collect
from flowforge_assets.project.modules import import_modules
from flowforge_assets.sql.analysis import SqlAnalysis

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
SHOP = """\
from datetime import date, datetime
import polars as pl
from flowforge_assets import BadRows, Bronze, Col, Context, Daily, Frame, Gold, Partitions
from flowforge_assets import Rows, Static, Table, asset, check, col

DAY = Daily(start='2026-01-05')
class Raw(Bronze, partition=DAY.on('day') * Static('de').on('land')):
    day: Col[date] = col()
    land: Col[str] = col()
    tailnum: Col[str | None] = col()
    price: Col[float] = col(name='Unit price')
class Out(Gold, partition=DAY.on('day')):
    day: Col[date] = col()
    n: Col[int] = col(optional=True)
class Kept(Gold, extra='keep'):
    day: Col[date] = col()
class Dropped(Gold, extra='drop'):
    day: Col[date] = col()
@asset
def raw(ctx: Context) -> Frame[Raw]: ...
"""
ABOVE = SHOP.count("\n")


@pytest.fixture
def checked(write_project: Write) -> Callable[..., CheckReport]:
    """What the type check finds in the shop with more source, and more files."""

    def run(source: str, files: Mapping[str, str] | None = None) -> CheckReport:
        root = write_project({"shop.py": SHOP + source, **(files or {})})
        with SqlAnalysis() as sql:
            graph = build_graph(collect(root, import_modules(root, ["shop"]), sql))
            return check_assets(graph, graph.assets, root=root, sql=sql)

    return run


Checked: TypeAlias = Callable[..., CheckReport]


def body(lines: str, *, options: str = "", signature: str = "raw: Frame[Raw]") -> str:
    text = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"@asset{options}\ndef out({signature}) -> Frame[Out]:\n{text}"


@pytest.mark.parametrize(
    "source",
    [
        body("return raw.select(Raw.day, n=pl.len().cast(pl.Int64))"),
        body("return raw.select(pl.col('day'))"),
        body("return raw.select('day', n=pl.lit(None))"),
        body("return raw.select('day', n=pl.lit(1, dtype=pl.UInt32))"),
        body("return None if raw is None else raw.select('day')",
             signature="raw: Frame[Raw] | None"),
        body("assert day == date(2026, 1, 5)\nreturn raw.select('day')",
             signature="raw: Frame[Raw], day: date"),
        body("assert list(days) == [date(2026, 1, 5)]\nreturn raw.select('day')",
             signature="raw: Frame[Raw], days: Partitions[date]"),
        body("names = raw.collect_schema().names()\nreturn raw.select(names[0])"),
        body("return pl.DataFrame(schema={'day': pl.Date})"),
        body("return raw.select('day')") + "@check\ndef good(out: Frame[Out], raw: Frame[Raw]) -> "
        "BadRows[Out]:\n    return out.join(raw, on='day')\n",
    ],
)  # fmt: skip
def test_a_body_that_keeps_its_promise_is_well(checked: Checked, source: str) -> None:
    report = checked(source)
    assert report.errors == ()
    assert report.assets == 2
    assert dict(report.not_checked) == {"raw": "it has parameters beside frames and keys"}


@pytest.mark.parametrize(
    ("lines", "code", "line", "message", "hint"),
    [
        ("return raw.select(Raw.dya)", "FF-304", 3,
         "`out` uses `Raw.dya`, which is no column", "did you mean `day`?"),
        ("return raw.select(Raw.zzzzz)", "FF-304", 3, "`Raw.zzzzz`",
         "it has `day`, `land`, `tailnum`, `price`"),
        ("x = raw.filter(\n    pl.col('tailnumm').is_null())\nreturn x", "FF-304", 4,
         "`out` uses the column `tailnumm`, which its frame does not have",
         "did you mean `tailnum`?"),
        ("return raw.drop('unit')", "FF-304", 3, "`out` uses the column `unit`",
         "it has `Unit price`, `day`, `land`, `tailnum`"),
        ("return raw.select('day').with_columns(pl.col('land'))", "FF-304", 3,
         "uses the column `land`", "it has `day`"),
        ("return raw.filtre(True)", "FF-304", 3,
         "AttributeError: 'LazyFrame' object has no attribute 'filtre'", "did you mean `filter`?"),
        ("return raw.select(dya)", "FF-304", 3, "NameError: name 'dya'", "did you mean `day`?"),
        ("return raw.with_columns(Raw.day + Raw.land)", "FF-304", 1, "InvalidOperationError",
         "`lazy=False`"),
        ("raise ValueError", "FF-306", 3, "ValueError: no message", "`lazy=False`"),
        ("raw.select('day')", "FF-305", 1, "`out` returns None, not a frame",
         "does a `return` lack?"),
        ("return 7", "FF-305", 1, "`out` returns `int`, not a frame", "return a polars frame"),
        ("return raw.select(n=1)", "FF-301", 1,
         "`out` returns no column `day`, which `gold.out` declares", "add it"),
        ("return raw.select(dya='day')", "FF-301", 1, "`out` returns no column `day`",
         "did you mean `dya`?"),
        ("return raw.select('day', 'land')", "FF-302", 1,
         "`out` returns the column `land`, unknown to `gold.out`", 'say `extra="drop"`'),
        ("return raw.select('day', m=1)", "FF-302", 1, "the column `m`", "leave it out"),
        ("return raw.select('day', n='land')", "FF-303", 1,
         "`out` returns `n` as String, `gold.out` declares Int64",
         "cast it: `pl.col('n').cast(pl.Int64)`, or declare its type"),
    ],
)  # fmt: skip
def test_a_body_that_breaks_its_promise_is_told(
    checked: Checked, lines: str, code: str, line: int, message: str, hint: str
) -> None:
    (first, *_) = checked(body(lines) + "day = pl.col('day')\n").errors
    assert first.place is not None
    assert (first.code, first.place.file, first.place.line) == (code, "shop.py", ABOVE + line)
    assert message in first.message
    assert hint in (first.hint or "")


@pytest.mark.parametrize(
    "lines",
    [
        "return raw.select('day', n=raw.collect().item(0, 'Unit price'))",
        "days = raw.collect().pivot('land', index='day', values='tailnum')\nreturn days.lazy()",
        "return raw.collect().select('zzz').lazy()",
        "for row in raw.collect(engine='streaming').iter_rows():\n    last = row\nreturn last",
        "if raw.collect().is_empty():\n    raise ValueError('no rows')\nreturn raw",
        "return raw.collect()",
    ],
)  # fmt: skip
def test_a_body_that_collects_is_not_checked_and_never_wrong(checked: Checked, lines: str) -> None:
    report = checked(body(lines))
    assert report.errors == ()
    assert report.not_checked["out"].startswith("its body collects a frame")


@pytest.mark.parametrize("wrong", ["Raw.dya", "undefined_name"])
def test_a_name_that_is_nowhere_is_wrong_even_after_collecting(
    checked: Checked, wrong: str
) -> None:
    (error,) = checked(body(f"raw.collect()\nreturn raw.select({wrong})")).errors
    assert (error.code, error.place.line if error.place else 0) == ("FF-304", ABOVE + 4)


def test_a_column_missing_in_what_is_collected_is_wrong(checked: Checked) -> None:
    (error,) = checked(body("return raw.select('dya').collect().lazy()")).errors
    assert error.hint == "did you mean `day`?"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (body("return raw", options="(lazy=False)"), "it says `lazy=False`"),
        (body("return raw", signature="raw: Table[Raw]"), "it reads its rows eagerly"),
        (body("return raw", signature="raw: Rows[Raw]"), "it reads its rows eagerly"),
        (body("return 1", signature="day: date"), "it is a source"),
        (body("return raw").replace("Frame[Out]", "Table[Out]"), "it gives its rows eagerly"),
    ],
)
def test_what_cannot_be_called_without_data_is_named(
    checked: Checked, source: str, why: str
) -> None:
    report = checked(source)
    assert report.errors == ()
    assert report.not_checked["out"] == why


@pytest.mark.parametrize("dataset", ["Kept", "Dropped"])
def test_more_columns_are_as_promised_where_the_class_says_so(
    checked: Checked, dataset: str
) -> None:
    source = body("return raw").replace("Frame[Out]", f"Frame[{dataset}]")
    assert checked(source).errors == ()


def test_checks_are_called_too(checked: Checked) -> None:
    report = checked(
        body("return raw.select('day')")
        + "@check\ndef good(out: Frame[Out]) -> BadRows[Out]:\n    return out.filter(Out.dya)\n"
        + "@check\ndef eager(out: Table[Out]) -> BadRows[Out]: ...\n"
        + "@check\ndef none(out: Frame[Out]) -> BadRows[Out]: ...\n"
    )
    assert [(error.code, error.message.split("`")[1]) for error in report.errors] == [
        ("FF-304", "good"),
        ("FF-305", "none"),
    ]
    assert report.not_checked["eager"] == "it reads its rows eagerly"


def test_rules_that_cannot_hold_are_told_at_the_class(checked: Checked) -> None:
    (error,) = checked(
        "class Odd(Gold):\n    x: Col[str] = col(regex='(')\n"
        "@asset\ndef odd(ctx: Context) -> Frame[Odd]: ...\n"
    ).errors
    assert (error.code, str(error.place).split("  ")[0]) == ("FF-714", f"shop.py:{ABOVE + 1}")


def test_each_of_several_outputs_is_compared(checked: Checked) -> None:
    several = "@asset(makes=[Kept, Out])\ndef both(raw: Frame[Raw]):\n    return {}\n"
    (error,) = checked(several.format("raw, raw.select('land')")).errors[1:]
    assert (error.code, "gold.out" in error.message) == ("FF-302", True)
    (error,) = checked(several.format("raw")).errors
    assert (error.code, error.message) == (
        "FF-305",
        "`both` returns no tuple of the 2 that it makes",
    )
    (error,) = checked(several.format("dya, raw")).errors
    assert error.code == "FF-304"


def test_errors_of_ours_in_a_body_keep_their_code(checked: Checked) -> None:
    (error,) = checked(body("Out(day='x')\nreturn raw")).errors
    assert error.code == "FF-113"


def test_a_crash_of_the_engine_is_told_and_an_interrupt_passes(checked: Checked) -> None:
    crash = "class PanicException(BaseException): ...\n" + body("raise PanicException('boom')")
    (error,) = checked(crash).errors
    assert "PanicException: boom" in error.message
    with pytest.raises(KeyboardInterrupt):
        checked(body("raise KeyboardInterrupt"))


@pytest.mark.parametrize(
    ("sql", "code", "place", "said"),
    [
        ("SELECT day, 2 AS m FROM bronze.raw", "FF-302", "out.sql:1", "the column `m`"),
        ("SELECT day, land AS n FROM bronze.raw", "FF-303", "out.sql:1",
         "cast it: `CAST(... AS BIGINT) AS n`, or declare its type"),
        ("SELECT\n  dya FROM bronze.raw", "FF-421", "out.sql:2:3", "did you mean `day`?"),
        ("SELECT day FROM bronze.raw WHERE day = $dya", "FF-416", "out.sql:1:40",
         "did you mean `day`?"),
    ],
)  # fmt: skip
def test_sql_is_held_to_its_class(
    checked: Checked, sql: str, code: str, place: str, said: str
) -> None:
    (error,) = checked("", {"assets/gold/out.sql": sql}).errors
    assert error.code == code
    assert str(error.place).startswith(f"assets/gold/{place}")
    assert said in f"{error.message} {error.hint}"


def test_sql_that_keeps_its_promise_is_well(checked: Checked) -> None:
    sql = "SELECT CAST(1 AS BIGINT) AS n, day FROM bronze.raw WHERE day = $day"
    assert checked("", {"assets/gold/out.sql": sql}).errors == ()


def test_a_thousand_assets_share_the_empty_frames_of_what_they_read(checked: Checked) -> None:
    source = "".join(
        f"class N{n}(Gold):\n    day: Col[date] = col()\n"
        f"@asset\ndef n{n}(raw: Frame[Raw]) -> Frame[N{n}]:\n    return raw.select('day')\n"
        for n in range(1000)
    )
    report = checked(source)
    assert (report.assets, report.errors) == (1001, ())


def test_a_frame_of_another_kind_of_time_says_its_zone(checked: Checked) -> None:
    (error,) = checked(
        "class At(Gold):\n    at: Col[datetime] = col()\n    all: Col[list[int]] = col()\n"
        "@asset\ndef at(raw: Frame[Raw]) -> Frame[At]:\n"
        "    return raw.select(at=pl.col('day').cast(pl.Datetime('us')), "
        "all=pl.lit([1], dtype=pl.List(pl.Int64)))\n"
    ).errors
    assert error.hint == (
        "say its zone: `pl.col('at').dt.replace_time_zone(\"UTC\")`, or declare its type"
    )
    assert pl.Series([None], dtype=pl.Datetime("us")).dt.replace_time_zone("UTC").dtype == (
        pl.Datetime("us", "UTC")
    )


def test_a_column_whose_name_is_put_together_is_told_at_the_function(checked: Checked) -> None:
    (error,) = checked(body("return raw.select('tail' + 'nmu')")).errors
    assert error.place is not None
    assert (error.place.line, error.hint) == (ABOVE + 1, "did you mean `tailnum`?")


def test_a_function_without_a_source_is_told_at_its_place(checked: Checked) -> None:
    (error,) = checked(
        f"exec({body('return raw.select(' + chr(34) + 'dya' + chr(34) + ')')!r})\n"
    ).errors
    assert str(error.place) == "<string>:1  out(raw: Frame[Raw])"
