"""SQL models over ten raw tables as projects: ours, dbt's and SQLMesh's, of the same queries.

The lowest layer and the topmost promise that `id` is never null.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from workloads.our_project import write_project
from workloads.sql_models import LAYERS, RAW_COLUMNS, RAW_TABLES, SqlModel, sql_models
from workloads.sql_project import query_files

RAW_ROWS = 2_000
_HEAD = (
    "from __future__ import annotations\n\nfrom datetime import date\n\n"
    "from flowforge_assets import Bronze, Col, col, external\n"
)
_RAW = """

class Raw{n}(Bronze, name="raw_{n}"):
    id: Col[int | None] = col()
    grp: Col[str | None] = col()
    val: Col[int | None] = col()
    amt: Col[float | None] = col()
    dt: Col[date | None] = col()


external(Raw{n}, at="raw/raw_{n}.parquet")
"""
_CHECKED = "/*\ncolumns.id = { not_null = true }\n*/\n"
_DBT_PROJECT = """\
name: bench
version: "1.0"
profile: bench
models:
  bench:
    +materialized: table
"""
_DBT_PROFILE = """\
bench:
  target: dev
  outputs:
    dev: {type: duckdb, path: bench.duckdb, threads: 2}
"""
_MESH_CONFIG = """\
gateways:
  local:
    connection: {type: duckdb, database: bench.duckdb, concurrent_tasks: 1}
default_gateway: local
model_defaults: {dialect: duckdb, start: 2024-01-01}
disable_anonymized_analytics: true
"""


def write_raw(folder: Path) -> None:
    """The raw tables as Parquet below `folder`."""
    import duckdb  # only this needs it

    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for number in range(RAW_TABLES):
            path = folder / f"raw_{number}.parquet"
            connection.execute(
                f"copy (select i as id, 'g' || (i % 20) as grp, (i * {7 + number}) % 1013 as val,"  # noqa: S608
                " i * 0.25::double as amt, date '2024-01-01' + (i % 365)::int as dt"
                f" from range({RAW_ROWS}) as t(i)) to '{path}' (format parquet)"
            )


def our_project(folder: Path, count: int) -> Path:
    """Our project of `count` models, with its raw tables."""
    tables = _HEAD + "".join(_RAW.format(n=n) for n in range(RAW_TABLES))
    write_project(folder, {"raw": tables})
    write_raw(folder / "raw")
    models = sql_models(count)
    for name, text in query_files(models).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        is_checked = any(f"layer{depth:02d}_" in name for depth in (0, LAYERS - 1))
        path.write_text(_CHECKED + text if is_checked else text)
    return folder


def dbt_project(folder: Path, count: int) -> Path:
    """The same for dbt; its raw tables lie in a database that `fresh_database` makes."""
    models = folder / "models"
    models.mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(_DBT_PROJECT)
    (folder / "profiles.yml").write_text(_DBT_PROFILE)
    listed = "".join(f"      - name: raw_{n}\n" for n in range(RAW_TABLES))
    source = f"version: 2\nsources:\n  - name: raw\n    schema: main\n    tables:\n{listed}"
    (models / "sources.yml").write_text(source)
    said = ["version: 2\nmodels:\n"]
    for model in sql_models(count):
        text = model.sql
        for read in model.reads:
            name = _name(read)
            spelled = f"source('raw', '{name}')" if read.startswith("bronze.") else f"ref('{name}')"
            text = text.replace(f"{read} ", f"{{{{ {spelled} }}}} ")
            text = text.replace(f"{read}\n", f"{{{{ {spelled} }}}}\n")
        (models / f"{_name(model.key)}.sql").write_text(text)
        if _is_checked(model):
            columns = "    columns:\n      - {name: id, data_tests: [not_null]}\n"
            said.append(f"  - name: {_name(model.key)}\n{columns}")
    (models / "schema.yml").write_text("".join(said))
    return folder


def sqlmesh_project(folder: Path, count: int) -> Path:
    """The same for SQLMesh."""
    models = folder / "models"
    models.mkdir(parents=True)
    (folder / "config.yaml").write_text(_MESH_CONFIG)
    types = {"VARCHAR": "text"}
    columns = "".join(f"    {n}: {types.get(k, k.lower())}\n" for n, k in RAW_COLUMNS.items())
    outside = "".join(f"- name: main.raw_{n}\n  columns:\n{columns}" for n in range(RAW_TABLES))
    (folder / "external_models.yaml").write_text(outside)
    for model in sql_models(count):
        text = model.sql
        for read in model.reads:
            is_raw = read.startswith("bronze.")
            spelled = f"{'main' if is_raw else 'bench'}.{_name(read)}"
            text = text.replace(f"{read} ", f"{spelled} ").replace(f"{read}\n", f"{spelled}\n")
        audits = ",\n  audits (not_null(columns := (id)))" if _is_checked(model) else ""
        name = _name(model.key)
        head = f"MODEL (\n  name bench.{name},\n  kind FULL,\n  cron '@daily'{audits}\n);\n"
        (models / f"{name}.sql").write_text(head + text)
    return folder


def fresh_database(project: Path, raw: Path, python: Path) -> None:
    """Puts the raw tables alone into a peer's database, by its own DuckDB; forgets all else."""
    for name in ("target", "logs", ".cache"):
        shutil.rmtree(project / name, ignore_errors=True)
    for path in project.glob("bench.duckdb*"):
        path.unlink()
    script = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        f"for number in range({RAW_TABLES}):\n"
        '    connection.execute(f"create table raw_{number} as'
        " from '{sys.argv[2]}/raw_{number}.parquet'\")\n"
    )
    subprocess.run([python, "-c", script, project / "bench.duckdb", raw], check=True)


def last_key(count: int) -> str:
    """The dataset that the last query makes."""
    return sql_models(count)[-1].key


def _name(key: str) -> str:
    return key.rpartition(".")[2]


def _is_checked(model: SqlModel) -> bool:
    return _name(model.key).startswith(("layer00_", f"layer{LAYERS - 1:02d}_"))
