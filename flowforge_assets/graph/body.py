"""Why the body of an asset or check fails when it is called on frames without rows."""

from __future__ import annotations

import builtins
import inspect
import re
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from flowforge_assets.declare.dataset import declared_columns
from flowforge_assets.declare.definition import AssetDefinition, CheckDefinition
from flowforge_assets.declare.function import written_function
from flowforge_assets.errors.base import Place, did_you_mean
from flowforge_assets.errors.check import BodyError, BodyFailedError

_OURS: Final = str(Path(__file__).parents[1])
_QUOTED: Final = re.compile(r'"([^"]*)"')  # what polars could not find comes first
_VALID: Final = re.compile(r"valid columns: \[(.*)\]")
_NEEDS_ROWS: Final = "it is called without rows: say `lazy=False` if its body must see some"


def is_certain(error: BaseException) -> bool:
    """Whether the body is wrong whatever rows it sees: it names what is nowhere."""
    if isinstance(error, AttributeError):
        return hasattr(error.obj, "__flowforge__")
    return isinstance(error, NameError) and not isinstance(error, UnboundLocalError)


def body_error(
    owner: AssetDefinition | CheckDefinition,
    error: BaseException,
    columns: Iterable[str],
    *,
    root: Path,
) -> BodyError | BodyFailedError:
    """The failure of a body at the line of the project below `root` where it is, with a remedy.

    `columns` are those of its inputs.
    """
    assert owner.function is not None  # noqa: S101 - it was called
    place = _own_line(error, root)
    said = str(error).strip().splitlines()[0] if str(error).strip() else "no message"
    if type(error).__name__ == "ColumnNotFoundError":
        quoted = _QUOTED.search(said)
        wrong = quoted[1] if quoted else said
        valid = _VALID.search(said)
        known = sorted(_QUOTED.findall(valid[1]) if valid else columns)
        message = f"`{owner.name}` uses the column `{wrong}`, which its frame does not have"
        hint = did_you_mean(wrong, known) or f"it has {_listed(known)}"
        place = place or _line_with(wrong, owner.function, root)
        return BodyError(message, place=place or owner.place, hint=hint)
    cls, name = getattr(error, "obj", None), getattr(error, "name", None) or ""
    if isinstance(cls, type) and hasattr(cls, "__flowforge__"):
        attributes = list(declared_columns(cls))
        message = f"`{owner.name}` uses `{cls.__name__}.{name}`, which is no column"
        hint = did_you_mean(name, attributes) or f"it has {_listed(attributes)}"
        return BodyError(message, place=place or owner.place, hint=hint)
    message = f"`{owner.name}` fails on empty inputs: {type(error).__name__}: {said}"
    hint = _near_name(error, owner.function) or _NEEDS_ROWS
    blamed = {type(error).__module__, type(getattr(error, "obj", None)).__module__}
    is_of_types = any(module.startswith("polars") for module in blamed) or is_certain(error)
    kind = BodyError if is_of_types else BodyFailedError
    return kind(message, place=place or owner.place, hint=hint)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "no columns"


def _near_name(error: BaseException, function: Callable[..., Any]) -> str | None:
    if isinstance(error, AttributeError):
        return did_you_mean(error.name or "", dir(error.obj))
    if isinstance(error, NameError):
        names = [*written_function(function).__globals__, *vars(builtins)]
        return did_you_mean(error.name or "", names)
    return None


def _own_line(error: BaseException, root: Path) -> Place | None:
    """The innermost line of the project's code in the error's traceback."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if not frame.filename.startswith(_OURS) and path.is_relative_to(root):
            file = path.relative_to(root).as_posix()
            return Place(file, frame.lineno or 0, text=(frame.line or "").strip())
    return None


def _line_with(word: str, function: Callable[..., Any], root: Path) -> Place | None:
    """The line of the function that names a column: polars looks for it only when it has ended."""
    written = written_function(function)
    path = Path(written.__code__.co_filename)
    try:
        lines, first = inspect.getsourcelines(written)
    except (OSError, SyntaxError):
        return None
    for number, line in enumerate(lines, first):
        if path.is_relative_to(root) and re.search(rf"\b{re.escape(word)}\b", line):
            return Place(path.relative_to(root).as_posix(), number, text=line.strip())
    return None
