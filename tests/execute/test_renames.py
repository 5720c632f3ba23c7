"""Datasets that are called otherwise today: what was made under an earlier name counts."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowforge_assets.api import Project
from flowforge_assets.cli.main import main
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.storage import TwoTablesError
from flowforge_assets.project.scaffold import make_project
from flowforge_assets.record.ledger import Ledger

OLD, NEW = "silver.orders", "silver.shop.sales_orders"


@pytest.fixture(autouse=True)
def _own_imports() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] == "renamed_shop":
            del sys.modules[name]
    sys.path[:] = path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that ran, and whose orders were renamed since; a query and a check read them."""
    folder = tmp_path / "renamed_shop"
    make_project(folder)
    assert Project.load(folder).run().status == "succeeded"
    rename(folder, "class Orders(Silver)", f'class Orders(Silver, name="{NEW[7:]}", {ALIAS})')
    return folder


ALIAS = f'aliases=("{OLD}",)'


def rename(folder: Path, old: str, new: str, *, was: str = OLD, today: str = NEW) -> None:
    """Edits the class, and the query that reads it."""
    for path, before, after in (
        (folder / "renamed_shop" / "datasets.py", old, new),
        (folder / "assets/gold/sales.sql", was, today),
    ):
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))
        os.utime(path, (0, 0))  # even within one tick of the clock it is another file


def stale(folder: Path) -> list[str]:
    return [step.asset for step in Project.load(folder).plan().steps]


def test_a_rename_is_no_reason_to_make_anything(folder: Path) -> None:
    assert stale(folder) == []
    ran = Project.load(folder).run()
    assert (ran.made, ran.fresh) == (0, 3)


def test_without_an_alias_it_is_another_dataset(folder: Path) -> None:
    rename(folder, f", {ALIAS}", "", was=NEW, today=NEW)
    assert stale(folder) == ["clean_orders", "sales"]


def test_its_rows_are_read_by_the_new_name(folder: Path) -> None:
    assert Project.load(folder).read(NEW).height == 5


def test_what_is_made_after_the_rename_goes_on_with_the_table(folder: Path) -> None:
    project = Project.load(folder)
    assert project.run(force=True).made == 3
    assert stale(folder) == []
    made = project.history().lookup(DatasetKey(NEW))
    assert [(each.dataset, each.table.version) for each in made] == [(NEW, 1)]


def test_inputs_that_change_after_the_rename_are_seen(folder: Path) -> None:
    assert Project.load(folder).run("clean_orders", force=True).made == 1
    csv = folder / "data/orders.csv"
    csv.write_text(csv.read_text().replace("19.9", "20.9"))
    assert Project.load(folder).run("raw_orders", force=True).made == 1
    assert stale(folder) == ["clean_orders", "sales"]


def test_the_ledger_takes_the_new_name(folder: Path) -> None:
    project = Project.load(folder)
    project.run()
    with Ledger.open(project.environment.ledger_path) as ledger:
        assert {OLD, NEW} & set(ledger.datasets()) == {NEW}
        assert len(list(ledger.schemas(DatasetKey(NEW)))) == 1


@pytest.mark.parametrize("is_run", [False, True])
def test_the_tables_tell_it_where_the_ledger_is_lost(folder: Path, *, is_run: bool) -> None:
    if is_run:
        Project.load(folder).run(force=True)
    Project.load(folder).environment.ledger_path.unlink()
    assert stale(folder) == []
    Project.load(folder).rebuild_ledger()
    assert stale(folder) == []


def test_a_class_may_be_renamed_wherever_it_is_used(folder: Path) -> None:
    for path in (folder / "renamed_shop").glob("*.py"):
        path.write_text(re.sub(r"\bOrders\b", "SoldThings", path.read_text()))
    assert "SoldThings.price_eur" in (folder / "renamed_shop/assets.py").read_text()
    assert stale(folder) == []


def test_code_that_takes_another_dataset_is_other_code(folder: Path) -> None:
    assets = folder / "renamed_shop" / "assets.py"
    text = assets.read_text()
    assets.write_text(text.replace("country=RawOrders.country", "country=Orders.country"))
    assert stale(folder) == ["clean_orders", "sales"]


def test_a_second_rename_keeps_both_names(folder: Path) -> None:
    Project.load(folder).run(force=True)
    rename(
        folder,
        f'name="{NEW[7:]}", aliases=("{OLD}",)',
        f'name="sold", aliases=("{OLD}", "{NEW}")',
        was=NEW,
        today="silver.sold",
    )
    assert stale(folder) == []
    assert Project.load(folder).run().made == 0
    assert stale(folder) == []


def test_bad_rows_go_on_under_the_first_name(folder: Path) -> None:
    assets = folder / "renamed_shop" / "assets.py"
    text = assets.read_text()
    assets.write_text(
        text.replace("@asset\ndef clean_orders", '@asset(bad_rows="quarantine")\ndef clean_orders')
    )
    csv = folder / "data/orders.csv"
    csv.write_text(csv.read_text().replace("19.9", "-19.9"))
    assert Project.load(folder).run(force=True).status == "succeeded"
    lake = folder / ".flowforge/dev/lake/silver"
    assert sorted(path.name for path in lake.iterdir()) == ["orders", "orders__bad_rows"]


def test_a_table_under_the_new_name_is_an_error(folder: Path) -> None:
    lake = folder / ".flowforge/dev/lake/silver"
    shutil.copytree(lake / "orders", lake / NEW[7:])
    with pytest.raises(TwoTablesError, match=NEW):
        Project.load(folder).plan()


def test_a_renamed_query_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    make_project(folder, "sql")
    assert Project.load(folder).run().status == "succeeded"
    query = folder / "assets/silver/orders.sql"
    (folder / "assets/silver/orders.test.toml").unlink()
    header, text = query.read_text().split("\n", 1)
    (folder / "assets/silver/sold.sql").write_text(f'{header}\naliases = ["{OLD}"]\n{text}')
    query.unlink()
    sales = folder / "assets/gold/sales.sql"
    sales.write_text(sales.read_text().replace(OLD, "silver.sold"))
    assert stale(folder) == []
    assert Project.load(folder).run().made == 0


def test_people_are_told_what_it_was_called(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", NEW, "-C", str(folder)]) == 0
    assert "made as\n" in (told := capsys.readouterr().out)
    assert OLD in told
    assert main(["show", NEW, "-C", str(folder)]) == 0
    assert f"was called  {OLD}\n" in capsys.readouterr().out
