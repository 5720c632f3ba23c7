from __future__ import annotations

from datetime import UTC, datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.table_name import (
    TableName,
    run_began,
    run_of_staged,
    same_names,
    staged_name,
    table_name,
)
from flowforge_assets.core.warehouse_script import read_state_text, state_text


def test_a_layer_is_a_schema_and_a_group_part_of_the_name() -> None:
    assert table_name(DatasetKey("gold.orders")) == TableName(("gold", "orders"))
    assert str(table_name(DatasetKey("bronze.crm.users"), prefix="dev_")) == "dev_bronze.crm__users"
    assert str(table_name(DatasetKey("finance/gold.rates"))) == "finance__gold.rates"


def test_datasets_of_one_table_name_are_found() -> None:
    keys = [DatasetKey(text) for text in ("gold.a.b__c", "gold.a__b.c", "gold.c", "gold.c")]
    assert same_names(keys) == {TableName(("gold", "a__b__c")): (keys[0], keys[1])}


def test_a_step_has_one_staged_table_whose_name_fits_everywhere() -> None:
    table = TableName(("gold", "x" * 90))
    staged = staged_name(table, "run 1 step 2")
    assert staged == staged_name(table, "run 1 step 2")
    assert staged != staged_name(table, "run 1 step 3")
    assert staged != staged_name(table, "run 1 step 2", purpose="next")
    assert staged.schema == ("gold",)
    assert len(staged.table) <= 60


def test_a_state_goes_through_a_comment_whatever_it_holds() -> None:
    state = '{"a": "it\'s \\ 100 % \n é"}'
    text = state_text(state)
    assert not set("'\"\\\n`") & set(text)
    assert read_state_text(text) == state


def test_a_comment_of_others_is_no_state() -> None:
    assert read_state_text("What was sold") is None
    assert read_state_text(None) is None


def test_a_staged_name_tells_the_run_that_it_was_staged_for() -> None:
    table = TableName(("gold", "x" * 90))
    staged = staged_name(table, "20260101T120000-4f3a09c2/gold.x|2026-01-01", purpose="next")
    assert len(staged.table) <= 60
    assert run_of_staged(staged.table) == "20260101T120000-4f3a09c2"
    assert run_began("20260101T120000-4f3a09c2") == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_names_of_others_tell_no_run() -> None:
    names = ["orders", "orders__new_customers", staged_name(TableName(("g", "t")), "by hand").table]
    assert [run_of_staged(name) for name in names] == [None, None, None]
