from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import polars as pl
import pytest

from flowforge_assets import Project
from flowforge_assets.errors.project import NeverMadeHereError
from flowforge_assets.errors.storage import (
    ExternalMissingError,
    ExternalSchemaError,
    StorageError,
)

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
CONFIG = """
[project]
name = "shop"
modules = ["shop"]
[env.dev]
read_from = "prod"
[env.prod]
[env.shared]
store = "lake"
namespace = "alice"
[env.ci]
store = "lake"
"""
SHOP = """
import polars as pl

from flowforge_assets import Bronze, Col, Frame, Gold, Silver, Table, asset, col, key


class Orders(Bronze):
    number: Col[int] = key()


class Paid(Silver):
    number: Col[int] = key()


class Report(Gold):
    orders: Col[int] = col()


@asset
def orders() -> Table[Orders]:
    return pl.DataFrame({"number": [1, 2, 3]})


@asset
def paid(orders: Frame[Orders]) -> Frame[Paid]:
    return orders.filter(Orders.number > 1)


@asset
def report(paid: Frame[Paid]) -> Frame[Report]:
    return paid.select(orders=pl.len().cast(pl.Int64))
"""
RATES = """
import polars as pl

from flowforge_assets import Bronze, Col, Frame, Gold, asset, col, external


class Rates(Bronze):
    rate: Col[float] = col()


class Report(Gold):
    total: Col[float] = col()


external(Rates, at="given/rates")


@asset
def report(rates: Frame[Rates]) -> Frame[Report]:
    return rates.select(total=Rates.rate.sum())
"""
RATES_BY_VIEW = RATES.replace("import Bronze", "import Silver, Bronze").replace(
    "@asset\ndef report(rates: Frame[Rates]) -> Frame[Report]:\n"
    "    return rates.select(total=Rates",
    """class Seen(Silver):
    rate: Col[float] = col()


@asset(write="view")
def seen(rates: Frame[Rates]) -> Frame[Seen]:
    return rates


@asset
def report(seen: Frame[Seen]) -> Frame[Report]:
    return seen.select(total=Seen""",
)


@pytest.fixture
def shop(write_project: Write) -> Callable[[str], Project]:
    root = write_project({"flowforge.toml": CONFIG, "shop.py": SHOP})
    return lambda env: Project.load(root, env=env)


@pytest.fixture
def rates(write_project: Write, tmp_path: Path) -> Project:
    root = write_project({"flowforge.toml": CONFIG, "shop.py": RATES})
    pl.DataFrame({"rate": [1.0, 2.0]}).write_delta(tmp_path / "given/rates", mode="append")
    return Project.load(root)


def reasons(project: Project, select: str) -> list[tuple[str, str, str]]:
    return [(step.asset, step.reason, step.detail) for step in project.plan(select).steps]


def test_what_an_environment_never_made_is_read_from_its_lender(
    shop: Callable[[str], Project],
) -> None:
    shop("prod").run()
    dev = shop("dev")
    assert dev.plan("report").notes == ("`silver.paid` from `prod`",)
    assert dev.run("report").made == 1
    assert dev.read("gold.report")["orders"].to_list() == [2]
    assert reasons(dev, "report") == []


def test_a_change_at_the_lender_makes_the_reader_stale(shop: Callable[[str], Project]) -> None:
    prod, dev = shop("prod"), shop("dev")
    prod.run()
    dev.run("report")
    prod.run("paid", force=True)
    assert reasons(dev, "report") == []
    (prod.root / "shop.py").write_text(SHOP.replace("number > 1", "number > 2"))
    shop("prod").run("paid")
    assert reasons(shop("dev"), "report") == [
        ("report", "input newer", "`silver.paid` was made after it")
    ]


def test_a_reader_is_stale_when_its_environment_makes_its_input_itself(
    shop: Callable[[str], Project],
) -> None:
    shop("prod").run()
    dev = shop("dev")
    dev.run("report")
    dev.run("orders or paid")
    assert dev.plan("report").notes == ()
    assert [step.reason for step in dev.plan("report").steps] == ["input newer"]


