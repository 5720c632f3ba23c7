"""Tables that were there before the project, taken as made."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    Artifact,
    BadRows,
    Bronze,
    Col,
    Daily,
    File,
    Frame,
    Gold,
    Silver,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.adoption import NotAdoptableError, TableUnfitError
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.run import CheckFailedError, RulesBrokenError
from flowforge_assets.errors.storage import NoTableError
from flowforge_assets.execute.adopt import Adopted, adopt
from flowforge_assets.execute.session import Session
from flowforge_assets.record.ledger import Ledger
from pipelines import Pipeline, pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")


class Sales(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    price: Col[int] = col()


class Priced(Silver, partition=DAY.on("day")):
    day: Col[date] = key()
    price: Col[int] = col(gt=0)


class Total(Gold):
    price: Col[int] = col()


class Log(Silver):
    day: Col[date] = key(scope="table")
    price: Col[int] = col()


class Seen(Gold):
    price: Col[int] = col()


class Report(Artifact, suffix=".txt"):
    """A file."""


@asset
def sales(day: date) -> Frame[Sales]:
    return pl.LazyFrame({"day": [day], "price": [5]})


@asset
def priced(sales: Frame[Sales]) -> Frame[Priced]:
    return sales


@asset(name="priced")
def sparse(sales: Frame[Sales]) -> Frame[Priced]:
    return sales.filter(Sales.day < date(2026, 1, 3))


@asset
def total(priced: Frame[Priced]) -> Frame[Total]:
    return priced.select("price")


@asset(write="append", per=DAY.on("day"))
def log(sales: Frame[Sales]) -> Frame[Log]:
    return sales


@asset(write="view")
def seen(priced: Frame[Priced]) -> Frame[Seen]:
    return priced.select("price")


@asset
def report(priced: Frame[Priced], out: Path) -> File[Report]:
    path = out / "report.txt"
    path.write_text("")
    return path


@check
def is_cheap(priced: Frame[Priced]) -> BadRows[Priced]:
    return priced.filter(Priced.price > 100)


@check(blocking=False)
def is_even(priced: Frame[Priced]) -> BadRows[Priced]:
    return priced.filter(Priced.price % 2 == 1)


@pytest.fixture
def shop(tmp_path: Path) -> Pipeline:
    """A pipeline whose days of sales were made."""
    made = pipeline(
        tmp_path, sales, priced, total, log, seen, report, is_cheap, is_even, store="delta"
    )
    made.run(["bronze.sales"])
    return made


ROWS = pl.DataFrame(
    {"day": [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)], "price": [1, 2, 3]}
)


def delivered(shop: Pipeline, rows: pl.DataFrame, name: str = "silver/priced") -> None:
    """Rows that someone else wrote to a dataset's place."""
    rows.write_delta(Path(shop.environment.location) / name, mode="overwrite")


def adopted(shop: Pipeline, key: str = "silver.priced", *, check: bool = True) -> Adopted:
    shop.now += timedelta(minutes=1)
    asked = shop.asked([shop.graph.maker[DatasetKey(key)]], None, force=False)
    session = Session(
        graph=shop.graph,
        environment=shop.environment,
        store=lambda: shop.store,
        clock=shop.clock,
        plan=lambda history: shop.planned(history, asked),
    )
    return adopt(session, shop.graph.datasets[DatasetKey(key)], shop.fingerprints(), check=check)


def test_an_adopted_table_is_not_made(shop: Pipeline) -> None:
    delivered(shop, ROWS)
    found = adopted(shop)
    assert (found.rows, found.partitions.render()) == (3, "2026-01-01..2026-01-03")
    assert reasons(shop.plan(["silver.priced"])) == {}
    assert shop.rows(Priced, "price") == [1, 2, 3]


