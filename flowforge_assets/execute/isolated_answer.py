"""What passes between a run and the process of an isolated asset: a question, and an answer.

The question goes through the child's standard input: it may hold credentials of a store. The
answer is JSON and Arrow files in a folder of the run. Nothing of it is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from flowforge_assets.errors.base import FlowForgeError, Place, Problems
from flowforge_assets.errors.run import StepFailedError

ANSWER: Final = "answer.json"
_HEAD_BYTES: Final = 8

Json: TypeAlias = Mapping[str, Any]  # JSON can hold anything


@dataclass(frozen=True, slots=True)
class Question:
    """One call: `head` says which, `frames` are the inputs by parameter, as polars writes plans."""

    head: Json
    frames: Mapping[str, bytes] = field(default_factory=dict[str, bytes])

    def write(self, to: IO[bytes]) -> None:
        """Sends it; `to` stays open."""
        sizes = {name: len(frame) for name, frame in self.frames.items()}
        head = json.dumps({**self.head, "frames": sizes}, default=str).encode()
        to.write(len(head).to_bytes(_HEAD_BYTES, "big") + head)
        for frame in self.frames.values():
            to.write(frame)
        to.flush()

    @classmethod
    def read(cls, source: IO[bytes]) -> Question:
        """The one that was sent."""
        head = json.loads(source.read(int.from_bytes(source.read(_HEAD_BYTES), "big")))
        frames = {name: source.read(size) for name, size in head["frames"].items()}
        return cls(head, frames)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the call gave: the file of each output, or the errors that it ended with."""

    files: Sequence[str] = ()
    errors: Sequence[Json] = ()

    def write(self, folder: Path) -> None:
        """Puts it into `folder`, whole or not at all."""
        half = folder / f"{ANSWER}.half"
        text = json.dumps({"files": list(self.files), "errors": list(self.errors)})
        half.write_text(text, encoding="utf-8")
        half.replace(folder / ANSWER)

    @classmethod
    def found(cls, folder: Path) -> Answer | None:
        """The one in `folder`; None where the process has left none."""
        try:
            found = json.loads((folder / ANSWER).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return cls(found["files"], found["errors"])


def written_errors(error: FlowForgeError) -> Iterator[Json]:
    """The error, or all of several, as JSON values."""
    for each in error.errors if isinstance(error, Problems) else [error]:
        place = each.place
        yield {
            "code": each.code,
            "message": each.message,
            "hint": each.hint,
            "place": place and [place.file, place.line, place.column, place.text],
            "traceback": each.traceback_text if isinstance(each, StepFailedError) else "",
        }


def read_error(content: Json) -> FlowForgeError:
    """The error that was written."""
    place = None if content["place"] is None else Place(*content["place"])
    kind = _class_of(content["code"])
    error = kind(content["message"], place=place, hint=content["hint"])
    if isinstance(error, StepFailedError):
        error.traceback_text = content["traceback"]
    return error


def _class_of(code: str) -> type[FlowForgeError]:
    waiting = [FlowForgeError]
    while waiting:
        kind = waiting.pop()
        if vars(kind).get("code") == code:
            return kind
        waiting += kind.__subclasses__()
    return FlowForgeError
