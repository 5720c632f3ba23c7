from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.project import (
    ConfigValueError,
    ForeignModuleError,
    ModuleError,
    NoSyncPlaceError,
    NotWritableError,
    StaleSyncError,
)
from flowforge_assets.project.config import read_config
from flowforge_assets.project.sync import Synced, find_sync_path, sync, sync_module
from flowforge_assets.sql.analysis import SqlAnalysis

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
TOML = '[project]\nname = "shop"\nmodules = ["shop"]\n'
SALES = (
    '/*\npartition = { daily = "2026-01-01", end = "2026-01-31", tz = "Europe/Zurich",'
    ' column = "day" }\nkey = ["day", "nr"]\ncolumns.price = { not_null = true, gt = 0,'
    ' unit = "eur", doc = "what was paid, without whatever else there may have been",'
    ' tags = ["m"] }'
    "\ncolumns.kind = { in = ['a', 'b'], regex = '[a-z]+', max_length = 1 }\n"
    "columns.first = { ge = 2026-01-01, unique = true }\n*/\n"
    "SELECT $day AS day, 1::INTEGER AS nr, 1.5::DECIMAL(9, 2) AS price, 'a' AS kind,"
    " TIMESTAMP '2026-01-01' AS at, DATE '2026-01-01' AS first, {'city': 'Bern'} AS place,"
    ' [1.5::DECIMAL(4, 1)] AS "order total"'
)
FILES = {
    "flowforge.toml": TOML,
    "shop/__init__.py": "",
    "assets/bronze/users.csv": "id,name\n1,Ada\n",
    "assets/silver/sales.sql": SALES,
}
READER = """\
from flowforge_assets import Col, Frame, Gold, asset, col
from shop.sql_datasets import Sales, Users

class Totals(Gold):
    nr: Col[int] = col()

@asset
def totals(sales: Frame[Sales], users: Frame[Users]) -> Frame[Totals]:
    return users.select(nr=Users.id)
"""
BACK = {"assets/gold/again.sql": "SELECT nr FROM gold.totals"}


def synced(root: Path) -> Synced:
    with SqlAnalysis() as sql:
        return sync(read_config(root), sql)


def stale(root: Path) -> list[str]:
    return [each.message for each in Project.load(root).check().errors]


def test_a_class_says_what_its_file_says_of_each_column(write_project: Write) -> None:
    found = synced(write_project(FILES))
    assert found.is_changed
    assert found.classes == ("Place", "Sales", "Users")
    assert found.path.read_text(encoding="utf-8") == (
        '"""Datasets that SQL files and seeds make. Written by `flowforge sync`: do not edit."""\n'
        "\n"
        "from __future__ import annotations\n"
        "\n"
        "from datetime import date, datetime\n"
        "from decimal import Decimal\n"
        "\n"
        "from flowforge_assets import Bronze, Col, Daily, Int32, Shape, Silver, col, key\n"
        "\n\n"
        "class Users(Bronze):\n"
        '    """`bronze.users`."""\n'
        "\n"
        "    id: Col[int | None] = col()\n"
        "    name: Col[str | None] = col()\n"
        "\n\n"
        "class Place(Shape):\n"
        "    city: Col[str | None] = col()\n"
        "\n\n"
        "class Sales(\n"
        '    Silver, partition=Daily("2026-01-01", "2026-01-31", tz="Europe/Zurich").on("day")\n'
        "):\n"
        '    """`silver.sales`."""\n'
        "\n"
        "    day: Col[date] = key()\n"
        "    nr: Col[Int32] = key()\n"
        "    price: Col[Decimal] = col(\n"
        "        precision=9,\n"
        "        scale=2,\n"
        "        gt=0,\n"
        '        unit="eur",\n'
        '        doc="what was paid, without whatever else there may have been",\n'
        '        tags=["m"],\n'
        "    )\n"
        '    kind: Col[str | None] = col(isin=["a", "b"], regex="[a-z]+", max_length=1)\n'
        "    at: Col[datetime | None] = col(tz=None)\n"
        "    first: Col[date | None] = col(unique=True, ge=date(2026, 1, 1))\n"
        "    place: Col[Place | None] = col()\n"
        "    order_total: Col[list[Decimal | None] | None] = col(\n"
        '        name="order total", precision=4, scale=1\n'
        "    )\n"
    )


