from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command_line import own_imports
from flowforge_assets import Project
from flowforge_assets.errors.bring import ForeignFileError, ForeignProjectError, NamesMeetError
from flowforge_assets.errors.project import FolderInUseError
from flowforge_assets.project.bring.place_names import LayerRules
from flowforge_assets.project.bring.report import REPORT
from flowforge_assets.project.bring.write_out import Imported, write_project
from flowforge_assets.project.from_dbt.bring_dbt import read_dbt
from flowforge_assets.project.from_dbt.render import Options

FIXTURES = Path(__file__).parents[2] / "fixtures"
CAFE = FIXTURES / "dbt" / "cafe"
HEAD = "name: shop\nversion: '1.0'\nprofile: shop\n"


def bring(source: Path, out: Path, *, layers: tuple[str, ...] = (), adapter: str = "duckdb",
          **variables: object) -> Imported:  # fmt: skip
    rules, options = LayerRules.parse(layers), Options(variables=variables)
    found = read_dbt(source, rules=rules, options=options, adapter=adapter)
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
def shop(tmp_path: Path) -> Callable[..., Imported]:
    """`shop({"models/a.sql": "select 1 as one"})` brings a project of these files."""

    def brought(
        files: dict[str, str], *, adapter: str = "duckdb", layers: tuple[str, ...] = ()
    ) -> Imported:
        for name, text in {"dbt_project.yml": HEAD, **files}.items():
            path = tmp_path / "source" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        out = tmp_path / "out"
        return bring(tmp_path / "source", out, adapter=adapter, layers=layers)

    return brought


def text_of(done: Imported, name: str) -> str:
    return (done.folder / name).read_text(encoding="utf-8")


def said(done: Imported, level: str) -> list[str]:
    return [f"{each.name}: {each.said}" for each in done.findings if each.level == level]


@pytest.fixture(scope="module", params=["files", "manifest"])
def cafe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("cafe") / "cafe"
    shutil.copytree(CAFE, source)
    if request.param == "manifest":
        for name in ("forecast.py", "waiters.sql"):  # dbt refuses to parse one, and lacks the other
            (source / "models/marts" / name).unlink()
        (source / "target").mkdir()
        shutil.copy(FIXTURES / "dbt/cafe_manifest.json", source / "target/manifest.json")
    else:
        (source / "models/marts/columns_of_orders.sql").unlink()
    out = source.parent / "out"
    bring(source, out)
    return out


def test_what_is_brought_passes_check(cafe: Path) -> None:
    assert Project.load(cafe).check().errors == ()


@pytest.mark.slow
def test_rows_are_those_that_dbt_makes(cafe: Path) -> None:
    project = Project.load(cafe)
    has_outside = (cafe / "assets/gold/waiters.sql").exists()  # its input is made elsewhere
    project.run("not waiters" if has_outside else None)
    for key, (columns, rows) in expected_rows("dbt/cafe_rows.json").items():
        assert rows_of(project, key, columns) == rows, key


def test_what_was_not_brought_is_said(tmp_path: Path) -> None:
    done = bring(CAFE, tmp_path / "out")
    kept = "it is kept as `left/columns_of_orders.sql`"
    assert set(said(done, "left")) == {
        "wall_board: exposures have no counterpart",
        "guests: its test `not_null` only warns",
        f"columns_of_orders: it asks dbt for `run_query` while it is compiled ({kept})",
        "orders: `discount` is described, and the query does not give it",
        "forecast: it is written in Python",
    }
    page = text_of(done, REPORT)
    assert all(each.said in page for each in done.findings)


def test_the_manifest_gives_the_compiled_text_where_jinja_asks_the_database(tmp_path: Path) -> None:
    source = tmp_path / "cafe"
    shutil.copytree(CAFE, source)
    (source / "target").mkdir()
    shutil.copy(FIXTURES / "dbt/cafe_manifest.json", source / "target/manifest.json")
    done = bring(source, tmp_path / "out")
    assert "select 1 as one" in text_of(done, "assets/gold/columns_of_orders.sql")
    assert any("what dbt compiled is taken" in each for each in said(done, "look"))


