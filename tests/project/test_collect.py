from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.graph.build import Graph, build_graph
from flowforge_assets.graph.typecheck import check_assets
from flowforge_assets.project.collect import collect
from flowforge_assets.project.modules import import_modules
from flowforge_assets.sql.analysis import SqlAnalysis

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
SHOP = """\
from datetime import date
from flowforge_assets import Bronze, Col, Frame, Gold, Silver, asset, col, key, sql_asset

class Orders(Bronze):
    order_id: Col[int] = key()
    day: Col[date] = col()

class Daily(Gold):
    day: Col[date] = col()
    orders: Col[int] = col()

@asset
def load() -> Frame[Orders]: ...
"""
TIED = "sql_asset('daily.sql', makes=Daily)\n"
DAILY_SQL = "SELECT day, count(*) AS orders FROM bronze.orders GROUP BY day\n"


def declared(root: Path) -> Definitions:
    with SqlAnalysis() as sql:
        return collect(root, import_modules(root, ["shop"]), sql)


def graph_of(root: Path) -> Graph:
    return build_graph(declared(root))


def problems(root: Path) -> list[tuple[str, str, str, str | None]]:
    """Code, place, message and hint of all that is wrong, in the order in which it is told."""
    with pytest.raises(FlowForgeError) as caught:
        graph_of(root)
    error = caught.value
    found = error.errors if isinstance(error, Problems) else [error]
    return [(each.code, str(each.place), each.message, each.hint) for each in found]


def test_a_sql_file_alone_is_a_dataset(write_project: Write) -> None:
    header = (
        '/*\ndescription = "Orders a day"\nkey = ["day"]\nretries = 2\ntimeout = 90\n'
        'bad_rows = "quarantine"\nmax_bad = 0.1\ntags = ["t"]\nowners = ["o"]\n'
        'columns.orders = { doc = "how many", unit = "1", ge = 0, not_null = true }\n'
        'rules.some = "orders > 0"\n*/\n'
    )
    found = declared(
        write_project({"shop.py": SHOP, "assets/gold/per_day.sql": header + DAILY_SQL})
    )
    dataset = found.datasets[DatasetKey("gold.per_day")]
    assert str(dataset.schema) == "day: date, orders: int64"
    assert [str(rule) for rule in dataset.rules] == [
        "day is not null",
        "orders is not null",
        "orders >= 0",
        "day is unique",
        "some: orders > 0",
    ]
    assert (dataset.description, dataset.owners, dataset.cls) == ("Orders a day", ("o",), None)
    asset = found.assets[-1]
    assert (asset.name, asset.id, asset.tags) == ("per_day", "gold.per_day", ("t",))
    assert (asset.retries.times, asset.timeout) == (2, timedelta(seconds=90))
    assert (asset.bad_rows, asset.max_bad) == ("quarantine", 0.1)


def test_a_class_gives_a_tied_file_its_columns(write_project: Write) -> None:
    graph = graph_of(write_project({"shop.py": SHOP + TIED, "daily.sql": DAILY_SQL}))
    assert list(graph.assets) == ["bronze.orders", "gold.daily"]
    assert graph.datasets[DatasetKey("gold.daily")].cls is not None


def test_a_file_whose_path_names_a_class_is_tied_to_it(write_project: Write) -> None:
    graph = graph_of(write_project({"shop.py": SHOP, "assets/gold/daily.sql": DAILY_SQL}))
    assert graph.datasets[DatasetKey("gold.daily")].cls is not None


def test_sql_reads_sql_in_any_order_of_files(write_project: Write) -> None:
    graph = graph_of(
        write_project(
            {
                "shop.py": SHOP,
                "assets/silver/a.sql": "SELECT * FROM silver.b",
                "assets/silver/b.sql": "SELECT *, 1.5 AS x FROM silver.crm.c",
                "assets/silver/crm/c.sql": "SELECT order_id FROM bronze.orders",
            }
        )
    )
    assert list(graph.assets)[1:] == ["silver.crm.c", "silver.b", "silver.a"]
    schema = graph.datasets[DatasetKey("silver.a")].schema
    assert str(schema) == "order_id: int64?, x: decimal(2,1)?"


