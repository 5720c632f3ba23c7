"""The 22 reports hold the rows that their plain queries give, and are written for every target."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flowforge_assets import Project
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.compile.script_files import make_scripts
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.sql.portable.statements.all import STATEMENTS

TPCH: Final = Path(__file__).parents[1]
SCALE: Final = "0.01"
REPORTS: Final = sorted(path.stem for path in (TPCH / "assets/gold").glob("*.sql"))
OF_FEW: Final = {"q20_part_promotion", "q21_waiting_suppliers"}  # no row at so small a scale


@pytest.fixture(scope="module")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with its tables made, of a hundredth of the smallest official size."""
    folder = tmp_path_factory.mktemp("tpch") / "tpch"
    shutil.copytree(TPCH, folder, ignore=shutil.ignore_patterns(".flowforge", "delivered"))
    generator = Path(sys.executable).with_name("tpchgen-cli")
    to = folder / "delivered"
    command = [str(generator), "parquet", "-s", SCALE, "-o", str(to)]
    subprocess.run(command, check=True, timeout=120)  # noqa: S603 - the generator
    project = Project.load(folder)
    assert project.run().status == "succeeded"
    return project


@pytest.fixture(scope="module")
def plain(tpch: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB itself, with the delivered files under the names of the typed tables."""
    with closing(duckdb.connect(":memory:", config={"threads": 2})) as connection:
        connection.execute("CREATE SCHEMA bronze; CREATE SCHEMA silver")
        for file in sorted((tpch.root / "delivered").glob("*.parquet")):
            connection.execute(f"CREATE VIEW bronze.{file.stem} AS FROM '{file}'")
            connection.execute(f"CREATE TABLE silver.{file.stem} AS {_query('silver', file.stem)}")
        yield connection


def _query(layer: str, name: str) -> str:
    return (TPCH / f"assets/{layer}/{name}.sql").read_text(encoding="utf-8").partition("*/")[2]


def test_there_are_twenty_two() -> None:
    assert [int(name[1:3]) for name in REPORTS] == list(range(1, 23))


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_holds_the_rows_of_its_plain_query(
    tpch: Project, plain: duckdb.DuckDBPyConnection, name: str
) -> None:
    expected = plain.sql(_query("gold", name)).pl()
    made = tpch.read(f"gold.{name}")
    assert made.height > 0 or name in OF_FEW
    expected = expected.cast({column: made.schema[column] for column in expected.columns})
    assert_frame_equal(made, expected, check_row_order=False, rel_tol=1e-9)


def test_the_first_report_is_the_known_one(tpch: Project) -> None:
    first = tpch.read("gold.q01_pricing_summary").sort("l_returnflag", "l_linestatus")
    assert first.select("l_returnflag", "l_linestatus").rows() == [
        ("A", "F"), ("N", "F"), ("N", "O"), ("R", "F"),
    ]  # fmt: skip
    shipped = pl.col("l_returnflag") + pl.col("l_linestatus")
    assert first.filter(shipped == "NO")["count_order"].item() > 20_000


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_written_for_every_target(tpch: Project, name: str) -> None:
    id_ = DatasetKey(f"gold.{name}")
    for target in STATEMENTS:
        sql = ProjectSql(tpch.graph, target, tpch.clock())
        (step,) = sql.steps(tpch.graph.assets[id_], sql.tables([id_]))
        emitted = step.emitted_query()
        assert [(target, each) for each in emitted.refusals] == []
        assert emitted.text


def test_the_whole_project_is_a_folder_of_scripts(tpch: Project) -> None:
    sql = ProjectSql(tpch.graph, "synapse", tpch.clock())
    made = make_scripts(sql, tpch.select("kind:sql"))
    assert len(made.assets) == 30
    names = {name.partition("_")[2] for name in made.files}
    assert {f"gold.{name}.sql" for name in REPORTS} <= names
    assert "`bronze.lineitem`: someone else makes it" in made.files["README.md"]
