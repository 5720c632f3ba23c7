from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.api import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.graph.build import Graph, build_graph
from flowforge_assets.graph.trace import trace
from flowforge_assets.graph.typecheck import check_assets
from flowforge_assets.project.collect import collect
from flowforge_assets.project.modules import import_modules
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.file import query_file
from flowforge_assets.testing import materialize

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
SHOP = """\
from datetime import date, datetime
import polars as pl
from flowforge_assets import (
    Bronze, Col, Context, Daily, Frame, Gold, Param, Sql, Table, asset, col, key, sql_asset
)

DAY = Daily("2026-01-01", "2026-01-02")

class Orders(Bronze, partition=DAY.on("day")):
    order_id: Col[int] = key()
    day: Col[date] = col()

class PerDay(Gold, partition=DAY.on("day")):
    day: Col[date] = key()
    orders: Col[int] = col()

@asset
def load(day: date) -> Table[Orders]:
    return pl.DataFrame({"order_id": [day.day, day.day + 10], "day": [day, day]})
"""
PER_DAY = '''
@sql_asset(retries=3, tags=["sums"], timeout=90)
def per_day(orders: Sql[Orders], day: Param[date]) -> Sql[PerDay]:
    """Orders a day."""
    return f"""
        SELECT day, count(*) AS orders
        FROM {orders} WHERE day = {day} GROUP BY day
    """
'''
TIED = "class N(Gold):\n    n: Col[int | None] = col()\n"
BIGQUERY = "SELECT COUNTIF(`order_id` > 10) AS n FROM `bronze.orders`"
BAD = "\n    SELECT day, count(*) AS orders\n    FROM {} GROUP BY dya"
LINES = len(SHOP.splitlines())


def graph_of(root: Path, module: str = "shop") -> Graph:
    with SqlAnalysis() as sql:
        return build_graph(collect(root, import_modules(root, [module]), sql))


def fingerprint(graph: Graph) -> str:
    with SqlAnalysis() as sql:
        return sql.facts(query_file(graph.assets[DatasetKey("gold.per_day")])).fingerprint


def problem(root: Path) -> FlowForgeError:
    with SqlAnalysis() as sql:
        try:
            graph = build_graph(collect(root, import_modules(root, ["shop"]), sql))
        except FlowForgeError as error:
            return error
        (found,) = check_assets(graph, [DatasetKey("gold.per_day")], root=root, sql=sql).errors
        return found


def test_a_function_says_what_its_query_reads_makes_and_asks_for(write_project: Write) -> None:
    graph = graph_of(write_project({"shop.py": SHOP + PER_DAY}))
    made = graph.assets[DatasetKey("gold.per_day")]
    assert (made.name, made.kind, made.description) == ("per_day", "sql", "Orders a day.")
    assert [read.dataset for read in made.inputs] == ["bronze.orders"]
    assert (made.retries.times, made.tags) == (3, ("sums",))
    assert made.timeout is not None
    assert str(made.place).startswith("shop.py:")


def test_the_query_of_a_function_runs_once_a_partition(write_project: Write) -> None:
    toml = '[project]\nname = "s"\nmodules = ["shop"]\n'
    project = Project.load(write_project({"shop.py": SHOP + PER_DAY, "flowforge.toml": toml}))
    project.run()
    assert project.read("gold.per_day")["orders"].to_list() == [2, 2]
    assert not project.plan().steps


def test_the_fingerprint_is_that_of_the_sql_and_not_of_the_code(write_project: Write) -> None:
    other = PER_DAY.replace('"""Orders a day."""', "assert orders").replace("SELECT", "select")
    root = write_project(
        {
            "shop.py": SHOP + PER_DAY,
            "same.py": f"{SHOP}\n# moved\n{other}",
            "other.py": SHOP + PER_DAY.replace("count(*)", "count(DISTINCT order_id)"),
        }
    )
    found = [fingerprint(graph_of(root, module)) for module in ("shop", "same", "other")]
    assert found[0] == found[1] != found[2]


def test_an_expression_is_as_good_as_text(write_project: Write) -> None:
    source = """
@sql_asset
def per_day(orders: Sql[Orders], day: Param[date]) -> Sql[PerDay]:
    from sqlglot import select
    counted = select("day", "count(*) AS orders").from_(orders)
    return counted.where(f"day = {day}").group_by("day")
"""
    root = write_project({"shop.py": SHOP + source})
    graph = graph_of(root)
    made = graph.assets[DatasetKey("gold.per_day")]
    with SqlAnalysis() as sql:
        assert not check_assets(graph, [made.id], root=root, sql=sql).errors
        assert trace(graph, made, sql) == {
            "day": (("bronze.orders", "day"),),
            "orders": (),
        }