def test_a_class_says_what_the_writer_makes_and_how_rows_are_cut(write_project: Write) -> None:
    header = (
        'write = "snapshot"\npartition = [{ static = ["a", "b"], column = "x" },'
        ' { monthly = "2026-01", column = "month" }]\n'
        'columns.at = { writer = "valid_from" }\n'
        "columns.made = { ge = 2026-01-01T10:00:00Z }\ncolumns.x = { min_length = 1 }\n"
    )
    query = "SELECT $x AS x, $month AS month, TIMESTAMPTZ '2026-01-01 12:00:00+00' AS made"
    root = write_project({**FILES, "assets/silver/sales.sql": f"/*\n{header}*/\n{query}"})
    text = synced(root).path.read_text(encoding="utf-8")
    assert text.endswith(
        "class Sales(\n"
        '    Silver, partition=Static("a", "b").on("x") * Monthly("2026-01").on("month")\n'
        "):\n"
        '    """`silver.sales`."""\n'
        "\n"
        "    x: Col[str] = col(min_length=1)\n"
        "    month: Col[date] = col()\n"
        "    made: Col[datetime | None] = col(\n"
        '        ge=datetime.fromisoformat("2026-01-01T10:00:00+00:00")\n'
        "    )\n"
        "    at: Col[datetime] = col(valid_from=True)\n"
    )


def test_a_module_that_someone_broke_is_written_anew(write_project: Write) -> None:
    root = write_project(FILES)
    path = synced(root).path
    good = path.read_text(encoding="utf-8")
    path.write_text(f"{good}\nclass", encoding="utf-8")
    assert synced(root).is_changed
    assert path.read_text(encoding="utf-8") == good


def test_python_and_sql_read_one_another(write_project: Write) -> None:
    root = write_project({**FILES, **BACK, "shop/assets.py": READER})
    with pytest.raises(ModuleError, match=r"No module named 'shop\.sql_datasets'") as caught:
        Project.load(root)
    assert (caught.value.hint or "").startswith("write the classes of what SQL files and seeds")
    assert synced(root).classes == ("Again", "Place", "Sales", "Users")
    project = Project.load(root)
    assert project.check().errors == ()
    assert project.graph.maker[DatasetKey("silver.sales")] == "silver.sales"
    assert project.dataset("silver.sales").place.file == "assets/silver/sales.sql"


def test_a_module_that_is_right_is_left_alone(write_project: Write) -> None:
    root = write_project(FILES)
    path = synced(root).path
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n\n\n", "\n\n"), encoding="utf-8")
    assert not synced(root).is_changed
    assert stale(root) == []


