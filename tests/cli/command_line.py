"""What one call of the command line gave, and what it brought into this process."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from flowforge_assets.declare.asset import forget

_MASKS = (
    (re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}"), "RUN"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"\d+(\.\d+)? s\b"), "N s"),
    (re.compile(r"\d+\.\d kB\b"), "N kB"),
    (re.compile(r"\d+ B written\b"), "N B written"),
)


@dataclass(frozen=True)
class Ran:
    """One call of the command line: what it said on both streams, and its exit code."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:  # noqa: ANN401 - whatever the command answers
        """The `data` of a `--json` answer."""
        return self.answer["data"]

    @property
    def answer(self) -> dict[str, Any]:
        """A `--json` answer."""
        value: dict[str, Any] = json.loads(self.out)
        assert value["version"] == 1
        return value

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of `run --json`."""
        return [json.loads(line) for line in self.out.splitlines()]

    def text(self, *, folder: Path | None = None) -> str:
        """All of it as a golden file has it, without times, run ids and places."""
        shown = f"$ flowforge {' '.join(self.argv)}\n{self.out}"
        if self.err:
            shown += f"--- standard error\n{self.err}"
        shown += f"--- exit code {self.code}\n"
        if folder is not None:
            shown = shown.replace(str(folder), "PROJECT")
        for pattern, mask in _MASKS:
            shown = pattern.sub(mask, shown)
        return shown


class Call(Protocol):
    """Calls the command line in this process."""

    def __call__(self, *argv: str) -> Ran:
        """What `flowforge` with these words gave."""
        ...


@contextmanager
def own_imports(below: Path) -> Iterator[None]:
    """Lets go at its end of what the projects in `below` have brought into this process."""
    path, modules = list(sys.path), set(sys.modules)
    try:
        yield
    finally:
        files = {name: getattr(sys.modules[name], "__file__", None) for name in sys.modules}
        ours = {
            name
            for name, file in files.items()
            if name not in modules and file is not None and Path(file).is_relative_to(below)
        }
        for name in ours:
            del sys.modules[name]
        forget(ours)
        sys.path[:] = path