def test_a_query_names_its_datasets_itself_where_the_function_takes_none(
    write_project: Write,
) -> None:
    source = (
        "@sql_asset(makes=PerDay)\ndef per_day():\n"
        "    return 'SELECT day, count(*) AS orders FROM bronze.orders GROUP BY day'\n"
    )
    made = graph_of(write_project({"shop.py": SHOP + source})).assets[DatasetKey("gold.per_day")]
    assert [read.dataset for read in made.inputs] == ["bronze.orders"]


def test_a_function_makes_the_queries_of_several_datasets(write_project: Write) -> None:
    source = """
from flowforge_assets import dataset

def counted(name):
    made = dataset(name, Gold, columns={"day": date, "orders": int})

    @sql_asset(name=name, makes=made)
    def query(orders: Sql[Orders]):
        return f"SELECT day, count(*) AS orders FROM {orders} GROUP BY day"

    return made

A, B = counted("a"), counted("b")
"""
    graph = graph_of(write_project({"shop.py": SHOP + source}))
    assert {"gold.a", "gold.b"} <= set(graph.assets)


def test_a_test_names_the_function(write_project: Write) -> None:
    (shop,) = import_modules(write_project({"shop.py": SHOP + PER_DAY}), ["shop"])
    names = vars(sys.modules[shop])
    given = {names["Orders"]: [names["Orders"](order_id=1, day=date(2026, 1, 1))]}
    ran = materialize(names["per_day"], given=given)
    assert ran[names["PerDay"]]["orders"].to_list() == [1]


@pytest.mark.parametrize(
    ("returned", "line"),
    [
        (f'f"""{BAD.format("{orders}")}"""', 4),
        (f'"""{BAD.format("bronze.orders")}"""', 4),
        (f'"""{BAD}""".format(orders)', 0),
    ],
)
def test_a_mistake_in_sql_is_told_in_the_line_of_the_function(
    write_project: Write, returned: str, line: int
) -> None:
    source = (
        f"@sql_asset\ndef per_day(orders: Sql[Orders]) -> Sql[PerDay]:\n    return {returned}\n"
    )
    error = problem(write_project({"shop.py": SHOP + source}))
    assert error.code == "FF-421"
    assert error.place is not None
    assert (error.place.file, error.place.line) == ("shop.py", LINES + 1 + line)
    assert "dya" in error.place.text


def test_the_column_of_a_plain_text_is_told(write_project: Write) -> None:
    source = (
        "@sql_asset\ndef per_day() -> Sql[PerDay]:\n"
        "    return 'SELECT day, 1 AS orders FROM bronze.ordres'\n"
    )
    error = problem(write_project({"shop.py": SHOP + source}))
    assert (error.code, error.place and error.place.column) == ("FF-425", 42)
    assert error.place is not None
    assert error.place.line == LINES + 3
    assert error.place.text == "SELECT day, 1 AS orders FROM bronze.ordres"


@pytest.mark.parametrize(
    ("signature", "message", "hint"),
    [
        (
            "(orders: Frame[Orders]) -> Sql[PerDay]",
            "cannot be given `orders: Frame[Orders]`",
            "Sql",
        ),
        ("(day: date) -> Sql[PerDay]", "cannot be given `day: date`", "Param[date]"),
        ("(context: Context) -> Sql[PerDay]", "cannot be given `context: Context`", "without data"),
        ("(orders) -> Sql[PerDay]", "cannot be given `orders`", "without data"),
        ("(orders: Sql[int]) -> Sql[PerDay]", "cannot be given `orders: Sql[int]`", "without data"),
        ("() -> Frame[PerDay]", "returns `Frame[PerDay]`, which names no dataset", "-> Sql[D]"),
        ("()", "does not say what it makes", "-> Sql[D]"),
    ],
)
def test_a_signature_that_asks_for_more_is_refused(
    write_project: Write, signature: str, message: str, hint: str
) -> None:
    error = problem(
        write_project({"shop.py": f"{SHOP}@sql_asset\ndef per_day{signature}:\n    return ''\n"})
    )
    assert (error.code, error.place and error.place.line) == ("FF-433", LINES + 1)
    assert message in error.message
    assert hint in (error.hint or "")