def test_a_file_that_is_newer_than_the_manifest_is_told(tmp_path: Path) -> None:
    source = tmp_path / "cafe"
    shutil.copytree(CAFE, source)
    (source / "target").mkdir()
    shutil.copy(FIXTURES / "dbt/cafe_manifest.json", source / "target/manifest.json")
    (source / "models/marts/guests.sql").write_text("select 1 as one")
    done = bring(source, tmp_path / "out")
    assert "guests: its file is newer than the manifest, which was read" in said(done, "look")


def test_a_manifest_of_an_old_dbt_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "cafe"
    shutil.copytree(CAFE, source)
    (source / "target").mkdir()
    schema = {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v4.json"}}
    (source / "target/manifest.json").write_text(json.dumps(schema))
    with pytest.raises(ForeignFileError):
        bring(source, tmp_path / "out")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ForeignProjectError):
        bring(tmp_path, tmp_path / "out")


def test_yaml_that_cannot_be_read_is_told_with_its_line(shop: Callable[..., Imported]) -> None:
    with pytest.raises(ForeignFileError) as error:
        shop({"models/schema.yml": "models:\n  - name: [a\n"})
    assert error.value.place is not None
    assert (error.value.place.file, error.value.place.line) == ("models/schema.yml", 3)


def test_two_things_that_would_be_one_dataset_are_refused(shop: Callable[..., Imported]) -> None:
    models = {"models/staging/Orders.sql": "select 1 as a", "models/staging/orders.sql": "select 2"}
    with pytest.raises(NamesMeetError):
        shop(models)


