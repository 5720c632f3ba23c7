"""Dataset classes as the Python source that a person would have written."""

from __future__ import annotations

import json
import keyword
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, assert_never

from flowforge_assets.core.key import DatasetKey, snake_case
from flowforge_assets.core.polars_types import CLASS_BY_PLAIN
from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    StructType,
)

_ANNOTATIONS: Final[dict[PlainName, str]] = {
    "bool": "bool",
    "int8": "Int8",
    "int16": "Int16",
    "int32": "Int32",
    "int64": "int",
    "float32": "Float32",
    "float64": "float",
    "string": "str",
    "binary": "bytes",
    "date": "date",
    "timestamp": "datetime",
    "timestamp_ntz": "datetime",
    "json": "Json",
}
_WIDTH: Final = 88
_OURS: Final = frozenset({"Int8", "Int16", "Int32", "Float32", "Json"})
_USED: Final = frozenset({
    *_ANNOTATIONS.values(), "list", "Decimal", "Col", "col", "key", "pl", "Path", "asset", "Frame",
    "Shape", "Bronze", "Silver", "Gold",
})  # fmt: skip
"""Names that the source uses: an attribute of that name would hide them from type checkers."""


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column to be written; `remark` becomes a comment behind it.

    `options` are further arguments of `col(...)`: `unit="km"`.
    """

    field: Field
    is_key: bool = False
    remark: str = ""
    options: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class ClassSource:
    """Classes in the order in which they must stand, and what they import."""

    blocks: list[str] = field(default_factory=list[str])
    ours: set[str] = field(default_factory=set[str])
    standard: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    names: set[str] = field(default_factory=set[str])

    def add_dataset(
        self,
        key: DatasetKey,
        columns: Iterable[SourceColumn],
        *,
        description: str,
        name: str = "",
        option: str = "",
    ) -> str:
        """Adds the dataset class of `key` and gives its name, `name` if that is free.

        `option` is one more argument of the class.
        """
        name = self._free_name(name or class_name_of(key.name))
        layer = key.layer.capitalize()
        self.ours |= {layer, "Col"}
        said = [layer, name_option(key.name, name).removeprefix(", "), option]
        head = _call(f"class {name}", [each for each in said if each], ":", indent="")
        lines = self._columns(columns)
        self.blocks.append("\n".join([head, f'    """{_one_line(description)}"""', "", *lines]))
        return name

    def use(self, module: str, name: str) -> None:
        """Imports `name` from a module of the standard library."""
        self.standard.setdefault(module, set()).add(name)

    def text(self, doc: str, *, uses_polars: bool = False) -> str:
        """The module with the docstring `doc`; a newline at its end."""
        standard = [
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in sorted(self.standard.items())
        ]
        ours = sorted(self.ours, key=lambda name: (not name[0].isupper(), name))
        others = ["import polars as pl"] if uses_polars else []
        parts = [
            f'"""{_one_line(doc)}"""',
            "from __future__ import annotations",
            "\n".join(standard),
            "\n".join([*others, f"from flowforge_assets import {', '.join(ours)}"]),
        ]
        head = "\n\n".join(part for part in parts if part)
        return "\n\n\n".join([head, *self.blocks]) + "\n"

    def _columns(self, columns: Iterable[SourceColumn]) -> list[str]:
        lines: list[str] = []
        taken: set[str] = set()
        for column in columns:
            name = column.field.name
            attribute = attribute_of(name, taken)
            taken.add(attribute)
            maker = "key" if column.is_key else "col"
            self.ours.add(maker)
            options = [f"name={json.dumps(name, ensure_ascii=False)}"] if attribute != name else []
            options += [*_type_options(column.field.type), *column.options]
            hint = self._annotation(column.field.type, class_name_of(attribute))
            if column.field.nullable and not column.is_key:
                hint += " | None"
            line = _call(f"    {attribute}: Col[{hint}] = {maker}", options, "", indent="    ")
            remark = f"# {_one_line(column.remark)}"
            if not column.remark:
                lines.append(line)
            elif len(line) + len(remark) + 2 <= _WIDTH:
                lines.append(f"{line}  {remark}")
            else:
                lines += [f"    {remark}", line]
        return lines

    def _annotation(self, data_type: DataType, name: str) -> str:
        match data_type:
            case Plain(plain):
                hint = _ANNOTATIONS[plain]
                if hint in _OURS:
                    self.ours.add(hint)
                if hint in {"date", "datetime"}:
                    self.use("datetime", hint)
                return hint
            case DecimalType():
                self.use("decimal", "Decimal")
                return "Decimal"
            case ListType(item, nullable_items):
                return f"list[{self._annotation(item, name)}{' | None' if nullable_items else ''}]"
            case StructType(fields):
                return self._shape(fields, name)
            case _:
                assert_never(data_type)

    def _shape(self, fields: tuple[Field, ...], name: str) -> str:
        name = self._free_name(name)
        self.ours |= {"Shape", "Col"}
        lines = self._columns(SourceColumn(each) for each in fields)
        self.blocks.append("\n".join([f"class {name}(Shape):", *lines]))
        return name

    def _free_name(self, name: str) -> str:
        number, free = 2, name
        while free in self.names or free in _USED:
            free, number = f"{name}{number}", number + 1
        self.names.add(free)
        return free


def class_name_of(name: str) -> str:
    """A class name for a dataset's name: `crm.order_lines` -> `CrmOrderLines`."""
    words = re.split(r"[\W_]+", name, flags=re.ASCII)
    joined = "".join(f"{word[0].upper()}{word[1:]}" for word in words if word)
    return joined if joined.isidentifier() else f"Data{joined}"