def test_python_reads_sql_through_a_class(write_project: Write) -> None:
    source = (
        SHOP + TIED + "class Top(Gold): ...\n@asset\ndef top(d: Frame[Daily]) -> Frame[Top]: ...\n"
    )
    graph = graph_of(write_project({"shop.py": source, "daily.sql": DAILY_SQL}))
    assert graph.parents[DatasetKey("gold.top")] == ("gold.daily",)


def test_files_of_one_name_in_two_layers_are_called_by_their_keys(write_project: Write) -> None:
    found = declared(
        write_project(
            {
                "shop.py": SHOP,
                "assets/silver/orders.sql": "SELECT * FROM bronze.orders",
                "assets/gold/orders.sql": "SELECT * FROM silver.orders",
            }
        )
    )
    assert [asset.name for asset in found.assets] == ["load", "gold.orders", "silver.orders"]


def test_a_header_types_a_partition_and_a_parameter(write_project: Write) -> None:
    header = '/*\npartition = { daily = "2026-01-01", column = "day" }\n*/\n'
    sql = f"{header}SELECT order_id, day FROM bronze.orders WHERE day = $day"  # noqa: S608
    found = declared(write_project({"shop.py": SHOP, "assets/silver/o.sql": sql}))
    dataset = found.datasets[DatasetKey("silver.o")]
    assert [(d.column, d.kind) for d in dataset.partitioning.dimensions] == [("day", "day")]
    assert str(dataset.schema) == "order_id: int64?, day: date"


def test_a_header_may_promise_a_type_which_the_check_holds_the_query_to(
    write_project: Write,
) -> None:
    header = '/*\ncolumns.order_id = { type = "DOUBLE" }\n*/\n'
    root = write_project(
        {"shop.py": SHOP, "assets/silver/o.sql": f"{header}FROM bronze.orders SELECT order_id"}
    )
    graph = graph_of(root)
    assert str(graph.datasets[DatasetKey("silver.o")].schema) == "order_id: float64?"
    with SqlAnalysis() as sql:
        (error,) = check_assets(graph, [DatasetKey("silver.o")], root=root, sql=sql).errors
    assert error.hint == "cast it: `CAST(... AS DOUBLE) AS order_id`, or declare its type"


def test_a_header_of_values_makes_a_static_dimension(write_project: Write) -> None:
    header = '/*\npartition = { static = ["de", "ch"], column = "land" }\n*/\n'
    sql = f"{header}SELECT order_id, 'de' AS land FROM bronze.orders"  # noqa: S608
    found = declared(write_project({"shop.py": SHOP, "assets/silver/o.sql": sql}))
    (extent,) = found.datasets[DatasetKey("silver.o")].partitioning.extents
    assert extent.values == ("de", "ch")  # type: ignore[union-attr]  # it is of that kind