def test_no_file_is_overwritten(shop: Callable[..., Imported], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/flowforge.toml").write_text("# mine")
    with pytest.raises(FolderInUseError):
        shop({"models/a.sql": "select 1 as one"})
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["flowforge.toml"]


def test_macros_of_the_project_are_worked_out(shop: Callable[..., Imported]) -> None:
    done = shop({
        "macros/m.sql": "{% macro f(x) %}{{ return(adapter.dispatch('g')(x)) }}{% endmacro %}\n"
        "{% macro default__g(x) %}no{% endmacro %}\n"
        "{% macro duckdb__g(x) %}{{ x }} + 1{% endmacro %}",
        "models/a.sql": "select {{ f('1') }} as two, '{{ target.name }}' as env",
    })  # fmt: skip
    assert "select 1 + 1 as two, 'dev' as env" in text_of(done, "assets/gold/a.sql")
    assert any("target.name" in each for each in said(done, "note"))


def test_code_of_the_project_cannot_leave_the_sandbox(shop: Callable[..., Imported]) -> None:
    done = shop({"models/a.sql": "select '{{ ref.__globals__ }}' as a"})
    assert any(each.startswith("a: ") for each in said(done, "left"))
    assert not (done.folder / "assets/gold/a.sql").exists()


def test_a_secret_of_the_environment_is_not_written_down(
    shop: Callable[..., Imported], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_KEY", "hush")
    done = shop({"models/a.sql": "select '{{ env_var(\"DBT_ENV_SECRET_KEY\") }}' as a"})
    assert "hush" not in "".join(path.read_text() for path in done.files)
    assert any("DBT_ENV_SECRET_KEY" in each for each in said(done, "left"))


def test_a_model_that_is_not_brought_stands_as_a_table_from_outside(
    shop: Callable[..., Imported],
) -> None:
    done = shop({
        "models/staging/a.py": "def model(dbt, session): ...",
        "models/b.sql": "select id, price * 2 as price from {{ ref('a') }}",
    })  # fmt: skip
    assert "external(A)" in text_of(done, "sources.py")
    assert "price: Col[float | None]" in text_of(done, "sources.py")
    assert (done.folder / "assets/gold/b.sql").exists()


def test_a_query_that_duckdb_does_not_bind_is_set_apart(shop: Callable[..., Imported]) -> None:
    wrong = "select two from {{ ref('a') }}"
    done = shop({"models/a.sql": "select 1 as one", "models/b.sql": wrong})
    assert text_of(done, "left/b.sql") == "select two from silver.a\n"
    assert any(each.startswith("b: ") and "two" in each for each in said(done, "left"))


def test_sql_of_another_warehouse_is_put_into_duckdbs_and_marked(
    shop: Callable[..., Imported],
) -> None:
    later = "{{ dbt.dateadd('day', 1, 'current_date') }}"
    query = f"select iff(1 = 1, 'x', 'y') as a, {later} as b"
    done = shop({"models/a.sql": query}, adapter="snowflake")
    assert "CASE WHEN 1 = 1" in text_of(done, "assets/gold/a.sql")
    assert any("snowflake" in each for each in said(done, "look"))


@pytest.mark.parametrize(
    ("config", "header"),
    [
        ("materialized='incremental', unique_key=['a', 'b']", 'write = "merge"\nkey = ["a", "b"]'),
        ("materialized='ephemeral'", 'write = "view"'),
        ("materialized='table', tags=['x']", 'tags = ["x"]'),
    ],
)
def test_configurations_become_headers(
    shop: Callable[..., Imported], config: str, header: str
) -> None:
    done = shop({
        "seeds/s.csv": "a,b\n1,2\n",
        "models/m.sql": "{{ config(" + config + ") }} select a, b from {{ ref('s') }}",  # noqa: S608
    })  # fmt: skip
    assert header in text_of(done, "assets/gold/m.sql")


def test_an_incremental_model_without_a_key_is_made_whole(shop: Callable[..., Imported]) -> None:
    done = shop({"models/m.sql": "{{ config(materialized='incremental') }} select 1 as a"})
    assert "write" not in text_of(done, "assets/gold/m.sql")
    assert any("made whole" in each for each in said(done, "look"))


def test_hooks_and_unknown_configuration_are_told(shop: Callable[..., Imported]) -> None:
    done = shop({
        "models/m.sql": "{{ config(post_hook='vacuum', cluster_by=['a']) }} select 1 as a",
    })  # fmt: skip
    assert said(done, "left") == [
        "m: statements after it are not run",
        "m: `cluster_by` of its configuration is not brought",
    ]


def test_tests_with_conditions_become_checks(shop: Callable[..., Imported]) -> None:
    done = shop({
        "models/m.sql": "select 1 as a, 'x' as kind",
        "models/m.yml": "models:\n  - name: m\n    columns:\n      - name: a\n        tests:\n"
        "          - not_null: {where: \"kind = 'x'\"}\n          - unique: {error_if: '>3'}\n",
    })  # fmt: skip
    where = text_of(done, "assets/gold/checks/m_a_not_null.sql")
    assert "(SELECT * FROM gold.m WHERE kind = 'x') AS dbt_subquery" in where
    assert "columns.failures = { le = 3 }" in text_of(done, "assets/gold/checks/m_a_unique.sql")


def test_versions_of_a_model_are_datasets_of_their_own(shop: Callable[..., Imported]) -> None:
    done = shop({
        "models/m_v1.sql": "select 1 as a",
        "models/m_v2.sql": "select 2 as a",
        "models/n.sql": "select * from {{ ref('m') }} union all select * from {{ ref('m', v=1) }}",
        "models/m.yml": "models:\n  - {name: m, latest_version: 2, versions: [{v: 1}, {v: 2}]}\n",
    })  # fmt: skip
    text = text_of(done, "assets/gold/n.sql")
    assert "select * from silver.m_v2 union all select * from silver.m_v1" in text
