from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.errors.sql import SqlColumnError
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.cache import SqlCache
from flowforge_assets.sql.file import SqlFile

Read = Callable[[str], SqlFile]
Schemas = Mapping[DatasetKey, Schema]
QUERY = "select day, sum(delay) as delay, $day as d from silver.flights group by day"
DAY = {"day": Plain("date")}


def test_what_was_worked_out_is_remembered_in_the_file(
    tmp_path: Path, sql_file: Read, schemas: Schemas
) -> None:
    file = sql_file(QUERY)
    with SqlAnalysis(tmp_path / "sql.json") as cold:
        expected = (
            cold.facts(file),
            cold.result_schema(file, schemas, parameters=DAY),
            cold.lineage(file, schemas, parameters=DAY),
        )
    with SqlAnalysis(tmp_path / "sql.json") as warm:
        found = (
            warm.facts(file),
            warm.result_schema(file, schemas, parameters=DAY),
            warm.lineage(file, schemas, parameters=DAY),
        )
    assert found == expected


def test_a_warm_check_imports_no_engine(tmp_path: Path, schemas: Schemas, sql_file: Read) -> None:
    cache = tmp_path / "sql.json"
    with SqlAnalysis(cache) as cold:
        cold.lineage(sql_file("select id from bronze.crm.customers"), schemas)
    program = """
import sys
from pathlib import Path
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.file import read_sql_text
schemas = {DatasetKey("bronze.crm.customers"): Schema((Field("id", Plain("int64")),))}
file = read_sql_text("select id from bronze.crm.customers", path=Path("x"), shown_as="x")
with SqlAnalysis(Path(sys.argv[1])) as warm:
    print(warm.facts(file).tables[0].name, warm.result_schema(file, schemas))
    print(warm.lineage(file, schemas))
heavy = ("sqlglot", "duckdb", "polars", "pyarrow", "importlib.metadata")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(cache)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "bronze.crm.customers id: int64?",
        "{'id': (('bronze.crm.customers', 'id'),)}",
        "[]",
    ]


def test_a_changed_input_is_bound_again(tmp_path: Path, sql_file: Read) -> None:
    file = sql_file("select * from silver.flights")
    for kind in (Plain("int32"), Plain("string")):
        schema = Schema((Field("x", kind),))
        with SqlAnalysis(tmp_path / "sql.json") as analysis:
            found = analysis.result_schema(file, {DatasetKey("silver.flights"): schema})
        assert found == Schema((Field("x", kind, nullable=True),))


def test_a_parameter_of_another_type_is_bound_again(tmp_path: Path, sql_file: Read) -> None:
    file = sql_file("select $p as x")
    for kind in (Plain("date"), Plain("string")):
        with SqlAnalysis(tmp_path / "sql.json") as analysis:
            found = analysis.result_schema(file, {}, parameters={"p": kind})
        assert found == Schema((Field("x", kind, nullable=True),))


def test_a_mistake_is_told_at_every_check(tmp_path: Path, sql_file: Read, schemas: Schemas) -> None:
    for _ in range(2):
        with (
            pytest.raises(SqlColumnError, match="no column `dely`"),
            SqlAnalysis(tmp_path / "sql.json") as analysis,
        ):
            analysis.result_schema(sql_file("select dely from silver.flights"), schemas)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"stamp": 1}', "\x00\x00", '{"stamp": "0", "sections": {}}'],
)
def test_a_broken_cache_is_an_empty_one(
    tmp_path: Path, sql_file: Read, schemas: Schemas, content: str
) -> None:
    path = tmp_path / "sql.json"
    path.write_text(content)
    with SqlAnalysis(path) as analysis:
        assert analysis.result_schema(sql_file("select 1 as x"), schemas).names == ("x",)
    assert json.loads(path.read_text())["sections"]["types"]


@pytest.mark.parametrize("section", ["facts", "types", "lineage"])
@pytest.mark.parametrize(
    "entry", [1, [], [1], [["a"]], {"a": 1}, [[["a"]], [], "f"], [["x", "NO"]]]
)
def test_an_entry_of_the_wrong_form_is_worked_out_again(
    tmp_path: Path, sql_file: Read, schemas: Schemas, *, section: str, entry: object
) -> None:
    path = tmp_path / "sql.json"
    file = sql_file("select day as d from silver.flights")
    with SqlAnalysis(path) as cold:
        expected = (cold.facts(file), cold.lineage(file, schemas))
    content = json.loads(path.read_text())
    content["sections"][section] = dict.fromkeys(content["sections"][section], entry)
    path.write_text(json.dumps(content))
    with SqlAnalysis(path) as warm:
        assert (warm.facts(file), warm.lineage(file, schemas)) == expected
        assert warm.result_schema(file, schemas).names == ("d",)


def test_entries_of_another_version_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "sql.json"
    cache = SqlCache(path)
    cache.put("facts", "a", [1])
    cache.save()
    assert SqlCache(path).find("facts", "a") == [1]
    content = json.loads(path.read_text())
    assert "duckdb-" in content["stamp"]
    assert "sqlglot-" in content["stamp"]
    path.write_text(json.dumps({**content, "stamp": content["stamp"] + "x"}))
    assert SqlCache(path).find("facts", "a") is None


def test_saving_leaves_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "sql.json"
    for number in range(2):
        cache = SqlCache(path)
        cache.put("types", str(number), [])
        cache.save()
    assert [entry.name for entry in path.parent.iterdir()] == ["sql.json"]
    assert set(json.loads(path.read_text())["sections"]["types"]) == {"0", "1"}


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    cache = SqlCache(blocked / "sql.json")
    cache.put("types", "a", [])
    cache.save()
    assert cache.find("types", "a") == []


def test_a_check_without_cache_file_works(sql_file: Read, schemas: Schemas) -> None:
    with SqlAnalysis() as analysis:
        assert analysis.result_schema(sql_file(QUERY), schemas, parameters=DAY).names == (
            *("day", "delay", "d"),
        )


@pytest.mark.parametrize("query", [QUERY, f"-- a word\n  {QUERY} ;  -- and another"])
def test_what_is_run_of_a_remembered_query_is_what_was_parsed(
    tmp_path: Path, sql_file: Read, query: str
) -> None:
    file = sql_file(query)
    with SqlAnalysis(tmp_path / "sql.json") as cold:
        cold.facts(file)
        parsed = cold.parsed(file)
    with SqlAnalysis(tmp_path / "sql.json") as warm:
        assert warm.runnable(file) == parsed


def test_the_engines_own_types_are_known_once_they_were_worked_out(
    tmp_path: Path, sql_file: Read, schemas: Schemas
) -> None:
    file = sql_file(QUERY)
    with SqlAnalysis(tmp_path / "sql.json") as cold:
        assert cold.known_types(file, schemas, parameters=DAY) is None
        cold.result_schema(file, schemas, parameters=DAY)
    with SqlAnalysis(tmp_path / "sql.json") as warm:
        found = warm.known_types(file, schemas, parameters=DAY)
    assert found == [("day", "DATE"), ("delay", "HUGEINT"), ("d", "DATE")]