def test_a_module_that_another_thread_has_disturbed_the_parser_of_is_read_again(
    write_project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_project(FILES)
    synced(root)
    parse, times = ast.parse, count()

    def disturbed(source: str) -> ast.Module:
        if not next(times):
            message = "AST constructor recursion depth mismatch (before=18, after=7)"
            raise SystemError(message)
        return parse(source)

    monkeypatch.setattr(ast, "parse", disturbed)
    assert not synced(root).is_changed


def test_check_tells_of_a_module_that_is_out_of_date(write_project: Write) -> None:
    root = write_project(FILES)
    synced(root)
    (root / "assets/silver/more.sql").write_text("SELECT 1 AS id", encoding="utf-8")
    (error,) = Project.load(root).check().errors
    assert isinstance(error, StaleSyncError)
    assert str(error.place) == "shop/sql_datasets.py:1"
    assert error.message == (
        "`shop/sql_datasets.py` is not what the SQL files and seeds declare: `More` differs"
    )
    synced(root)
    assert stale(root) == []


def test_a_column_of_another_type_makes_the_module_stale(write_project: Write) -> None:
    root = write_project(FILES)
    synced(root)
    (root / "assets/bronze/users.csv").write_text("id,name\nx,Ada\n", encoding="utf-8")
    assert len(stale(root)) == 1
    assert synced(root).is_changed


def test_a_project_that_was_never_synced_is_not_stale(write_project: Write) -> None:
    assert stale(write_project(FILES)) == []


def test_two_datasets_of_one_name_are_told_apart_by_their_layer(write_project: Write) -> None:
    files = {**FILES, "assets/gold/sales.sql": "SELECT 1 AS id"}
    assert synced(write_project(files)).classes == ("GoldSales", "Place", "SilverSales", "Users")


def test_a_dataset_of_a_group_bears_its_name(write_project: Write) -> None:
    found = synced(write_project({**FILES, "assets/gold/crm/mails.sql": "SELECT 1 AS id"}))
    text = found.path.read_text(encoding="utf-8")
    assert 'class CrmMails(Gold, name="crm.mails"):' in text


def test_a_class_of_a_file_keeps_the_rules_of_the_file(write_project: Write) -> None:
    root = write_project({**FILES, "shop/assets.py": READER})
    before = Project.load(write_project({"shop/assets.py": ""})).dataset("silver.sales")
    (root / "shop/assets.py").write_text(READER, encoding="utf-8")
    synced(root)
    after = Project.load(root).dataset("silver.sales")
    assert after.cls is not None
    assert (after.rules, after.schema, after.columns) == (
        before.rules,
        before.schema,
        before.columns,
    )


def test_a_rule_that_does_not_fit_its_column_is_found_all_the_same(write_project: Write) -> None:
    wrong = "/*\ncolumns.id = { ge = 'x' }\n*/\nSELECT 1 AS id"
    root = write_project({**FILES, "assets/silver/sales.sql": wrong})
    before = stale(root)
    synced(root)
    assert stale(root) == before != []


def test_classes_are_not_lost_while_something_else_is_wrong(write_project: Write) -> None:
    root = write_project({**FILES, **BACK, "shop/assets.py": READER})
    path = synced(root).path
    text = path.read_text(encoding="utf-8")
    (root / "shop/assets.py").write_text("import nothing_like_it\n", encoding="utf-8")
    with pytest.raises(FlowForgeError):
        synced(root)
    assert path.read_text(encoding="utf-8") == text


def test_without_file_datasets_the_module_is_empty(write_project: Write) -> None:
    root = write_project({"flowforge.toml": TOML, "shop/__init__.py": ""})
    assert synced(root).classes == ()


@pytest.mark.parametrize(
    ("project", "path", "module"),
    [
        ('modules = ["shop"]', "shop/sql_datasets.py", "shop.sql_datasets"),
        ('modules = ["other", "shop"]', "shop/sql_datasets.py", "shop.sql_datasets"),
        ('modules = ["other"]', "sql_datasets.py", "sql_datasets"),
        ('modules = ["shop"]\nsync = "shop/of/sql.py"', "shop/of/sql.py", "shop.of.sql"),
        ('sync = "sql.py"', "sql.py", "sql"),
    ],
)
def test_the_module_has_its_place(
    write_project: Write, project: str, path: str, module: str
) -> None:
    root = write_project({"flowforge.toml": f"[project]\n{project}\n", "shop/__init__.py": ""})
    config = read_config(root)
    assert find_sync_path(config) == root / path
    assert sync_module(config) == module


def test_a_project_without_python_has_no_place_for_it(write_project: Write) -> None:
    root = write_project({**FILES, "flowforge.toml": '[project]\nname = "shop"\n'})
    with pytest.raises(NoSyncPlaceError):
        synced(root)
    assert sync_module(read_config(root)) is None


def test_a_place_that_is_no_module_is_told_with_its_line(write_project: Write) -> None:
    root = write_project({"flowforge.toml": '[project]\nsync = "../sql.txt"\n'})
    with pytest.raises(
        ConfigValueError, match="`sync` in `\\[project\\]` is not the path"
    ) as caught:
        read_config(root)
    assert caught.value.place is not None
    assert caught.value.place.line == 2


def test_a_file_of_someone_else_is_not_overwritten(write_project: Write) -> None:
    root = write_project({**FILES, "shop/sql_datasets.py": "X = 1\n"})
    with pytest.raises(ForeignModuleError, match="was not written by `flowforge sync`"):
        synced(root)


def test_a_folder_that_cannot_be_written_is_told(write_project: Write) -> None:
    root = write_project({**FILES, "shop/of": "", "flowforge.toml": TOML + 'sync = "shop/of/x.py"'})
    with pytest.raises(NotWritableError, match="cannot be written"):
        synced(root)
