"""`flowforge sql` and `flowforge compile`, as people call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from command_line import Call

Golden = Callable[[str, str], None]
FILES: Final = {
    "flowforge.toml": '[project]\nname = "till"\nmodules = ["loads"]\n',
    "loads.py": (
        "from flowforge_assets import Bronze, Col, Table, asset, col\n"
        "import polars as pl\n\n\n"
        "class Prices(Bronze):\n    sku: Col[str] = col()\n    price: Col[float] = col()\n\n\n"
        "@asset\ndef prices() -> Table[Prices]:\n"
        "    return pl.DataFrame({'sku': ['a'], 'price': [1.5]})\n"
    ),
    "assets/bronze/sales.csv": "sku,n,day\na,2,2026-01-01\n",
    "assets/silver/crm/sales.sql": (
        '/*\nkey = ["sku"]\ncolumns.n = { ge = 0 }\n*/\n'
        "SELECT sku, sum(n)::BIGINT AS n -- of all days\nFROM bronze.sales GROUP BY sku\n"
    ),
    "assets/gold/worth.sql": (
        "SELECT s.sku, s.n * p.price AS worth\n"
        "FROM silver.crm.sales AS s JOIN bronze.prices AS p ON s.sku = p.sku\n"
        "WHERE p.sku <> 'it''s' AND s.n > 1\n"
    ),
    "assets/gold/middle.sql": (
        "SELECT\n    median(n) AS n,\n    mode(sku) AS sku\nFROM bronze.sales\n"
    ),
    "assets/gold/days.sql": (
        '/*\npartition = { daily = "2026-01-01", end = "2026-01-03", column = "day" }\n*/\n'
        "SELECT $day AS day, sum(n)::BIGINT AS n FROM bronze.sales WHERE day = $day\n"
    ),
}
WRITABLE: Final = "silver.crm.sales or gold.worth"


@pytest.fixture
def till(
    write_project: Callable[[Mapping[str, str]], Path], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project of queries between a seed and a Python asset; we are in it."""
    root = write_project(FILES)
    monkeypatch.chdir(root)
    return root


def test_a_query_is_shown_as_a_target_has_it(golden: Golden, call: Call, till: Path) -> None:
    golden("cli/sql.txt", call("sql", "worth", "--target", "redshift").text(folder=till))


def test_what_stands_against_it_is_shown_with_its_place(
    golden: Golden, call: Call, till: Path
) -> None:
    golden("cli/sql_refused.txt", call("sql", "gold.middle", "-t", "bigquery").text(folder=till))


def test_a_query_may_need_a_partition(golden: Golden, call: Call, till: Path) -> None:
    golden("cli/sql_partition.txt", call("sql", "days").text(folder=till))
    assert "DATE '2026-01-02'" in call("sql", "days", "-p", "2026-01-02").out


@pytest.mark.parametrize(("key", "code"), [("prices", "FF-479"), ("bronze.sales", "FF-479")])
def test_what_no_query_makes_has_none_to_show(call: Call, till: Path, key: str, code: str) -> None:
    ran = call("sql", key)
    assert (ran.code, f"error[{code}]" in ran.err) == (1, True)


def test_an_unknown_target_is_refused_with_those_there_are(call: Call, till: Path) -> None:
    ran = call("sql", "worth", "-t", "snowflak")
    assert "error[FF-456]" in ran.err
    assert "did you mean `snowflake`?" in ran.err


def test_the_query_and_its_refusals_are_told_as_json(call: Call, till: Path) -> None:
    found = call("sql", "worth", "-t", "snowflake", "--json").answer
    assert found["errors"] == []
    assert found["data"]["text"].startswith("SELECT")
    assert found["data"]["columns"][1] == {"name": "worth", "type": "DOUBLE"}
    ran = call("sql", "middle", "-t", "synapse", "--json")
    assert ran.code == 1
    assert ran.data["text"] is None
    assert ran.answer["errors"][0]["line"] == 3


def test_colour_is_for_terminals(call: Call, till: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = call("sql", "worth").out
    assert "\x1b" not in plain
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    painted = call("sql", "worth").out
    assert "\x1b[36mSELECT\x1b[0m" in painted
    assert "\x1b[32m'it''s'\x1b[0m" in painted


def test_a_project_is_written_as_scripts(golden: Golden, call: Call, till: Path) -> None:
    ran = call("compile", "--to", "sql", "-t", "synapse", "-o", "out", "-s", WRITABLE)
    written = sorted((till / "out").iterdir())
    files = "".join(f"--- {path.name}\n{path.read_text()}" for path in written)
    golden("cli/compile.txt", ran.text(folder=till) + files)


def test_the_same_project_is_written_as_the_same_bytes(call: Call, till: Path) -> None:
    written: list[dict[str, bytes]] = []
    for _ in range(2):
        call("compile", "--to", "sql", "-t", "bigquery", "-o", "out", "-s", WRITABLE)
        written.append({path.name: path.read_bytes() for path in (till / "out").iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 3


def test_a_query_that_asks_for_its_key_has_a_script_a_partition(call: Call, till: Path) -> None:
    said = ("compile", "--to", "sql", "-t", "duckdb", "-o", "out", "-s", "gold.days")
    ran = call(*said, "-p", "2026-01-01..2026-01-02", "--json")
    assert ran.data["files"] == [
        "010_gold.days.2026-01-01.sql", "020_gold.days.2026-01-02.sql", "README.md",
    ]  # fmt: skip
    assert "error[FF-477]" in call(*said).err


def test_all_refusals_are_told_at_once_and_nothing_is_written(
    golden: Golden, call: Call, till: Path
) -> None:
    ran = call("compile", "--to", "sql", "-t", "synapse", "-o", "out")
    golden("cli/compile_refused.txt", ran.text(folder=till))
    assert not (till / "out").exists()


def test_a_folder_of_others_is_left_alone(call: Call, till: Path) -> None:
    (till / "out").mkdir()
    (till / "out/README.md").write_text("mine")
    ran = call("compile", "--to", "sql", "-t", "duckdb", "-o", "out", "-s", WRITABLE)
    assert (ran.code, "error[FF-478]" in ran.err) == (1, True)
    assert (till / "out/README.md").read_text() == "mine"


def test_there_is_one_form_to_compile_to(golden: Golden, call: Call, till: Path) -> None:
    golden("cli/compile_other.txt", call("compile", "--to", "airflow", "-t", "x", "-o", "y").text())
