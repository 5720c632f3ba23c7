"""Where a table's rows are to lie: said once, written in each engine's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from flowforge_assets import Project
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.compile.script_files import script_text
from flowforge_assets.compile.warehouse_sql import warehouse_script
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.sql_function import LayoutColumnError

Write = Callable[[Mapping[str, str]], Path]
NOON: Final = datetime(2026, 1, 10, 12, tzinfo=UTC)
FEED: Final = {
    "flowforge.toml": '[project]\nname = "p"\n',
    "assets/bronze/feed.csv": "id,city,day\n1,Bern,2026-01-01\n",
}
SAID: Final = 'cluster_by = ["city", "id"]\npartition_by = "day"\ndistribute = "id"\n'
DECLARED: Final = {
    "flowforge.toml": '[project]\nname = "p"\nmodules = ["shop"]\n',
    "shop.py": "from datetime import date\n"
    "from flowforge_assets import Col, Gold, Sql, col, sql_asset\n\n\n"
    "class Made(Gold):\n    id: Col[int | None] = col()\n    city: Col[str | None] = col()\n"
    "    day: Col[date | None] = col()\n\n\n",
}
SELECT: Final = "SELECT id, city, day FROM bronze.feed"
OPTIONS: Final = "cluster_by=['city', 'id'], partition_by='day', distribute='id'"


def made(folder: Path, target: str) -> str:
    project = Project.load(folder, clock=lambda: NOON)
    sql = ProjectSql(project.graph, target, NOON)
    id_ = DatasetKey("gold.made")
    (step,) = sql.steps(project.graph.assets[id_], sql.tables([id_]))
    return script_text(step, warehouse_script(step))


def query(header: str) -> dict[str, str]:
    return {
        **FEED,
        "assets/gold/made.sql": f"/*\n{header}*/\nSELECT id, city, day FROM bronze.feed",
    }


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("snowflake", ['CLUSTER BY ("day", "city", "id")']),
        ("bigquery", ["PARTITION BY `day`", "CLUSTER BY `city`, `id`"]),
        ("databricks", ["CLUSTER BY (`day`, `city`, `id`)"]),
        ("redshift", ['DISTSTYLE KEY DISTKEY ("id")', 'SORTKEY ("day", "city", "id")']),
        ("synapse", ["WITH (DISTRIBUTION = HASH([id]), CLUSTERED COLUMNSTORE INDEX)"]),
    ],
)
def test_a_layout_is_written_in_the_words_of_the_engine(
    write_project: Write, target: str, words: list[str]
) -> None:
    text = made(write_project(query(SAID)), target)
    for each in words:
        assert each in text


@pytest.mark.parametrize(
    ("target", "without"),
    [
        ("snowflake", ["distribute"]),
        ("bigquery", ["distribute"]),
        ("redshift", []),
        ("synapse", ["cluster_by", "partition_by"]),
        ("postgres", ["cluster_by", "partition_by", "distribute"]),
        ("fabric", ["cluster_by", "partition_by", "distribute"]),
    ],
)
def test_what_an_engine_has_no_word_for_is_said_in_the_script(
    write_project: Write, target: str, without: list[str]
) -> None:
    text = made(write_project(query(SAID)), target)
    said = [line.split("`")[1] for line in text.splitlines() if "has no word for" in line]
    assert said == without


@pytest.mark.parametrize(
    "declared",
    [
        {"shop.py": f"sql_asset('made.sql', makes=Made, {OPTIONS})\n"},
        {"shop.py": f"@sql_asset({OPTIONS})\ndef made() -> Sql[Made]:\n    return {SELECT!r}\n"},
    ],
    ids=["tied", "function"],
)
def test_a_declaration_says_it_too(write_project: Write, declared: Mapping[str, str]) -> None:
    files = {**FEED, **DECLARED, "made.sql": SELECT}
    files["shop.py"] += declared["shop.py"]
    assert "PARTITION BY `day`\nCLUSTER BY `city`, `id`" in made(write_project(files), "bigquery")


def test_a_folder_says_it_for_its_files(write_project: Write) -> None:
    files = query('distribute = "city"\n')
    files["flowforge.toml"] += '[assets."gold/*"]\ncluster_by = ["city"]\ndistribute = "id"\n'
    text = made(write_project(files), "redshift")
    assert 'DISTKEY ("city")\nSORTKEY ("city")' in text


@pytest.mark.parametrize(
    ("header", "message", "hint"),
    [
        ('cluster_by = ["citi"]\n', "names `citi`, which it does not have", "did you mean `city`?"),
        ('distribute = "x"\n', "names `x`, which it does not have", "it has `id`"),
        ('partition_by = "city"\n', "is `city`, which is string", "a date or a time"),
    ],
)
def test_a_column_that_is_not_there_is_an_error(
    write_project: Write, header: str, message: str, hint: str
) -> None:
    (found,) = Project.load(write_project(query(header))).check().errors
    assert isinstance(found, LayoutColumnError)
    assert message in found.message
    assert hint in (found.hint or "")


def test_a_layout_makes_nothing_stale(write_project: Write) -> None:
    root = write_project(query(""))
    Project.load(root).run()
    (root / "assets/gold/made.sql").write_text(query(SAID)["assets/gold/made.sql"])
    assert not Project.load(root).plan().steps
