"""Writes projects of ours, as a user would have typed them: modules of classes and functions."""

from __future__ import annotations

import shutil
from pathlib import Path

from workloads.graph import Shape, parents

ASSETS_A_MODULE = 100
_HEAD = "from __future__ import annotations\n\nfrom flowforge_assets import {names}\n"


def write_project(folder: Path, modules: dict[str, str], *, settings: str = "") -> Path:
    """A project of the package `pipeline`, which holds `modules`; gives its folder."""
    package = folder / "pipeline"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text)
    (folder / "flowforge.toml").write_text(
        f'[project]\nname = "bench"\nmodules = ["pipeline"]\n\n{settings}'
    )
    return folder


def trivial_assets(shape: Shape, count: int) -> dict[str, str]:
    """Modules of `count` datasets of one row and column, and the functions that make them."""
    reads = parents(shape, count)
    home = {number: f"part_{number // ASSETS_A_MODULE:03d}" for number in range(count)}
    modules: dict[str, str] = {}
    for start in range(0, count, ASSETS_A_MODULE):
        numbers = range(start, min(start + ASSETS_A_MODULE, count))
        foreign = sorted({p for n in numbers if (p := reads[n]) is not None and p < start})
        names = "Bronze, Col, Frame, Rows, Silver, asset, col"
        lines = [_HEAD.format(names=names)]
        lines += [f"from pipeline.{home[p]} import D{p}" for p in foreign]
        for number in numbers:
            lines.append(_trivial_asset(number, reads[number]))
        modules[home[start]] = "\n".join(lines) + "\n"
    return modules


def _trivial_asset(number: int, parent: int | None) -> str:
    layer = "Bronze" if parent is None else "Silver"
    dataset = f"\n\nclass D{number}({layer}):\n    value: Col[int] = col()\n\n\n@asset\n"
    if parent is None:
        return f"{dataset}def d{number}() -> Rows[D{number}]:\n    return [D{number}(value=1)]"
    return (
        f"{dataset}def d{number}(up: Frame[D{parent}]) -> Frame[D{number}]:\n"
        f"    return up.select(value=D{parent}.value + 1)"
    )


def working_assets(count: int) -> dict[str, str]:
    """Modules of `count` assets that filter, add columns and group, beside 10 that give rows.

    Each third filters and adds columns to a bronze table, groups that, and joins the two.
    """
    names = "Bronze, Col, Frame, Gold, Rows, Silver, asset, col, key"
    bronze = [_HEAD.format(names=names), "from datetime import date\n"]
    bronze += [_BRONZE.format(n=n) for n in range(10)]
    modules = {"bronze": "\n".join(bronze)}
    for start in range(0, count, ASSETS_A_MODULE):
        numbers = range(start, min(start + ASSETS_A_MODULE, count))
        head = _HEAD.format(names=names) + "\nfrom datetime import date\n\nimport polars as pl\n"
        lines = [head] + [f"from pipeline.bronze import Raw{n}" for n in range(10)]
        first = start - start % 3
        if first < start:
            earlier = ", ".join(f"D{n}" for n in range(first, start))
            lines.append(f"from pipeline.part_{start // ASSETS_A_MODULE - 1:03d} import {earlier}")
        for n in numbers:
            form = (_CLEAN, _GROUPED, _JOINED)[n % 3]
            lines.append(form.format(n=n, raw=n % 10, clean=n - n % 3, grouped=n - n % 3 + 1))
        modules[f"part_{start // ASSETS_A_MODULE:03d}"] = "\n".join(lines) + "\n"
    return modules


_BRONZE = """

class Raw{n}(Bronze):
    id: Col[int] = key()
    kind: Col[str] = col()
    day: Col[date] = col()
    amount: Col[float] = col()


@asset
def raw{n}() -> Rows[Raw{n}]:
    return [Raw{n}(id=1, kind="a", day=date(2024, 1, 1), amount=1.5)]
"""
_CLEAN = """

class D{n}(Silver):
    id: Col[int] = key()
    kind: Col[str] = col()
    day: Col[date] = col()
    amount: Col[float] = col()
    month: Col[date] = col()


@asset
def d{n}(raw: Frame[Raw{raw}]) -> Frame[D{n}]:
    return raw.filter(Raw{raw}.amount > {n}).with_columns(
        pl.col("amount").round(2), month=Raw{raw}.day.dt.month_start()
    )
"""
_GROUPED = """

class D{n}(Gold):
    kind: Col[str] = key()
    month: Col[date] = key()
    total: Col[float] = col()
    orders: Col[int] = col()


@asset
def d{n}(rows: Frame[D{clean}]) -> Frame[D{n}]:
    return rows.group_by("kind", "month").agg(
        total=D{clean}.amount.sum(), orders=pl.len().cast(pl.Int64)
    )
"""
_JOINED = """

class D{n}(Gold):
    id: Col[int] = key()
    kind: Col[str] = col()
    share: Col[float] = col()


@asset
def d{n}(rows: Frame[D{clean}], totals: Frame[D{grouped}]) -> Frame[D{n}]:
    joined = rows.join(totals, on=["kind", "month"])
    return joined.select("id", "kind", share=pl.col("amount") / pl.col("total"))
"""


def forget_runs(project: Path) -> None:
    """Removes the tables and the ledger of a project, as if it had never run."""
    shutil.rmtree(project / ".flowforge", ignore_errors=True)
