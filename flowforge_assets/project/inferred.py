"""What was seen in a file of data, and what its columns must be called and typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from flowforge_assets.core.schema import DataType, Plain
from flowforge_assets.errors.adoption import AmbiguousColumnError
from flowforge_assets.errors.base import FlowForgeError, Place

FileFormat: TypeAlias = Literal["csv", "parquet", "json", "ndjson", "delta"]
Kind: TypeAlias = Literal[
    "bool", "int", "float", "date", "datetime", "instant",
    "code", "long", "text", "dotted", "slashed", "dashed", "year first",
    "object", "list",
]  # fmt: skip
"""What one value looks like."""

SHOWN: Final[Mapping[Kind, str]] = {
    "bool": "a `bool`",
    "int": "an `int`",
    "float": "a `float`",
    "date": "a date as `YYYY-MM-DD`",
    "datetime": "a time without a zone",
    "instant": "a time with a zone",
    "code": "digits that start with 0",
    "long": "a number of more digits than an `int` holds",
    "text": "text",
    "dotted": "a date as `D.M.Y`",
    "slashed": "a date as `D/M/Y` or `M/D/Y`",
    "dashed": "a date as `D-M-Y` or `M-D-Y`",
    "year first": "a date as `Y/M/D` or `Y.M.D`",
    "object": "an object",
    "list": "a list",
}
_OTHER_DATES: Final[tuple[Kind, ...]] = ("dotted", "slashed", "dashed", "year first")
_TYPES: Final[Mapping[frozenset[Kind], Plain]] = {
    frozenset(["bool"]): Plain("bool"),
    frozenset(["int"]): Plain("int64"),
    frozenset(["float"]): Plain("float64"),
    frozenset(["int", "float"]): Plain("float64"),
    frozenset(["date"]): Plain("date"),
    frozenset(["datetime"]): Plain("timestamp_ntz"),
    frozenset(["instant"]): Plain("timestamp"),
}
_STRING: Final = Plain("string")
_AS_TEXT: Final[Mapping[frozenset[Kind], str]] = {
    frozenset(["text"]): "",
    frozenset(["text", "code"]): "",
    frozenset(["code"]): "digits, some with a 0 in front",
    frozenset(["code", "int"]): "digits, some with a 0 in front",
    frozenset(["long"]): "numbers of more digits than an `int` holds",
    frozenset(["long", "int"]): "numbers, some of more digits than an `int` holds",
    **{frozenset([kind]): f"each is {SHOWN[kind]}" for kind in _OTHER_DATES},
}
"""Kinds that are strings beyond doubt, with what to say of them."""


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """A column as its file has it; `is_unique` is said of whole numbers and texts only.

    `remark` is what a reader of the class should know of it.
    """

    name: str
    type: DataType
    nullable: bool
    is_unique: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class InferredFile:
    """A file of data: `rows` of them were looked at. `separator` is that of a CSV file."""

    path: Path
    format: FileFormat
    columns: tuple[InferredColumn, ...]
    rows: int
    separator: str = ","
    partitioned_by: tuple[str, ...] = ()

    @property
    def key(self) -> str | None:
        """The one column that may be the key: the only unique one, or the only one so named."""
        unique = [column.name for column in self.columns if column.is_unique]
        if len(unique) != 1:
            unique = [name for name in unique if _sounds_like_a_key(name)]
        return unique[0] if len(unique) == 1 else None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the type of a column cannot be told; `line` is that of the second example, if any."""

    column: str
    said: str
    line: int = 0


def type_of(kinds: Iterable[Kind]) -> tuple[Plain, str] | None:
    """The type that holds values of all these kinds, with a remark; None where it is in doubt."""
    seen = frozenset(kinds)
    plain = _TYPES.get(seen)
    if plain is not None:
        return plain, ""
    remark = _AS_TEXT.get(seen)
    return None if remark is None else (_STRING, remark)


def doubt_of(column: str, examples: Mapping[Kind, int], *, unit: str) -> Doubt:
    """The doubt about a column whose kinds have these examples: `line`s, or `row`s."""
    order = sorted(examples, key=lambda kind: examples[kind])
    if not order:
        return Doubt(column, f"`{column}` has no value")
    if len(order) == 1:
        return Doubt(column, f"`{column}` has only empty {order[0]}s")
    apart = sorted(_farthest(order), key=lambda kind: examples[kind])
    said = " and ".join(f"{SHOWN[kind]} in {unit} {examples[kind]}" for kind in apart)
    line = examples[apart[1]] if unit == "line" else 0
    return Doubt(column, f"`{column}` has {said}", line)


def in_doubt(doubt: Doubt) -> InferredColumn:
    """The column as `--lenient` has it: text that may be null."""
    remark = f"{doubt.said.partition(' has ')[2]}: say what it is"
    return InferredColumn(doubt.column, _STRING, nullable=True, remark=remark)


def doubt_error(doubt: Doubt, path: Path) -> FlowForgeError:
    """The doubt as an error."""
    hint = (
        "write the column yourself, as `Col[str | None]` if all else fails (`--lenient` does), or "
        "mend the file"
    )
    return AmbiguousColumnError(
        f"column {doubt.said}", place=Place(str(path), doubt.line), hint=hint
    )


def _farthest(order: list[Kind]) -> tuple[Kind, Kind]:
    """Two kinds that do not go together, the first ones if there are several."""
    for at, one in enumerate(order):
        for other in order[:at]:
            if type_of([one, other]) is None:
                return other, one
    return order[0], order[1]


def _sounds_like_a_key(name: str) -> bool:
    word = name.lower().replace(" ", "_")
    return (
        word in {"id", "key", "uuid", "code", "no", "nr"}
        or word.endswith(("_id", "_key", "_uuid", "_code", "_no", "_nr", "_number"))
        or (name.endswith(("Id", "ID")))
    )
