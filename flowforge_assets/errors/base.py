"""What every FlowForge error has: a stable code, a place, and a way out.

FlowForgeError
├── DeclarationError    FF-1xx  a class, function or file that says something wrong
├── GraphError          FF-2xx  declarations that do not fit together
├── CheckError          FF-3xx  an asset whose body does not keep its promise
├── SqlError            FF-4xx  SQL that cannot be read, bound or emitted
├── RecordError         FF-5xx  the ledger
├── StorageError        FF-6xx  tables, files and the places that hold them
├── RunError            FF-7xx  a step that failed
├── ProjectError        FF-8xx  the project file, its environments, the command line
└── Problems            FF-900  all the errors of one stage, raised once
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: file as shown to the user, 1-based line and column.

    `text` is what stands there in short, e.g. `clean_orders(raw: Frame[RawOrders])`; `caret` is the
    character of it that is meant.
    """

    file: str
    line: int = 0
    column: int = 0
    text: str = ""
    caret: int | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """`shop/silver.py:31  clean_orders(raw: Frame[RawOrders])`."""
        where = shown_file(self.file)
        if self.line:
            where += f":{self.line}"
            if self.column:
                where += f":{self.column}"
        return f"{where}  {self.text}" if self.text else where


def shown_file(file: str) -> str:
    """A file as people see it: from the working folder where it lies below that."""
    folder = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118 - this module imports little
    return file.removeprefix(folder) if os.path.isabs(file) else file  # noqa: PTH117 - as above


class FlowForgeError(Exception):
    """The root of everything FlowForge raises on purpose."""

    code: ClassVar[str] = "FF-000"
    exit_code: ClassVar[int] = 1
    shows_caret: ClassVar[bool] = False

    def __init__(
        self, message: str, *, place: Place | None = None, hint: str | None = None
    ) -> None:
        """An error that says `message` (lower case, no full stop), where, and what to do."""
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    @property
    def caret(self) -> str:
        """What stands below the place: a mark at what is meant; empty where it needs none."""
        if not self.shows_caret or self.place is None or self.place.caret is None:
            return ""
        before = len(f"  --> {self.place}") - len(self.place.text) + self.place.caret
        return " " * before + "^"

    def render(self) -> str:
        """The error as people see it: code and message, place, hint; no trailing newline."""
        lines = [f"error[{self.code}]: {self.message}"]
        if self.place is not None:
            lines.append(f"  --> {self.place}")
        if self.caret:
            lines.append(self.caret)
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)

    def as_json(self) -> Mapping[str, object]:
        """The error as the command line's `errors[]` has it: `code, message, file, line, hint`."""
        return {
            "code": self.code,
            "message": self.message,
            "file": shown_file(self.place.file) if self.place else None,
            "line": (self.place.line or None) if self.place else None,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        """The rendered error, so that a plain traceback is as clear as the command line."""
        return self.render()


class Problems(FlowForgeError):
    """All the errors of one stage, sorted by place."""

    code = "FF-900"

    def __init__(self, errors: Iterable[FlowForgeError]) -> None:
        """Collects `errors`; their order becomes file, line, code."""
        self.errors = sorted(
            errors, key=lambda e: (e.place is None, e.place or Place(""), e.code, e.message)
        )
        super().__init__(f"{len(self.errors)} problems found")

    def __reduce__(self) -> tuple[type[Problems], tuple[list[FlowForgeError]]]:
        """How it is copied to another process."""
        return type(self), (self.errors,)

    def render(self) -> str:
        """Each error in turn, an empty line between two."""
        return "\n\n".join(error.render() for error in self.errors)


def raise_all(errors: Iterable[FlowForgeError]) -> None:
    """Raises nothing for no errors, the error itself for one, `Problems` for more."""
    found = list(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        raise Problems(found)


def did_you_mean(wrong: str, known: Iterable[str]) -> str | None:
    """A hint naming the nearest known name, or None when nothing is near."""
    near = get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None
