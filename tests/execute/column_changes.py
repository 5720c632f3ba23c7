"""A project whose class is written anew, on any store."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowforge_assets import Project
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.plan.table_change import TableChange
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.storage.memory import MemoryStore, memory_store

PYTHON = """
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from flowforge_assets import (
    BadRows, Bronze, Col, Daily, Float32, Frame, Int8, Int16, Int32, Silver, asset, check, col, key,
)

DAY = Daily(start="2026-01-01", end="LAST")


class Log(BronzePARTITION):
    number: Col[int] = key()
    day: Col[date] = col()
    COLUMNS
    WRITTEN


@asset(OPTIONS)
def log(day: date) -> Frame[Log]:
    rows = {"number": [day.day], "day": [day], VALUES}
    return pl.DataFrame(rows, schema_overrides={"day": pl.Date, TYPES})


class Total(Silver):
    rows: Col[int] = col()


@asset
def total(log: Frame[Log]) -> Frame[Total]:
    return log.select(rows=pl.len().cast(pl.Int64))


@check
def no_negative(log: Frame[Log]) -> BadRows[Log]:
    return log.filter(Log.number < 0)
"""
WRITES = ("append", "merge", "insert", "scd2", "snapshot", "overwrite")
_WRITTEN = {
    "scd2": "since: Col[date] = col(valid_from=True)\n"
    "    until: Col[date | None] = col(valid_to=True)",
    "snapshot": "since: Col[date] = col(valid_from=True)",
}


@dataclass
class ChangingLog:
    """The project in `root`; `write` is how its log is written, a row a day."""

    root: Path
    module: str
    store: str
    write: str
    last: str = "2026-01-02"
    options: str = ""
    held: MemoryStore | None = None

    def declared(self, columns: str, values: str, types: str = "", *, last: str = "") -> Project:
        """The project with these columns of its log, and what its asset gives for them."""
        self.last = last or self.last
        is_whole = self.write == "overwrite"
        way = "" if is_whole else f'write="{self.write}", per=DAY.on("day")'
        options = ", ".join(filter(None, (way, self.options)))
        python = (
            PYTHON.replace("LAST", self.last)
            .replace("PARTITION", ', partition=DAY.on("day")' if is_whole else "")
            .replace("COLUMNS", columns or "...")
            .replace("WRITTEN", _WRITTEN.get(self.write, ""))
            .replace("OPTIONS", options)
            .replace("VALUES", values)
            .replace("TYPES", types)
        )
        (self.root / "flowforge.toml").write_text(
            f'[project]\nmodules = ["{self.module}"]\n{self._environment()}'
        )
        shutil.rmtree(self.root / "__pycache__", ignore_errors=True)
        (self.root / f"{self.module}.py").write_text(python)
        return Project.load(self.root)

    def _environment(self) -> str:
        if self.store == "memory":
            self.held = self.held or memory_store(self.module)
            return f'[env.dev]\nstore = "memory://{self.module}"\n'
        return f'[env.dev]\nformat = "{self.store}"\n'


@contextmanager
def changing_log(root: Path, *, store: str, write: str) -> Generator[ChangingLog]:
    """The project; what it imported is forgotten."""
    module = f"log_{abs(hash(root)):x}"
    before = list(sys.path)
    try:
        yield ChangingLog(root, module, store, write)
    finally:
        sys.path[:] = before
        sys.modules.pop(module, None)


def only_change(project: Project) -> TableChange:
    """The one table whose columns are others, as the plan says."""
    [change] = project.plan().changes
    return change


def schemas(project: Project) -> list[SchemaChange]:
    """The columns that the log had, as the ledger says."""
    with Ledger.open(project.environment.ledger_path) as ledger:
        return ledger.schemas(project.dataset("bronze.log").key)


def values(project: Project, column: str) -> list[object]:
    """What the log has in a column, in order of the days."""
    return project.read("bronze.log").sort("day").get_column(column).to_list()


def stored_types(project: Project) -> dict[str, str]:
    """The columns that the log's table has, by name."""
    columns = project.table(project.dataset("bronze.log")).columns()
    assert columns is not None
    return dict(zip(columns.names(), map(str, columns.dtypes()), strict=True))
