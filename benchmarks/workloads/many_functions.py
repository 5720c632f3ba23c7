"""A module of functions whose annotations are text, as `from __future__ import annotations` has it.

Each reads two datasets and a key, and makes a third.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType

_START = """\
from __future__ import annotations

from datetime import date

from flowforge_assets import Bronze, Col, Daily, Frame, Silver, asset, col, key

DAY = Daily(start="2026-01-01")


class T0(Bronze, partition=DAY.on("day")):
    n: Col[int] = key()
    day: Col[date] = col()
"""
_CLASS = """

class T{number}(Silver, partition=DAY.on("day")):
    n: Col[int] = key()
    day: Col[date] = col()
"""
_FUNCTION = """

@asset
def make_t{number}(before: Frame[T{before}], first: Frame[T0], day: date) -> Frame[T{number}]:
    return before
"""


def imported(folder: Path, count: int) -> ModuleType:
    """The module with `count` functions, written to `folder` if it is not there, imported."""
    path = folder / "many_functions_module.py"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        numbers = range(1, count + 1)
        classes = "".join(_CLASS.format(number=number) for number in numbers)
        functions = "".join(_FUNCTION.format(number=n, before=n - 1) for n in numbers)
        path.write_text(_START + classes + functions)
    sys.path.insert(0, str(folder))
    return import_module(path.stem)


def functions_of(module: ModuleType, count: int) -> list[FunctionType]:
    """Its functions."""
    found = [value for name, value in vars(module).items() if name.startswith("make_t")]
    if len(found) != count:
        raise SystemExit(f"{len(found)} functions, not {count}")
    return found
