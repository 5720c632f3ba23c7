"""`flowforge test`: tests beside queries, and what is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flowforge_assets import Project
from flowforge_assets.execute.spec import table_of

if TYPE_CHECKING:
    from command_line import Call

Golden = Callable[[str, str], None]
Edit = Callable[[Path, str, str], None]

TESTS = """\
[[test]]
name = "sales are summed by country"
given."silver.orders" = [
    { order_id = 1, country = "CH", price_eur = 2.0 },
    { order_id = 2, country = "CH", price_eur = 3.0 },
]
expect = [{ country = "CH", total_eur = 5.0 }]

[[test]]
name = "a wrong hope"
given."silver.orders" = [{ order_id = 1, country = "CH", price_eur = 2.0 }]
expect = [{ country = "CH", total_eur = 7.0 }]
"""


def with_tests(shop: Path, text: str = TESTS) -> None:
    (shop / "assets/gold/sales.test.toml").write_text(text)


def test_tests_of_queries_are_run_and_told(golden: Golden, call: Call, new_shop: Path) -> None:
    with_tests(new_shop)
    golden("cli/test_queries.txt", call("test").text(folder=new_shop))


def test_tests_that_pass_end_well(call: Call, new_shop: Path) -> None:
    with_tests(new_shop, TESTS.replace("7.0", "2.0"))
    ran = call("test")
    assert (ran.code, ran.err.splitlines()[0]) == (0, "2 tests: 2 passed")


def test_only_what_is_selected_is_tested(call: Call, new_shop: Path) -> None:
    with_tests(new_shop)
    ran = call("test", "-s", "layer:silver")
    assert ran.code == 0
    assert ran.err.startswith("nothing that is selected has tests beside its query")


def test_of_tests_in_python_it_says_how_to_run_them(call: Call, new_shop: Path) -> None:
    (new_shop / "tests").mkdir(exist_ok=True)
    assert "tests in Python: `python -m pytest tests`" in call("test").err


def test_programs_get_each_test(call: Call, new_shop: Path) -> None:
    with_tests(new_shop)
    ran = call("test", "--json")
    assert ran.code == 1
    good, bad = ran.data["tests"]
    assert good == {
        "file": "assets/gold/sales.test.toml",
        "line": 1,
        "name": "sales are summed by country",
        "asset": "gold.sales",
        "passed": True,
        "difference": None,
    }
    assert (bad["passed"], bad["line"]) == (False, 9)
    assert "7.0" in bad["difference"]


def test_a_file_of_tests_that_is_wrong_is_an_error(call: Call, new_shop: Path) -> None:
    with_tests(new_shop, TESTS.replace("price_eur = 3.0", "prize_eur = 3.0"))
    ran = call("test")
    assert ran.code == 1
    assert "error[FF-442]" in ran.err
    assert "assets/gold/sales.test.toml:5" in ran.err


def test_what_is_stored_is_held_against_all_rules(
    golden: Golden, call: Call, shop: Path, edit: Edit
) -> None:
    assert call("test", "--stored").code == 0
    edit(shop / "corner_shop/datasets.py", "col(gt=0", "col(gt=10")
    golden("cli/test_stored.txt", call("test", "--stored").text(folder=shop))


def test_programs_get_what_each_dataset_breaks(call: Call, shop: Path, edit: Edit) -> None:
    edit(shop / "corner_shop/datasets.py", "col(gt=0", "col(gt=10")
    ran = call("test", "--stored", "--json", "-s", "silver.orders")
    assert ran.code == 1
    (report,) = ran.data["datasets"]
    assert report["passed"] is False
    assert [finding["rule"] for finding in report["findings"]] == ["price_eur > 10"]


def test_what_was_never_made_breaks_nothing(call: Call, new_shop: Path) -> None:
    ran = call("test", "--stored", "--json")
    assert ran.code == 0
    assert {report["rows"] for report in ran.data["datasets"]} == {None}


def test_looking_at_what_is_stored_changes_nothing(call: Call, shop: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (shop / ".flowforge/dev").rglob("*.json")}
    call("test", "--stored")
    after = {path: path.stat().st_mtime_ns for path in (shop / ".flowforge/dev").rglob("*.json")}
    assert after == before


def test_a_table_that_cannot_be_read_is_told_and_the_others_too(call: Call, shop: Path) -> None:
    project = Project.load(shop)
    folder = Path(
        table_of(project.store, project.dataset("silver.orders")).uri.removeprefix("file://")
    )
    for path in folder.glob("*.parquet"):
        path.write_bytes(b"broken")
    ran = call("test", "--stored", "--json")
    assert ran.code == 1
    assert ran.answer["errors"][0]["code"].startswith("FF-6")
    assert [report["passed"] for report in ran.data["datasets"]] == [True, False, True]
    assert "cannot be told" in call("test", "--stored").out
