"""What people see: each file of tests/fixtures/cli is a call with all that it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import Call

Golden = Callable[[str, str], None]
Edit = Callable[[Path, str, str], None]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("ls", "ls"),
        ("ls_verbose", "ls -v --select layer:gold"),
        ("show", "show silver.orders"),
        ("show_sql", "show sales --limit 2"),
        ("lineage", "lineage silver.orders"),
        ("lineage_column", "lineage gold.sales.total_eur"),
        ("why_fresh", "why orders"),
        ("check", "check"),
        ("check_verbose", "check -v"),
        ("plan_nothing", "plan"),
        ("run_nothing", "run"),
        ("history_dataset", "history gold.sales"),
        ("ledger_rebuild", "ledger rebuild"),
        ("ledger_prune", "ledger prune --keep 0 -y"),
        ("unknown_dataset", "show ordrs"),
        ("unknown_column", "lineage orders.countryx"),
        ("unknown_command", "rum"),
        ("unknown_option", "plan --jsn"),
        ("missing_key", "show"),
        ("surplus_word", "ls gold.sales"),
        ("unknown_environment", "plan -e prodd"),
        ("not_partitioned", "show orders -p 2026-01-01"),
        ("bad_selection", "plan -s layer:golden"),
    ],
)
def test_on_a_project_that_ran(
    golden: Golden, call: Call, shop: Path, name: str, command: str
) -> None:
    golden(f"cli/{name}.txt", call(*command.split()).text(folder=shop))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("plan_first", "plan"),
        ("run_first", "run"),
        ("run_selected", "run -s +orders"),
        ("ls_never", "ls"),
        ("show_never", "show gold.sales"),
        ("why_never", "why gold.sales"),
        ("history_never", "history"),
        ("new", "new silver.customers"),
        ("new_sql", "new gold.crm.top_customers --sql"),
        ("new_bad_key", "new slver.customers"),
    ],
)
def test_on_a_new_project(
    golden: Golden, call: Call, new_shop: Path, name: str, command: str
) -> None:
    golden(f"cli/{name}.txt", call(*command.split()).text(folder=new_shop))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("days_plan", "plan"),
        ("days_run", "run"),
        ("days_run_some", "run -s visits -p 2026-01-03..2026-01-05 -v"),
        ("days_waiting", "plan -s counts"),
        ("days_bad_key", "plan -p 2026-13-01"),
        ("days_bad_range", "run -p 2026-01-05..2026-01-03"),
        ("days_outside", "run -p 2025-12-31"),
    ],
)
def test_on_a_project_with_partitions(
    golden: Golden, call: Call, days: Path, name: str, command: str
) -> None:
    golden(f"cli/{name}.txt", call(*command.split()).text(folder=days))


def test_what_made_each_partition(golden: Golden, call: Call, days: Path, edit: Edit) -> None:
    call("run", "-q", "-s", "visits", "-p", "2026-01-01..2026-01-04")
    call("run", "-q", "-s", "visits", "-p", "2026-01-05..2026-01-09")
    edit(days / "visits_project.py", '"visit": [1, 2]', '"visit": [1, 3]')
    call("run", "-q", "-s", "visits", "-p", "2026-01-02")
    golden("cli/days_why.txt", call("why", "visits").text(folder=days))
    golden("cli/days_show.txt", call("show", "visits", "-n", "3").text(folder=days))


def test_why_it_is_stale(golden: Golden, call: Call, shop: Path, edit: Edit) -> None:
    edit(shop / "corner_shop/assets.py", "> 10_000", "> 9_000")
    edit(
        shop / "corner_shop/assets.py", "is_not_null()", "is_not_null() & (RawOrders.order_id > 1)"
    )
    golden("cli/plan_stale.txt", call("plan").text(folder=shop))
    golden("cli/why_stale.txt", call("why", "gold.sales").text(folder=shop))
    golden("cli/ls_stale.txt", call("ls").text(folder=shop))


def test_the_list_of_runs(golden: Golden, call: Call, shop: Path) -> None:
    call("run", "-q", "-s", "sales", "--force")
    text = call("history").text(folder=shop)
    golden("cli/history.txt", re.sub("  +", "  ", text))


def test_help(golden: Golden, call: Call) -> None:
    golden("cli/help.txt", call("--help").text())


def test_a_new_project(
    golden: Golden, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    golden("cli/init.txt", call("init", "corner_shop").text(folder=tmp_path))
    golden("cli/init_again.txt", call("init", "corner_shop").text(folder=tmp_path))


def test_a_folder_without_a_project(
    golden: Golden, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    golden("cli/no_project.txt", call("plan").text(folder=tmp_path))


@pytest.mark.parametrize(
    ("name", "file", "old", "new"),
    [
        ("misspelt_column", "corner_shop/assets.py", "RawOrders.price_eur", "RawOrders.price_er"),
        ("missing_column", "corner_shop/assets.py", "country=RawOrders", "land=RawOrders"),
        ("misspelt_dataset", "assets/gold/sales.sql", "silver.orders", "silver.ordrs"),
        ("bad_sql", "assets/gold/sales.sql", "group by country", "group country"),
        ("sql_column", "assets/gold/sales.sql", "sum(price_eur)", "sum(price_er)"),
        ("bad_module", "corner_shop/assets.py", "def clean_orders(", "def clean_orders(("),
        (
            "failing_module",
            "corner_shop/datasets.py",
            "class RawOrders",
            "1 / 0\n\nclass RawOrders",
        ),
        ("config_key", "flowforge.toml", "modules", "modulez"),
    ],
)
def test_a_broken_project(
    golden: Golden,
    call: Call,
    new_shop: Path,
    edit: Edit,
    name: str,
    file: str,
    old: str,
    new: str,
) -> None:
    edit(new_shop / file, old, new)
    golden(f"cli/broken_{name}.txt", call("check").text(folder=new_shop))


def test_a_run_whose_code_fails(golden: Golden, call: Call, new_shop: Path, edit: Edit) -> None:
    assets = new_shop / "corner_shop/assets.py"
    edit(
        assets,
        "return pl.scan_csv(",
        'raise OSError("the shop is closed")\n    return pl.scan_csv(',
    )
    golden("cli/run_fails.txt", call("run").text(folder=new_shop))


def test_a_run_whose_rows_break_rules(
    golden: Golden, call: Call, new_shop: Path, edit: Edit
) -> None:
    edit(new_shop / "data/orders.csv", "1,2026-01-05,ch,19.9", "1,2026-01-05,switzerland,-19.9")
    golden("cli/run_bad_rows.txt", call("run").text(folder=new_shop))


def test_rows_that_were_set_aside(golden: Golden, call: Call, new_shop: Path, edit: Edit) -> None:
    edit(new_shop / "data/orders.csv", "1,2026-01-05,ch,19.9", "1,2026-01-05,ch,-19.9")
    assets = new_shop / "corner_shop/assets.py"
    edit(assets, "@asset\ndef clean_orders", '@asset(bad_rows="quarantine")\ndef clean_orders')
    golden("cli/run_quarantine.txt", call("run").text(folder=new_shop))
    golden("cli/show_bad.txt", call("show", "orders", "--bad").text(folder=new_shop))