def name_option(name: str, class_name: str) -> str:
    """`, name="crm.orders"` where the class's own name would not say it, else nothing."""
    return "" if snake_case(class_name) == name else f', name="{name}"'


def attribute_of(column: str, taken: Iterable[str]) -> str:
    """A Python name for a column: its own where that will do, else one in snake case."""
    name = column
    if not name.isidentifier() or not name.isascii() or name.startswith("__"):
        plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode()
        name = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_").lower() or "column"
        name = name if name.isidentifier() else f"column_{name}"
    if keyword.iskeyword(name) or name in _USED:
        name = f"{name}_"
    number, free = 2, name
    while free in set(taken):
        free, number = f"{name}_{number}", number + 1
    return free


def polars_type_source(data_type: DataType) -> str:
    """The polars type as source: `pl.Datetime("us", "UTC")`."""
    match data_type:
        case Plain("timestamp"):
            return 'pl.Datetime("us", "UTC")'
        case Plain("timestamp_ntz"):
            return 'pl.Datetime("us")'
        case Plain(plain):
            return f"pl.{CLASS_BY_PLAIN[plain]}()"
        case DecimalType(precision, scale):
            return f"pl.Decimal({precision}, {scale})"
        case ListType(item):
            return f"pl.List({polars_type_source(item)})"
        case StructType(fields):
            inner = ", ".join(f"{quoted(f.name)}: {polars_type_source(f.type)}" for f in fields)
            return f"pl.Struct({{{inner}}})"
        case _:
            assert_never(data_type)


def _type_options(data_type: DataType) -> list[str]:
    while isinstance(data_type, ListType):
        data_type = data_type.item
    match data_type:
        case DecimalType(precision, scale):
            return [f"precision={precision}", f"scale={scale}"]
        case Plain("timestamp_ntz"):
            return ["tz=None"]
        case _:
            return []


def quoted(text: str) -> str:
    """`text` as a string literal."""
    return json.dumps(text, ensure_ascii=False)


def _call(head: str, arguments: list[str], tail: str, *, indent: str) -> str:
    """A call, over several lines where one is too short for it."""
    line = f"{head}({', '.join(arguments)}){tail}"
    if len(line) <= _WIDTH:
        return line
    inside = f"{indent}    {', '.join(arguments)}"
    if len(inside) > _WIDTH:
        inside = "\n".join(f"{indent}    {argument}," for argument in arguments)
    return f"{head}(\n{inside}\n{indent}){tail}"


def _one_line(text: str) -> str:
    return " ".join(text.replace("\\", "/").replace('"""', "'''").split())