def test_what_is_made_in_the_same_run_is_not_borrowed(shop: Callable[[str], Project]) -> None:
    shop("prod").run()
    dev = shop("dev")
    assert dev.plan().notes == ()
    assert dev.run().made == 3


def test_nothing_is_written_where_it_is_borrowed_from(shop: Callable[[str], Project]) -> None:
    prod = shop("prod")
    prod.run()
    before = prod.table(prod.dataset("silver.paid")).version()
    shop("dev").run("report")
    assert prod.table(prod.dataset("silver.paid")).version() == before


def test_what_nobody_made_is_still_waited_for(shop: Callable[[str], Project]) -> None:
    (waiting,) = shop("dev").plan("report").waiting
    assert waiting.missing == "silver.paid"


def test_a_borrowed_dataset_can_be_looked_at(shop: Callable[[str], Project]) -> None:
    shop("prod").run()
    assert shop("dev").read("silver.paid").height == 2


def test_a_namespace_reads_the_shared_tables_and_writes_its_own(
    shop: Callable[[str], Project],
) -> None:
    shop("ci").run()
    mine = shop("shared")
    assert mine.plan("report").notes == (
        "tables are those of the namespace `alice`",
        "`silver.paid` from `shared`",
    )
    assert mine.run("report").made == 1
    assert "_ns/alice" in mine.table(mine.dataset("gold.report")).uri
    assert [step.asset for step in shop("ci").plan().steps] == []


def test_an_external_dataset_is_read_where_it_is(rates: Project) -> None:
    assert rates.plan().notes == ("`bronze.rates` from outside (`given/rates`)",)
    assert rates.run().made == 1
    assert rates.read("gold.report")["total"].to_list() == [3.0]
    assert rates.read("bronze.rates").height == 2
    assert rates.plan().steps == ()


def test_readers_of_an_external_dataset_are_stale_when_it_changes(
    rates: Project, tmp_path: Path
) -> None:
    rates.run()
    pl.DataFrame({"rate": [4.0]}).write_delta(tmp_path / "given/rates", mode="append")
    assert reasons(rates, "report") == [
        ("report", "input newer", "`bronze.rates` was made after it")
    ]
    rates.run()
    assert rates.read("gold.report")["total"].to_list() == [7.0]


def test_an_external_dataset_with_other_columns_fails_its_reader(
    rates: Project, tmp_path: Path
) -> None:
    pl.DataFrame({"rate": ["high"]}).write_delta(
        tmp_path / "given/rates", mode="overwrite", delta_write_options={"schema_mode": "overwrite"}
    )
    result = rates.run()
    assert isinstance(result.errors[0], ExternalSchemaError)


def test_readers_wait_for_an_external_dataset_that_is_not_there(
    rates: Project, tmp_path: Path
) -> None:
    (tmp_path / "given/rates").rename(tmp_path / "given/other")
    (waiting,) = rates.plan().waiting
    assert waiting.missing == "bronze.rates"


def test_a_reader_that_was_made_waits_for_an_external_dataset_that_is_gone(
    rates: Project, tmp_path: Path
) -> None:
    rates.run()
    shutil.rmtree(tmp_path / "given/rates")
    plan = rates.plan()
    assert [(each.asset, each.missing) for each in plan.waiting] == [
        ("gold.report", "bronze.rates")
    ]
    assert plan.fresh == ()
    assert plan.notes == ("external `bronze.rates` is not there: `given/rates`",)


def test_a_run_fails_for_an_external_dataset_that_is_gone_and_makes_the_rest(
    rates: Project, tmp_path: Path
) -> None:
    more = (
        "class Other(Gold):\n    n: Col[int] = col()\n\n\n@asset\n"
        'def other() -> Frame[Other]:\n    return pl.DataFrame({"n": [1]})\n'
    )
    (rates.root / "shop.py").write_text(
        f"{RATES}\n\n{more}".replace("-> Frame[O", "-> Table[O").replace(
            "asset, col", "Table, asset, col"
        )
    )
    shutil.rmtree(tmp_path / "given/rates")
    result = Project.load(rates.root).run()
    assert (result.status, result.made) == ("failed", 1)
    (error,) = result.errors
    assert isinstance(error, ExternalMissingError)
    assert "flowforge run" not in (error.hint or "")