@pytest.mark.parametrize(
    ("body", "code", "line", "message"),
    [
        ("1 / 0", "FF-434", 3, "failed when it was called for its SQL: ZeroDivisionError"),
        ("None", "FF-435", 1, "returned `NoneType`, which is no SQL"),
        ("['SELECT 1']", "FF-435", 1, "returned `list`, which is no SQL"),
        ("''", "FF-411", 3, "there is no query"),
        ("'DROP TABLE x'", "FF-412", 3, "not a query"),
        ("'SELECT 1 AS a; SELECT 2'", "FF-413", 3, "more than one statement"),
        ("'SELECT day, 1 AS orders FROM silver.x'", "FF-425", 3, "no dataset `silver.x`"),
    ],
)
def test_what_a_function_gives_is_looked_at(
    write_project: Write, body: str, code: str, line: int, message: str
) -> None:
    source = f"@sql_asset\ndef per_day() -> Sql[PerDay]:\n    return {body}\n"
    error = problem(write_project({"shop.py": SHOP + source}))
    assert (error.code, error.place and error.place.line) == (code, LINES + line)
    assert message in error.message


@pytest.mark.parametrize("parameter", ["orders: Sql[Orders]", "day: Param[date]"])
def test_what_the_sql_does_not_use_is_not_taken(write_project: Write, parameter: str) -> None:
    source = (
        f"@sql_asset\ndef per_day({parameter}) -> Sql[PerDay]:\n"
        "    return \"SELECT DATE '2026-01-01' AS day, 1 AS orders\"\n"
    )
    assert problem(write_project({"shop.py": SHOP + source})).code == "FF-436"


def test_a_parameter_has_the_type_that_is_said(write_project: Write) -> None:
    error = problem(write_project({"shop.py": SHOP + PER_DAY.replace("[date]", "[datetime]")}))
    assert (error.code, error.message) == (
        "FF-433",
        "`day` of `per_day` is said to be a datetime, and is date",
    )


@pytest.mark.parametrize("option", ["lazy=False", "dialect='tsql'", "write='upsert'"])
def test_an_option_that_means_nothing_is_refused(write_project: Write, option: str) -> None:
    source = f"@sql_asset({option})\ndef per_day() -> Sql[PerDay]: ...\n"
    root = write_project({"shop.py": SHOP + source})
    with pytest.raises(FlowForgeError) as caught:
        import_modules(root, ["shop"])
    assert caught.value.code == "FF-111"


@pytest.mark.parametrize(
    "files",
    [
        {"assets/gold/n.sql": "/*\ndialect = 'bigquery'\n*/\n" + BIGQUERY},
        {
            "assets/gold/n.sql": BIGQUERY,
            "flowforge.toml": "[project]\nname = 's'\nmodules = ['shop']\n"
            "[assets.'gold/*']\ndialect = 'bigquery'\n",
        },
        {"shop.py": SHOP + TIED + "sql_asset('n.sql', makes=N, dialect='bigquery')\n",
         "n.sql": BIGQUERY},
        {"shop.py": SHOP + TIED + "@sql_asset(dialect='bigquery')\ndef n() -> Sql[N]:\n"
         f"    return {BIGQUERY!r}\n"},
    ],
    ids=["header", "folder", "tied", "function"],
)  # fmt: skip
def test_a_query_in_another_dialect_is_checked_and_run(
    write_project: Write, files: Mapping[str, str]
) -> None:
    toml = "[project]\nname = 's'\nmodules = ['shop']\n"
    project = Project.load(write_project({"shop.py": SHOP, "flowforge.toml": toml, **files}))
    assert not project.check().errors
    project.run()
    assert project.read("gold.n")["n"].to_list() == [2]
    assert not project.plan().steps


def test_another_dialect_is_a_change_of_the_query(write_project: Write) -> None:
    of = {"a": "snowflake", "b": "databricks"}
    files = {
        f"assets/gold/{name}.sql": f"/*\ndialect = '{dialect}'\n*/\nSELECT 1 AS n ORDER BY n"
        for name, dialect in of.items()
    }
    graph = graph_of(write_project({"shop.py": SHOP, **files}))
    with SqlAnalysis() as sql:
        found = {sql.facts(query_file(graph.assets[DatasetKey(f"gold.{name}")])).fingerprint
                 for name in of}  # fmt: skip
    assert len(found) == len(of)
