from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from flowforge_assets.declare.definition import Definitions
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.project.collect import collect
from flowforge_assets.project.modules import import_modules
from flowforge_assets.sql.analysis import SqlAnalysis

PRELUDE = (
    "import enum, functools, typing, uuid; from datetime import *; from decimal import Decimal; "
    "from pathlib import Path; "
    "from typing import *; import polars as pl; from flowforge_assets import All, Arrow, Artifact, "
    "BadRows, Before, Bronze, Col, Context, Daily, Dataset, File, Float32, Frame, Gold, Has, "
    "Hourly, Int8, Int16, Int32, Int64, Json, Lag, Latest, Monthly, Out, Partitions, Ref, "
    "Resource, Retries, Rows, Shape, Silver, Static, Table, Weekly, Window, Written, asset, "
    "check, col, dataset, external, key, schemas, sql_asset\n"
)


@pytest.fixture
def collected(
    write_project: Callable[[Mapping[str, str]], Path],
) -> Callable[..., Definitions]:
    """What a module of this source declares."""

    def read(source: str, *, future: bool = False) -> Definitions:
        start = "from __future__ import annotations; " if future else ""
        root = write_project({"shop.py": start + PRELUDE + source})
        return collect(root, import_modules(root, ["shop"]), SqlAnalysis())

    return read


@pytest.fixture
def problems(collected: Callable[[str], Definitions]) -> Callable[[str], list[FlowForgeError]]:
    """What is wrong with a module of this source, in the order in which it is told."""

    def read(source: str) -> list[FlowForgeError]:
        with pytest.raises(FlowForgeError) as caught:
            collected(source)
        error = caught.value
        return error.errors if isinstance(error, Problems) else [error]

    return read


@pytest.fixture
def refused(
    problems: Callable[[str], list[FlowForgeError]],
) -> Callable[[str, str], str]:
    """The message and hint of the one error of that code, at the line that says `# here`."""

    def read(code: str, source: str) -> str:
        found = problems(source)
        assert [error.code for error in found] == [code]
        lines = (PRELUDE + source).splitlines()
        (here,) = [number for number, line in enumerate(lines, 1) if "# here" in line]
        place = found[0].place
        assert place is not None
        assert (place.file, place.line) == ("shop.py", here)
        assert found[0].hint
        return f"{found[0].message} | {found[0].hint}"

    return read
