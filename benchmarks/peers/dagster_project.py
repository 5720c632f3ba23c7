"""Writes Dagster projects of trivial assets: modules of decorated functions, as a user has them."""

from __future__ import annotations

from pathlib import Path

from workloads.graph import Shape, parents

ASSETS_A_MODULE = 100


def write_dagster_project(folder: Path, shape: Shape, count: int) -> Path:
    """A package `pipeline` of `count` assets and `definitions.py`; gives the folder."""
    package = folder / "pipeline"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    reads = parents(shape, count)
    modules = []
    for start in range(0, count, ASSETS_A_MODULE):
        lines = ["import dagster as dg"]
        for number in range(start, min(start + ASSETS_A_MODULE, count)):
            parent = reads[number]
            taken = "" if parent is None else f"a{parent}: int"
            given = "1" if parent is None else f"a{parent} + 1"
            lines += [f"\n\n@dg.asset\ndef a{number}({taken}) -> int:\n    return {given}"]
        modules.append(f"part_{start // ASSETS_A_MODULE:03d}")
        (package / f"{modules[-1]}.py").write_text("\n".join(lines) + "\n")
    for executor in ("in_process", "multiprocess"):
        (folder / f"{executor}.py").write_text(
            "import dagster as dg\n\n"
            f"from pipeline import {', '.join(modules)}\n\n"
            f"assets = dg.load_assets_from_modules([{', '.join(modules)}])\n"
            f"defs = dg.Definitions(assets=assets, executor=dg.{executor}_executor)\n"
        )
    return folder
