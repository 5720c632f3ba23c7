from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command_line import own_imports
from flowforge_assets import Project
from flowforge_assets.errors.bring import ForeignFileError, ForeignProjectError
from flowforge_assets.project.bring.place_names import LayerRules
from flowforge_assets.project.bring.write_out import Imported, write_project
from flowforge_assets.project.from_sqlmesh.bring_sqlmesh import read_sqlmesh

FIXTURES = Path(__file__).parents[2] / "fixtures"
BAKERY = FIXTURES / "sqlmesh" / "bakery"
CONFIG = "model_defaults:\n  dialect: duckdb\n  start: 2026-01-01\n"


def bring(source: Path, out: Path) -> Imported:
    found = read_sqlmesh(source, rules=LayerRules(), variables={})
    return write_project(found, out, source=source)


@pytest.fixture(autouse=True)
def _own_imports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_imports(tmp_path_factory.getbasetemp()):
        yield


def expected_rows(name: str) -> dict[str, tuple[list[str], list[list[str | None]]]]:
    """The rows that the tool itself made: columns, and values as text, by dataset."""
    found = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return {key: (each["columns"], each["rows"]) for key, each in found.items()}


def rows_of(project: Project, key: str, columns: list[str]) -> list[list[str | None]]:
    """The rows of a dataset in the same form."""
    rows = project.read(key).select(columns).rows()
    return sorted(([None if v is None else str(v) for v in row] for row in rows), key=repr)


@pytest.fixture
def shop(tmp_path: Path) -> Callable[[dict[str, str]], Imported]:
    """`shop({"models/a.sql": "MODEL (name s.a); SELECT 1 AS a"})` brings these files."""

    def brought_(files: dict[str, str]) -> Imported:
        for name, text in {"config.yaml": CONFIG, **files}.items():
            path = tmp_path / "source" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return bring(tmp_path / "source", tmp_path / "out")

    return brought_


def text_of(done: Imported, name: str) -> str:
    return (done.folder / name).read_text(encoding="utf-8")


def said(done: Imported, level: str) -> list[str]:
    return [f"{each.name}: {each.said}" for each in done.findings if each.level == level]


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bakery") / "out"
    bring(BAKERY, out)
    return out


def test_what_is_brought_passes_check(bakery: Path) -> None:
    assert Project.load(bakery).check().errors == ()


@pytest.mark.slow
def test_rows_are_those_that_sqlmesh_makes(bakery: Path) -> None:
    project = Project.load(bakery)
    project.run("not weather")
    for key, (columns, rows) in expected_rows("sqlmesh/bakery_rows.json").items():
        if key != "gold.weather":  # its input is made elsewhere
            assert rows_of(project, key, columns) == rows, key


def test_what_was_not_brought_is_said(tmp_path: Path) -> None:
    done = bring(BAKERY, tmp_path / "out")
    assert said(done, "left") == [
        "guesses: it is a model in Python, which is not run",
        "bakery.shops: a statement before or after the query is not run",
    ]


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ForeignProjectError):
        bring(tmp_path, tmp_path / "out")


def test_a_quote_that_does_not_close_is_refused(
    shop: Callable[[dict[str, str]], Imported],
) -> None:
    with pytest.raises(ForeignFileError):
        shop({"models/a.sql": "MODEL (name s.a, description 'x);\nSELECT 1 AS a"})


def test_a_model_by_time_is_cut_by_day(shop: Callable[[dict[str, str]], Imported]) -> None:
    done = shop({
        "models/a.sql": "MODEL (name s.a, kind INCREMENTAL_BY_TIME_RANGE (time_column day));\n"
        "SELECT day, v FROM s.raw WHERE moment BETWEEN @start_dt AND @end_dt",
        "external_models.yaml": "- name: s.raw\n"
        "  columns: {day: date, v: int, moment: timestamp}\n",
    })  # fmt: skip
    text = text_of(done, "assets/gold/a.sql")
    assert 'partition = { daily = "2026-01-01", column = "day" }' in text
    assert "CAST($day AS TIMESTAMP) + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND" in text


def test_a_time_column_that_is_no_date_makes_it_whole(
    shop: Callable[[dict[str, str]], Imported],
) -> None:
    done = shop({
        "models/a.sql": "MODEL (name s.a, kind INCREMENTAL_BY_TIME_RANGE (time_column ds));\n"
        "SELECT ds, v FROM s.raw WHERE ds BETWEEN @start_ds AND @end_ds",
        "external_models.yaml": "- name: s.raw\n  columns: {ds: text, v: int}\n",
    })  # fmt: skip
    text = text_of(done, "assets/gold/a.sql")
    assert "partition" not in text
    assert "ds BETWEEN '2026-01-01' AND '9999-12-31'" in text
    assert any("made whole" in each for each in said(done, "look"))


def test_macros_that_give_plain_sql_are_worked_out(
    shop: Callable[[dict[str, str]], Imported],
) -> None:
    done = shop({
        "models/a.sql": "MODEL (name s.a);\n@DEF(rate, 2);\n"
        "SELECT @EACH([1, 2], n -> v * @rate + @n AS v_@n), @SAFE_DIV(v, 0) AS none,\n"
        "'@rate' AS text FROM s.raw",
        "external_models.yaml": "- name: s.raw\n  columns: {v: int}\n",
    })  # fmt: skip
    text = text_of(done, "assets/gold/a.sql")
    assert "v *  2 + 1 AS v_1, v *  2 + 2 AS v_2" in text
    assert "v / NULLIF(0, 0) AS none" in text
    assert "'@rate' AS text" in text


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("SELECT @own_macro(1) AS a", "the macro `@own_macro` is not known here"),
        ("JINJA_QUERY_BEGIN;\nSELECT {{ 1 }} AS a;\nJINJA_END;", "it is written in Jinja"),
        ("SELECT @'a_@x' AS a", "is put together as it runs"),
    ],
)
def test_what_cannot_be_worked_out_is_set_apart(
    shop: Callable[[dict[str, str]], Imported], body: str, why: str
) -> None:
    done = shop({"models/a.sql": f"MODEL (name s.a, kind FULL);\n{body}"})
    assert any(why in each for each in said(done, "left"))
    assert not (done.folder / "assets/gold/a.sql").exists()


def test_names_of_tables_are_changed_and_nothing_else(
    shop: Callable[[dict[str, str]], Imported],
) -> None:
    done = shop({
        "models/staging/a.sql": "MODEL (name s.a, kind FULL);\nSELECT 1 AS v",
        "models/marts/b.sql": "MODEL (name s.b, kind FULL);\n"
        "WITH c AS (SELECT v /* s.a */ FROM s.a)\nSELECT a.v, 's.a' AS t FROM c JOIN s.a USING (v)",
    })  # fmt: skip
    assert text_of(done, "assets/gold/b.sql").endswith(
        "WITH c AS (SELECT v /* s.a */ FROM silver.a)\n"
        "SELECT a.v, 's.a' AS t FROM c JOIN silver.a USING (v)\n"
    )


def test_seeds_lose_the_words_for_nothing(tmp_path: Path) -> None:
    source = tmp_path / "bakery"
    shutil.copytree(BAKERY, source)
    rows = (source / "seeds/sales.csv").read_text().replace("1,north,2", "1,NULL,2")
    (source / "seeds/sales.csv").write_text(rows)
    done = bring(source, tmp_path / "out")
    assert "\n1,,2,4.50" in text_of(done, "assets/bronze/raw_sales.csv")
    assert any("`NULL` is nothing there now" in each for each in said(done, "note"))
