from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from child_server import free_port
from flowforge_assets.api import Project
from flowforge_assets.cli.main import main
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.execute.parity import ParityFinding, parity
from flowforge_assets.execute.parity_query import SCHEMA
from flowforge_assets.sdk.warehouse import OptionValue
from warehouse_places import WarehousePlace

WriteProject = Callable[[Mapping[str, str]], Path]

_TABLES: Final = """
from datetime import date, datetime
from decimal import Decimal

import polars as pl

from flowforge_assets import Bronze, Col, Int32, Table, asset, col, key


class Buyers(Bronze):
    buyer_id: Col[int] = key()
    name: Col[str | None] = col()
    country: Col[str] = col(isin=["ch", "de", "at"])


class Sales(Bronze):
    sale_id: Col[int] = key()
    buyer_id: Col[int] = col(ref=Buyers)
    day: Col[date] = col()
    at: Col[datetime | None] = col(tz=None)
    pieces: Col[Int32 | None] = col(ge=-5, le=100)
    price: Col[Decimal | None] = col(precision=10, scale=2)
    weight: Col[float | None] = col()
    note: Col[str | None] = col()


@asset
def buyers() -> Table[Buyers]:
    return pl.DataFrame(schema={"buyer_id": pl.Int64, "name": pl.String, "country": pl.String})


@asset
def sales() -> Table[Sales]:
    raise NotImplementedError
"""
QUERIES: Final = {
    "silver/cleaned.sql": (
        "SELECT sale_id, day, coalesce(note, '?') AS note, upper(note) AS shout,\n"
        "    pieces * 2 AS twice, price,\n"
        "    CASE WHEN price > 1 THEN 'much' ELSE 'little' END AS kind\n"
        "FROM bronze.sales WHERE pieces > 3 OR note LIKE 'a%'\n"
    ),
    "gold/by_country.sql": (
        "SELECT country, count(*) AS sales, count(note) AS notes, max(day) AS last_day,\n"
        "    sum(pieces)::BIGINT AS pieces\n"
        "FROM bronze.sales AS s JOIN bronze.buyers AS b ON s.buyer_id = b.buyer_id\n"
        "WHERE day >= DATE '2024-01-01' GROUP BY country ORDER BY country DESC\n"
    ),
}


# What these engines are not: PostgreSQL has no LISTAGG, fakesnow loses what TRIM takes away.
OTHERS: Final = {
    "redshift": "SELECT string_agg(note, ',' ORDER BY sale_id) AS notes FROM bronze.sales",
    "snowflake": "SELECT sale_id, trim(note, 'a') AS note FROM bronze.sales",
}
LINES: Final = {"redshift": "", "snowflake": "-+"}


def project_files(place: WarehousePlace) -> dict[str, str]:
    return {
        "flowforge.toml": f'[project]\nname = "shop"\nmodules = ["shop"]\n\n{place.toml()}',
        "shop.py": _TABLES,
        **{f"assets/{name}": text for name, text in QUERIES.items()},
    }


def found_by(project: Project, target: str) -> dict[str, ParityFinding]:
    source = ProjectSql(project.graph, target, project.clock())
    queries = [each for each in project.graph.assets.values() if each.kind == "sql"]
    config = project.environment.config.warehouse
    assert config is not None
    source = replace(source, prefix=config.prefix)
    return {each.key: each for each in parity(source, queries, config)}


def of(place: WarehousePlace, write_project: WriteProject) -> dict[str, ParityFinding]:
    """What parity finds, of queries that leave nothing behind."""
    project = Project.load(write_project(project_files(place)))
    found = found_by(project, place.warehouse().target)
    assert place.warehouse().tables(f"{place.prefix}{SCHEMA}") == []
    return found


@pytest.mark.parametrize("kind", ["postgres", "redshift", "snowflake", "bigquery"])
def test_queries_give_the_same_rows_in_a_warehouse(
    request: pytest.FixtureRequest,
    write_project: WriteProject,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    place: WarehousePlace = request.getfixturevalue(kind)
    monkeypatch.setenv("WAREHOUSE_PASSWORD", str(place.options.get("password", "")))
    found = of(place, write_project)
    assert {key: (each.verdict, each.reason) for key, each in found.items()} == {
        "silver.cleaned": ("verified", ""),
        "gold.by_country": ("verified", ""),
    }
    assert all(each.rows for each in found.values())
    assert all(each.engine.startswith(place.warehouse().uri) for each in found.values())


@pytest.mark.parametrize(("kind", "code"), [("redshift", "FF-459"), ("snowflake", "FF-457")])
def test_an_engine_that_gives_something_else_is_caught(
    request: pytest.FixtureRequest,
    write_project: WriteProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    code: str,
) -> None:
    place: WarehousePlace = request.getfixturevalue(kind)
    monkeypatch.setenv("WAREHOUSE_PASSWORD", str(place.options["password"]))
    root = write_project({**project_files(place), "assets/gold/other.sql": OTHERS[kind]})
    exit_code = main(["parity", "gold.other", "--target", kind, "-C", str(root)])
    said = capsys.readouterr()
    assert exit_code == 1, said
    assert said.out.startswith("differs     gold.other")
    assert f"error[{code}]: " in said.err
    assert {line.strip()[0] for line in said.out.splitlines()[1:]} >= set(LINES[kind])
    assert place.warehouse().tables(f"{place.prefix}{SCHEMA}") == []
    assert main(["sql", "gold.other", "--target", kind, "-C", str(root)]) == 0
    assert "differs on " in capsys.readouterr().err


def test_a_warehouse_that_is_down_leaves_the_grammar(write_project: WriteProject) -> None:
    options: dict[str, OptionValue] = {
        "host": "127.0.0.1",
        "port": free_port(),
        "database": "none",
        "user": "nobody",
    }
    place = WarehousePlace("postgres", options, "t_")
    found = found_by(Project.load(write_project(project_files(place))), "postgres")
    assert {each.verdict for each in found.values()} == {"parsed only"}
    assert all("FF-677" in each.reason for each in found.values())


def test_a_warehouse_of_another_kind_leaves_the_grammar(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    found = found_by(Project.load(write_project(project_files(postgres))), "snowflake")
    assert {(each.verdict, each.reason) for each in found.values()} == {
        ("parsed only", "the environment's warehouse is `postgres`")
    }