def test_what_reads_it_is_made_from_it(shop: Pipeline) -> None:
    delivered(shop, ROWS)
    adopted(shop)
    assert shop.run(["gold.total"]).status == "succeeded"
    assert shop.rows(Total, "price") == [1, 2, 3]


def test_days_without_rows_are_still_to_be_made(shop: Pipeline) -> None:
    delivered(shop, ROWS.head(2))
    adopted(shop)
    assert reasons(shop.plan(["silver.priced"])) == {"priced": ("never made", "2026-01-03")}


def test_days_that_someone_emptied_are_to_be_made_again(shop: Pipeline) -> None:
    shop.run(["silver.priced"])
    delivered(shop, ROWS.head(2))
    assert adopted(shop).rows == 2
    never_made = {"priced": ("never made", "2026-01-03")}
    assert reasons(shop.plan(["silver.priced"])) == never_made
    [made] = shop.history().lookup(DatasetKey("silver.priced"))
    assert made.partitions.render() == "2026-01-01..2026-01-02"

    shop.environment.ledger_path.unlink()
    shop.run(["bronze.sales"])
    assert reasons(shop.plan(["silver.priced"])) == never_made


def test_readers_take_in_what_someone_wrote_in_between(shop: Pipeline) -> None:
    shop.run(["silver.priced", "gold.total"])
    delivered(shop, ROWS)
    adopted(shop)
    assert reasons(shop.plan())["total"][0] == "input newer"
    shop.run(["gold.total"])
    assert shop.rows(Total, "price") == [1, 2, 3]


def test_days_that_were_made_without_a_row_stay_made(tmp_path: Path) -> None:
    made = pipeline(tmp_path, sales, sparse, store="delta")
    made.run()
    assert adopted(made).partitions.render() == "2026-01-01..2026-01-02"
    assert reasons(made.plan()) == {}


def test_rows_of_days_that_are_not_declared_are_left_aside(shop: Pipeline) -> None:
    early = pl.DataFrame({"day": [date(2025, 12, 31)], "price": [9]})
    delivered(shop, pl.concat([ROWS, early]))
    found = adopted(shop)
    assert (found.rows, found.outside.render()) == (3, "2025-12-31")


def test_an_input_that_changes_makes_an_adopted_table_stale(shop: Pipeline) -> None:
    delivered(shop, ROWS)
    adopted(shop)
    shop.codes["bronze.sales"] = "2"
    plan = shop.plan(["bronze.sales", "silver.priced"], partitions="2026-01-02")
    assert reasons(plan)["priced"] == ("input newer", "2026-01-02")


def test_code_that_changes_makes_an_adopted_table_stale(shop: Pipeline) -> None:
    delivered(shop, ROWS)
    adopted(shop)
    shop.codes["silver.priced"] = "2"
    assert reasons(shop.plan(["silver.priced"]))["priced"][0] == "code"


def test_a_table_of_older_code_is_adopted_without_a_word_to_its_readers(shop: Pipeline) -> None:
    shop.run()
    shop.codes["silver.priced"] = "2"
    adopted(shop)
    assert reasons(shop.plan()) == {}


def test_the_tables_know_it_where_the_ledger_is_lost(shop: Pipeline) -> None:
    delivered(shop, ROWS)
    adopted(shop)
    shop.environment.ledger_path.unlink()
    shop.run(["bronze.sales"])
    assert reasons(shop.plan(["silver.priced"])) == {}


def test_the_history_says_that_it_was_adopted(shop: Pipeline) -> None:
    delivered(shop, ROWS)
    adopted(shop)
    with Ledger.open(shop.environment.ledger_path) as ledger:
        step = ledger.history(DatasetKey("silver.priced"))[0]
        run = ledger.find_run(step.run_id)
    assert (step.reason, step.status, step.rows) == ("adopted", "made", 3)
    assert run is not None
    assert (run.selection, run.status) == ("adopt silver.priced", "succeeded")


