"""Where a command speaks: answers on standard output, all else on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Final

from flowforge_assets.cli.paint import Paint, Text
from flowforge_assets.cli.pipe import write_line
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.project import UsageError

_VERSION: Final = 1
_MOST_ERRORS: Final = 20


class Terminal:
    """The two streams of one command, and how much it is to say on them."""

    def __init__(self, *, json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        """For people, or with `json` for programs."""
        self.json = json
        self.quiet = quiet
        self.verbose = verbose

    @cached_property
    def out(self) -> Paint:
        """Colour for standard output."""
        return Paint.of(sys.stdout)

    @cached_property
    def err(self) -> Paint:
        """Colour for standard error."""
        return Paint.of(sys.stderr)

    @property
    def is_live(self) -> bool:
        """Whether lines on standard error can be drawn over."""
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def say(self, *pieces: Text | str) -> None:
        """A line of the answer."""
        write_line(sys.stdout, self.out.line(pieces))

    def table(self, rows: Sequence[Sequence[Text | str]], *, right: Iterable[int] = ()) -> None:
        """Rows of the answer in aligned columns."""
        for line in self.out.table(rows, right=right):
            write_line(sys.stdout, line)

    def note(self, *pieces: Text | str) -> None:
        """A line beside the answer, which `--quiet` leaves out."""
        if not self.quiet:
            write_line(sys.stderr, self.err.line(pieces))

    def data(self, data: object, errors: Iterable[FlowForgeError] = ()) -> None:
        """The answer of a program's call: one object."""
        said = {
            "version": _VERSION,
            "data": data,
            "errors": [each.as_json() for each in flat(errors)],
        }
        self.json_line(said, indent=2)

    def json_line(self, value: Mapping[str, object], *, indent: int | None = None) -> None:
        """One JSON value."""
        text = json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)
        write_line(sys.stdout, text)

    def errors(self, errors: Iterable[FlowForgeError]) -> None:
        """Errors for people, an empty line between two; equal ones once."""
        times: dict[str, int] = {}
        for error in flat(errors):
            text = self._dressed(error)
            times[text] = times.get(text, 0) + 1
        shown = list(times.items())
        most = len(shown) if self.verbose else _MOST_ERRORS
        blocks = [
            text + (f"\n({count} times)" if count > 1 else "") for text, count in shown[:most]
        ]
        if len(shown) > most:
            blocks.append(f"and {len(shown) - most} more; `-v` shows all")
        if blocks:
            write_line(sys.stderr, "\n\n".join(blocks))

    def ask(self, question: str, *, yes: bool) -> bool:
        """Whether the user agrees; `yes` is what the flag says.

        Raises:
            UsageError: there is nobody to ask (FF-809).
        """
        if yes:
            return True
        if not sys.stdin.isatty():
            raise UsageError("nobody is here to agree to this", hint="say `--yes` beforehand")
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def _dressed(self, error: FlowForgeError) -> str:
        """The error as `render` has it, in colour, with the traceback of the project's code."""
        paint = self.err
        lines = [f"{paint(f'error[{error.code}]', 'red')}: {paint(error.message, 'bold')}"]
        if error.place is not None:
            lines.append(f"  {paint('-->', 'blue')} {error.place}")
        if error.caret:
            lines.append(paint(error.caret, "red"))
        own = getattr(error, "traceback_text", "")
        if own:
            lines += [f"    {line}" for line in own.splitlines()]
        if error.hint:
            lines.append(f"{paint('hint', 'cyan')}: {error.hint}")
        return "\n".join(lines)


def flat(errors: Iterable[FlowForgeError]) -> list[FlowForgeError]:
    """The errors, each `Problems` as those that it holds."""
    found: list[FlowForgeError] = []
    for error in errors:
        found += flat(error.errors) if isinstance(error, Problems) else [error]
    return found


def _plain(value: object) -> object:
    """What JSON has no form for: times as ISO 8601, all else as text."""
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
