"""`--json`: the shapes that programs rely on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import Call

Edit = Callable[[Path, str, str], None]


def test_check_counts_assets_and_lists_errors(call: Call, new_shop: Path, edit: Edit) -> None:
    edit(new_shop / "corner_shop/assets.py", "RawOrders.price_eur", "RawOrders.price_er")
    ran = call("check", "--json")
    assert ran.code == 1
    assert ran.data["assets"] == 3
    (error,) = ran.answer["errors"]
    assert set(error) == {"code", "message", "file", "line", "hint"}
    assert (error["code"], error["file"], error["line"]) == ("FF-304", "corner_shop/assets.py", 22)
    assert "price_eur" in error["hint"]


def test_check_of_a_sound_project_has_no_errors(call: Call, new_shop: Path) -> None:
    ran = call("check", "--json")
    assert (ran.code, ran.answer["errors"], ran.data["assets"]) == (0, [], 3)


def test_check_of_a_project_that_cannot_be_loaded_has_data_all_the_same(
    call: Call, new_shop: Path, edit: Edit
) -> None:
    edit(new_shop / "assets/gold/sales.sql", "silver.orders", "silver.ordrs")
    ran = call("check", "--json")
    assert ran.code == 1
    assert ran.data["assets"] == 0
    assert "silver.ordrs" in ran.answer["errors"][0]["message"]


def test_plan_lists_steps_and_what_is_fresh(call: Call, shop: Path) -> None:
    ran = call("plan", "--json", "-s", "sales", "--force")
    assert ran.data["fresh"] == []
    assert ran.data["steps"] == [
        {
            "asset": "sales",
            "makes": ["gold.sales"],
            "partitions": None,
            "reason": "forced",
            "detail": "",
            "is_conditional": False,
        }
    ]
    assert call("plan", "--json").data["fresh"] == [
        "bronze.raw_orders",
        "silver.orders",
        "gold.sales",
    ]


def test_plan_writes_partitions_so_that_they_can_be_asked_for(call: Call, days: Path) -> None:
    ran = call("plan", "--json", "-s", "visits", "-p", "2026-01-01..2026-01-03,2026-01-07")
    assert ran.data["steps"][0]["partitions"] == "2026-01-01..2026-01-03,2026-01-07"


def test_run_writes_a_line_an_event_and_ends_with_the_counts(call: Call, new_shop: Path) -> None:
    events = call("run", "--json").events
    assert [event["event"] for event in events] == [
        "run_started",
        *["step_started", "step_finished"] * 3,
        "run_finished",
    ]
    for event in events:
        assert {"event", "asset", "partition", "status", "rows", "seconds"} <= set(event)
    finished = [event for event in events if event["event"] == "step_finished"]
    assert [(event["asset"], event["status"], event["rows"]) for event in finished] == [
        ("raw_orders", "made", 6),
        ("clean_orders", "made", 5),
        ("sales", "made", 3),
    ]
    last = events[-1]
    assert last["run_id"]
    assert last["status"] == "succeeded"
    assert [last[name] for name in ("made", "failed", "skipped", "fresh")] == [3, 0, 0, 0]
    assert last["errors"] == []


def test_run_tells_each_partition(call: Call, days: Path) -> None:
    events = call("run", "--json", "-s", "visits", "-p", "2026-01-03..2026-01-04").events
    finished = [event["partition"] for event in events if event["event"] == "step_finished"]
    assert finished == ["2026-01-03", "2026-01-04"]


def test_run_that_fails_ends_with_its_errors(call: Call, new_shop: Path, edit: Edit) -> None:
    edit(new_shop / "corner_shop/assets.py", "return pl.scan", "1 / 0\n    return pl.scan")
    ran = call("run", "--json")
    last = ran.events[-1]
    assert ran.code == 1
    assert (last["status"], last["failed"], last["skipped"]) == ("failed", 1, 2)
    assert [error["code"] for error in last["errors"]] == ["FF-701"]


def test_show_has_the_table_and_its_columns(call: Call, shop: Path) -> None:
    data = call("show", "silver.orders", "--json").data
    assert data["uri"].endswith("silver/orders")
    assert data["version"] == 0
    assert data["rows"] == 5
    assert [column["name"] for column in data["schema"]] == [
        "order_id",
        "day",
        "country",
        "price_eur",
    ]
    assert data["partitions"] == {
        "by": [],
        "count": None,
        "declared": None,
        "first": None,
        "last": None,
    }
    assert data["head"][0]["day"] == "2026-01-05"


def test_show_counts_partitions(call: Call, days: Path) -> None:
    call("run", "-q", "-p", "2026-01-02..2026-01-06", "-s", "visits")
    data = call("show", "visits", "--json", "-n", "0").data
    assert data["partitions"] == {
        "by": ["day"],
        "count": 5,
        "declared": 20,
        "first": "2026-01-02",
        "last": "2026-01-06",
    }
    assert (data["rows"], data["head"]) == (10, [])


def test_show_of_one_partition_counts_its_rows(call: Call, days: Path) -> None:
    call("run", "-q", "-p", "2026-01-02..2026-01-06", "-s", "visits")
    data = call("show", "visits", "--json", "-p", "2026-01-03").data
    assert (data["rows"], data["partitions"]["count"]) == (2, 1)


def test_show_of_what_was_never_made_has_no_version(call: Call, new_shop: Path) -> None:
    data = call("show", "orders", "--json").data
    assert (data["version"], data["rows"], data["made_at"]) == (None, None, None)


def test_ls_has_a_state_for_each_dataset(call: Call, shop: Path) -> None:
    found = call("ls", "--json").data["datasets"]
    assert {each["key"]: (each["state"], each["rows"]) for each in found} == {
        "bronze.raw_orders": ("fresh", 6),
        "silver.orders": ("fresh", 5),
        "gold.sales": ("fresh", 3),
    }


def test_why_names_what_changed(call: Call, shop: Path, edit: Edit) -> None:
    edit(shop / "corner_shop/assets.py", "is_not_null()", "is_null()")
    (fate,) = call("why", "orders", "--json").data["partitions"]
    assert (fate["state"], fate["reason"], fate["changed"]) == ("stale", "code", ["code"])
    (fate,) = call("why", "sales", "--json").data["partitions"]
    assert fate["newer"] == [
        {"dataset": "silver.orders", "partitions": None, "at": None, "run_id": None}
    ]


def test_history_lists_runs_and_steps(call: Call, shop: Path) -> None:
    (run,) = call("history", "--json").data["runs"]
    (step,) = call("history", "gold.sales", "--json").data["steps"]
    assert (run["status"], run["made"]) == ("succeeded", 3)
    assert (step["run_id"], step["rows"], step["error"]) == (run["run_id"], 3, None)


def test_lineage_lists_edges(call: Call, shop: Path) -> None:
    assert call("lineage", "orders", "--json").data["edges"] == [
        {"from": "bronze.raw_orders", "to": "silver.orders", "asset": "clean_orders"},
        {"from": "silver.orders", "to": "gold.sales", "asset": "sales"},
    ]
    assert call("lineage", "sales.orders", "--json").data["not_known"] == []


def test_a_rebuilt_ledger_says_what_it_read(call: Call, shop: Path) -> None:
    data = call("ledger", "rebuild", "--json").data
    assert data == {"datasets": 3, "commits": 3, "moved_to": None}


@pytest.mark.parametrize(
    "argv", [("rum", "--json"), ("show", "--json"), ("plan", "-C", "nowhere", "--json")]
)
def test_bad_use_is_told_as_json_too(call: Call, tmp_path: Path, argv: tuple[str, ...]) -> None:
    ran = call(*argv)
    assert ran.code == 2
    assert ran.data is None
    assert ran.answer["errors"][0]["code"] in {"FF-801", "FF-809"}
    assert ran.err == ""


def test_new_files_are_listed(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "orders/flowforge.toml" in call("init", "orders", "--json").data["files"]
    added = call("new", "gold.best", "-C", "orders", "--json").data
    assert added == {"files": ["orders/orders/best.py"], "add_module": None}


def test_a_run_that_cannot_begin_ends_in_one_line(call: Call, new_shop: Path, edit: Edit) -> None:
    edit(new_shop / "corner_shop/assets.py", "RawOrders.price_eur", "RawOrders.price_er")
    ran = call("run", "--json")
    assert ran.code == 1
    assert len(ran.out.splitlines()) == 1
    assert (ran.answer["event"], ran.answer["status"]) == ("run_finished", "failed")
    assert [error["code"] for error in ran.answer["errors"]] == ["FF-304"]