def test_a_run_of_what_does_not_need_it_does_not_fail_for_what_is_gone(
    rates: Project, tmp_path: Path
) -> None:
    optional = RATES.replace("rates: Frame[Rates])", "rates: Frame[Rates] | None)").replace(
        "return rates.select(total=Rates.rate.sum())", 'return pl.LazyFrame({"total": [0.0]})'
    )
    (rates.root / "shop.py").write_text(optional)
    shutil.rmtree(tmp_path / "given/rates")
    result = Project.load(rates.root).run()
    assert (result.status, result.made) == ("succeeded", 1)


def test_a_reader_of_a_view_waits_for_what_the_view_reads(rates: Project, tmp_path: Path) -> None:
    (rates.root / "shop.py").write_text(RATES_BY_VIEW)
    project = Project.load(rates.root)
    assert project.run().made == 2
    shutil.rmtree(tmp_path / "given/rates")
    plan = project.plan("report", force=True)
    assert (plan.steps, [each.missing for each in plan.waiting]) == ((), ["bronze.rates"])


def test_the_readers_of_a_table_that_comes_back_are_as_they_were(
    rates: Project, tmp_path: Path
) -> None:
    rates.run()
    (tmp_path / "given/rates").rename(tmp_path / "given/other")
    assert rates.run().status == "failed"
    (tmp_path / "given/other").rename(tmp_path / "given/rates")
    assert rates.plan().fresh == ("gold.report",)


def test_an_error_while_the_version_of_an_external_dataset_is_read_is_not_swallowed(
    rates: Project, tmp_path: Path
) -> None:
    rates.run()
    (log,) = (tmp_path / "given/rates/_delta_log").glob("*.json")
    log.write_text("{")
    with pytest.raises(StorageError):
        rates.plan()


def test_an_external_dataset_is_never_made(rates: Project) -> None:
    with pytest.raises(NeverMadeHereError, match=r"`bronze\.rates` is made elsewhere") as caught:
        rates.plan("rates")
    assert caught.value.hint == "`report` reads it: select that"


def test_a_function_may_tell_the_version_of_an_external_dataset(
    rates: Project, tmp_path: Path
) -> None:
    told = RATES.replace('at="given/rates"', 'at="given/rates", version=lambda: VERSION')
    (rates.root / "shop.py").write_text(told + "\nVERSION = 1\n")
    Project.load(rates.root).run()
    pl.DataFrame({"rate": [4.0]}).write_delta(tmp_path / "given/rates", mode="append")
    assert reasons(Project.load(rates.root), "report") == []
    (rates.root / "shop.py").write_text(told + "\nVERSION = 22\n")
    assert len(reasons(Project.load(rates.root), "report")) == 1


def test_the_version_of_what_a_view_reads_is_asked_for(rates: Project) -> None:
    told = RATES_BY_VIEW.replace('at="given/rates"', 'at="given/rates", version=lambda: 1')
    (rates.root / "shop.py").write_text(told)
    project = Project.load(rates.root)
    assert project.run("seen").made == 1
    assert project.plan("report").notes == ("`bronze.rates` from outside (`given/rates`)",)
    assert project.run("report").made == 1


def test_an_external_dataset_without_a_place_is_in_the_store(rates: Project) -> None:
    (rates.root / "shop.py").write_text(RATES.replace(', at="given/rates"', ""))
    project = Project.load(rates.root)
    folder = Path(project.environment.location) / "bronze/rates"
    pl.DataFrame({"rate": [5.0]}).write_delta(folder, mode="append")
    assert project.run().made == 1
    assert project.read("gold.report")["total"].to_list() == [5.0]
    project.rebuild_ledger()
    assert project.plan().steps == ()


def test_a_view_is_worked_out_from_what_is_borrowed(write_project: Write) -> None:
    seen = SHOP.replace("@asset\ndef paid", '@asset(write="view")\ndef paid')
    root = write_project({"flowforge.toml": CONFIG, "shop.py": seen})
    Project.load(root, env="prod").run()
    dev = Project.load(root)
    assert dev.run("paid").made == 1
    assert dev.read("silver.paid").height == 2
    assert dev.run("report").made == 1
    assert dev.read("gold.report")["orders"].to_list() == [2]