def test_other_columns_are_refused_by_name(shop: Pipeline) -> None:
    delivered(shop, pl.DataFrame({"day": ["2026-01-01"], "cost": [1]}))
    with pytest.raises(TableUnfitError) as caught:
        adopted(shop)
    assert caught.value.message.splitlines()[1:] == [
        "day: promised Date, found String",
        "price: promised Int64, found no such column",
        "cost: not promised, found Int64",
    ]


def test_a_refused_table_stays_as_it_is(shop: Pipeline) -> None:
    delivered(shop, ROWS.with_columns(price=pl.lit("1")))
    with pytest.raises(TableUnfitError):
        adopted(shop)
    assert shop.table(Priced).made() == []
    with Ledger.open(shop.environment.ledger_path) as ledger:
        assert ledger.runs(1)[0].status == "failed"


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (ROWS.with_columns(price=-pl.col("price")), RulesBrokenError),
        (pl.concat([ROWS, ROWS]), RulesBrokenError),
        (ROWS.with_columns(price=pl.lit(1000)).cast({"price": pl.Int64}), CheckFailedError),
    ],
)
def test_rows_are_held_against_rules_and_checks(
    shop: Pipeline, rows: pl.DataFrame, error: type[FlowForgeError]
) -> None:
    delivered(shop, rows)
    with pytest.raises(error) as caught:
        adopted(shop)
    assert "`--no-check`" in (caught.value.hint or "")
    assert "quarantine" not in (caught.value.hint or "")


def test_rows_that_lie_in_no_partition_are_refused(shop: Pipeline) -> None:
    delivered(shop, ROWS.with_columns(day=None).cast({"day": pl.Date}).vstack(ROWS))
    with pytest.raises(NotAdoptableError, match="3 rows of"):
        adopted(shop)


def test_rows_may_be_trusted(shop: Pipeline) -> None:
    delivered(shop, ROWS.with_columns(price=-pl.col("price")))
    assert adopted(shop, check=False).rows == 3


def test_checks_that_do_not_block_are_warnings(shop: Pipeline) -> None:
    delivered(shop, ROWS)
    assert [(f.rule, f.bad_rows) for f in adopted(shop).warnings] == [("is_even", 2)]


def test_of_a_log_all_steps_up_to_now_count_as_made(shop: Pipeline) -> None:
    delivered(shop, ROWS.head(1), "silver/log")
    found = adopted(shop, "silver.log")
    assert found.rows == 1
    assert reasons(shop.plan(["silver.log"])) == {}


def test_a_key_that_a_log_has_twice_is_refused(shop: Pipeline) -> None:
    delivered(shop, pl.concat([ROWS, ROWS]), "silver/log")
    with pytest.raises(RulesBrokenError):
        adopted(shop, "silver.log")


def test_a_place_without_a_table_is_an_error(shop: Pipeline) -> None:
    with pytest.raises(NoTableError) as caught:
        adopted(shop)
    assert "lake/silver/priced" in (caught.value.hint or "")


def test_a_view_is_not_adopted(shop: Pipeline) -> None:
    with pytest.raises(NotAdoptableError, match="a view stores no rows"):
        adopted(shop, "gold.seen")


def test_a_file_is_not_adopted(shop: Pipeline) -> None:
    with pytest.raises(NotAdoptableError, match="an artifact is a file"):
        adopted(shop, "gold.report")


def test_a_table_without_a_row_in_a_declared_day_is_not_adopted(shop: Pipeline) -> None:
    delivered(shop, ROWS.clear())
    with pytest.raises(NotAdoptableError, match="no row of"):
        adopted(shop)


def test_an_empty_table_without_partitions_is_adopted(shop: Pipeline) -> None:
    shop.run(["silver.priced"])
    delivered(shop, pl.DataFrame(schema={"price": pl.Int64}), "gold/total")
    assert adopted(shop, "gold.total").rows == 0
    assert reasons(shop.plan(["gold.total"])) == {}