@pytest.mark.parametrize(
    ("files", "code", "place", "message", "hint"),
    [
        ({"assets/gold/x.sql": "SELECT *\nFROM bronze.ordres"}, "FF-425",
         "assets/gold/x.sql:2:6  FROM bronze.ordres", "no dataset `bronze.ordres`",
         "did you mean `bronze.orders`?"),
        ({"assets/gold/x.sql": "SELECT\n  dya FROM bronze.orders"}, "FF-421",
         "assets/gold/x.sql:2:3  dya FROM bronze.orders", "dya", "did you mean `day`?"),
        ({"assets/gold/x.sql": "SELECT (day\nFROM bronze.orders"}, "FF-410",
         "assets/gold/x.sql:2:", "", None),
        ({"assets/x.sql": "SELECT 1"}, "FF-105", "assets/x.sql",
         "`assets/x.sql` names no dataset", "`assets/gold/orders.sql`"),
        ({"assets/gold/My Orders.sql": "SELECT 1"}, "FF-105", "assets/gold/My Orders.sql",
         "names no dataset", "in lower case"),
        ({"assets/gold/x.sql": "/*\nkey = ['day']\ncolumns.dya = { doc = 'x' }\n*/\n"
          "SELECT day FROM bronze.orders"}, "FF-403", "assets/gold/x.sql:3",
         "the header describes `dya`, which the query does not give", "did you mean `day`?"),
        ({"assets/gold/x.sql": "/*\npartition = { daily = '2026-01-01', column = 'dya' }\n*/\n"
          "SELECT day FROM bronze.orders"}, "FF-106", "assets/gold/x.sql:",
         "the partition column `dya` is not in what the query gives", "did you mean `day`?"),
        ({"assets/gold/x.sql": "/*\nwrit = 'overwrite'\n*/\nSELECT 1 AS a"}, "FF-403",
         "assets/gold/x.sql:2", "writ", "write"),
        ({"shop.py": SHOP + TIED}, "FF-401", "shop.py:14  sql_asset('daily.sql')",
         "`daily.sql` cannot be read", "correct the path"),
        ({"shop.py": SHOP + TIED, "daily.sql": "/*\nkey = ['day']\n*/\n" + DAILY_SQL}, "FF-403",
         "daily.sql:2", "`key` stands in a header, but `Daily` says it", "move it to the class"),
        ({"shop.py": SHOP + TIED + "sql_asset('other.sql', makes=Daily)\n",
          "daily.sql": DAILY_SQL, "other.sql": DAILY_SQL}, "FF-201", "other.sql:1",
         "`gold.daily` makes `gold.daily`, which `gold.daily` makes too", "daily.sql:1"),
        ({"assets/gold/a.sql": "SELECT * FROM gold.b", "assets/gold/b.sql": "SELECT * FROM gold.a"},
         "FF-203", "assets/gold/", "assets go in a circle: `gold.a` -> `gold.b` -> `gold.a`",
         "cut the circle"),
    ],
)  # fmt: skip
def test_a_mistake_in_sql_is_placed_and_remedied(
    write_project: Write, files: Mapping[str, str], code: str, place: str, message: str,
    hint: str | None,
) -> None:  # fmt: skip
    (found,) = problems(write_project({"shop.py": SHOP, **files}))
    assert found[0] == code
    assert found[1].startswith(place)
    assert message in found[2]
    assert hint is None or hint in (found[3] or "")


def test_one_file_can_make_two_datasets(write_project: Write) -> None:
    source = SHOP + "class More(Gold):\n    day: Col[date] = col()\n    orders: Col[int] = col()\n"
    source += TIED + "sql_asset('daily.sql', makes=More)\n"
    graph = graph_of(write_project({"shop.py": source, "daily.sql": DAILY_SQL}))
    assert set(graph.assets) == {"bronze.orders", "gold.daily", "gold.more"}


def test_mistakes_of_modules_and_files_come_together_sorted(write_project: Write) -> None:
    root = write_project(
        {
            "shop.py": SHOP + "@asset\ndef other(n: int): ...\n",
            "assets/gold/x.sql": "SELECT FROM",
            "assets/y.sql": "SELECT 1",
            "assets/gold/z.sql": "SELECT dya FROM bronze.orders",
        }
    )
    assert [(code, place.partition("  ")[0]) for code, place, _, _ in problems(root)] == [
        ("FF-410", "assets/gold/x.sql:1:8"),
        ("FF-421", "assets/gold/z.sql:1:8"),
        ("FF-105", "assets/y.sql"),
        ("FF-107", "shop.py:14"),
        ("FF-109", "shop.py:14"),
    ]


def test_a_dataset_that_nobody_makes_is_told_to_its_reader(write_project: Write) -> None:
    source = SHOP + "class Top(Gold): ...\n@asset\ndef top(d: Frame[Daily]) -> Frame[Top]: ...\n"
    assert problems(write_project({"shop.py": source})) == [
        (
            "FF-204",
            "shop.py:15  top(d: Frame[Daily])",
            "no asset makes `gold.daily`, which `top` reads",
            "declare an asset that returns `Frame[Daily]`",
        )
    ]
