"""push: 1 M rows of the lake into each warehouse that runs here, by its connector.

Peak memory of the loading process beside that of the same process with 10 rows, and its wall time.
The warehouses are the tests' own: PostgreSQL, fakesnow and bqemulator, each in its own process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from harness.figures import Figure, Target, figure, peak_mib, said
from harness.setting import Setting

ROUNDS = 2
ROWS = 1_000_000
FEW = 10
_TESTS = Path(__file__).resolve().parents[1] / "tests"


def run(setting: Setting) -> list[Figure]:
    """Each warehouse in turn: many rows beside few."""
    sys.path[:0] = [str(_TESTS / name) for name in ("emulators", "evidence", "warehouse")]
    file = setting.folder("push.parquet")
    rows = setting.size(ROWS)
    _events(rows).write_parquet(file)
    found: list[Figure] = []
    for kind in ("postgres", "snowflake", "bigquery"):
        with _server(kind, setting.our_python) as (options, folder):
            said_options = json.dumps(options)
            many = setting.ours(f"{kind}", "push", kind, said_options, folder, file, rows)
            few = setting.ours(f"{kind}, {FEW} rows", "push", kind, said_options, folder, file, FEW)
            scores = setting.compete(many, few, rounds=ROUNDS)
        found.append(
            figure(
                "push", f"1 M rows into {kind}, peak memory", "MiB", scores[kind], read=peak_mib,
                peer=scores[few.name], target=Target(300, "difference"),
            )
        )  # fmt: skip
        wall = said("wall_seconds")
        found.append(figure("push", f"1 M rows into {kind}, wall", "s", scores[kind], read=wall))
    return found


def _events(rows: int) -> pl.DataFrame:
    """Rows of about 60 bytes."""
    start = date(2026, 1, 1)
    return (
        pl.DataFrame({"id": range(rows)}, schema={"id": pl.Int64})
        .with_columns(
            day=pl.lit(start) + pl.duration(days=pl.col("id") % 365),
            amount=pl.col("id") / 7,
            note=pl.format("the note of event {}", pl.col("id")),
        )
        .with_columns(pl.col("day").cast(pl.Date))
        .filter(pl.col("day") < start + timedelta(days=366))
    )


@contextmanager
def _server(kind: str, python: Path) -> Iterator[tuple[dict[str, object], str]]:
    """The options of a new server of that kind, and the folder of its client."""
    from bigquery_proxy import bigquery_proxy  # the tests' own, by the path that `run` sets
    from child_server import child_server, free_port, wait_for_port
    from postgres_server import postgres_server

    port, packages = free_port(), python.parent.parent
    if kind == "postgres":
        options = {"host": "127.0.0.1", "port": port, "database": "postgres", "user": "postgres"}
        with postgres_server(port=port):
            yield options, ""
        return
    folder = str(packages / {"snowflake": "fakesnow"}.get(kind, kind))
    server = str(_TESTS / "warehouse" / f"{kind}_server.py")
    child = [str(python), "-S", server, folder, str(port), str(free_port())]
    with child_server(child) as process:
        wait_for_port(port, process)
        if kind == "snowflake":
            login = {"account": "fakesnow", "user": "fake", "password": "snow", "database": "DB1"}
            yield {**login, "host": "127.0.0.1", "port": port, "protocol": "http"}, folder
            return
        with bigquery_proxy(port) as proxy:
            address = f"http://127.0.0.1:{proxy}"
            yield {"project": "proj", "endpoint": address, "anonymous": True}, folder
