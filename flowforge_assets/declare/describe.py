"""Reads a dataset class into a `DatasetDefinition`, once."""

from __future__ import annotations

import linecache
import sys
import typing
from dataclasses import replace
from typing import Any

from flowforge_assets.core.key import DatasetKey, snake_case
from flowforge_assets.core.rule import (
    Bound,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Rule,
    Unique,
)
from flowforge_assets.core.schema import Field, ListType, Plain, Schema, StructType
from flowforge_assets.declare.column import Col, ColumnOptions
from flowforge_assets.declare.dataset import DatasetOptions, declared_columns
from flowforge_assets.declare.definition import ColumnDefinition, DatasetDefinition
from flowforge_assets.declare.partitioning import partitioning_of
from flowforge_assets.declare.types import ColumnType, UnstorableError, column_type
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.declaration import (
    ColumnFormError,
    ColumnNameError,
    DatasetNameError,
    ReferenceTargetError,
    RuleTypeError,
    UnresolvedNameError,
    UnstorableTypeError,
)

_ORDERED = {"int8", "int16", "int32", "int64", "float32", "float64", "date", "timestamp",
            "timestamp_ntz", "string"}  # fmt: skip


def options_of(cls: type) -> DatasetOptions:
    """What the class was told besides its columns."""
    options = vars(cls)["__flowforge__"]
    assert isinstance(options, DatasetOptions)  # noqa: S101 - the metaclass puts it there
    return options


def key_of(cls: type) -> DatasetKey:
    """The dataset's key.

    Raises:
        DatasetNameError: the name is not made of lower-case words, or the class has no layer.
    """
    options = options_of(cls)
    name = options.name or snake_case(cls.__name__)
    if options.layer is None:
        message = f"`{cls.__name__}` has no layer"
        hint = "subclass `Bronze`, `Silver` or `Gold`; a `Shape` is no dataset"
        raise DatasetNameError(message, place=options.place, hint=hint)
    try:
        return DatasetKey.of(options.layer, name)
    except ValueError as error:
        hint = 'give it one with `name="group.name"`: lower-case letters, digits, underscores'
        message = f"`{name}` cannot be the name of a dataset"
        raise DatasetNameError(message, place=options.place, hint=hint) from error


def describe(cls: type) -> DatasetDefinition:
    """The dataset that `cls` declares.

    Raises:
        Problems: all that is wrong with it (FF-101 to FF-112).
    """
    cached = vars(cls).get("__flowforge_definition__")
    if isinstance(cached, DatasetDefinition):
        return cached
    options = options_of(cls)
    columns, rules = _columns(cls)
    definition = DatasetDefinition(
        key=key_of(cls),
        columns=columns,
        schema=Schema(tuple(column.field for column in columns)),
        rules=rules,
        partitioning=partitioning_of(options.partition, columns, options.place),
        place=options.place,
        cls=cls,
        extra=options.extra,
        description=(cls.__doc__ or "").strip() if "__doc__" in vars(cls) else "",
        owners=options.owners,
        tags=options.tags,
        fresh=options.fresh,
    )
    type.__setattr__(cls, "__flowforge_definition__", definition)
    return definition


def struct_type(cls: type) -> StructType:
    """The type of a column that holds a nested `cls`."""
    columns, _ = _columns(cls)
    return StructType(tuple(column.field for column in columns))


def _columns(cls: type) -> tuple[tuple[ColumnDefinition, ...], tuple[Rule, ...]]:
    problems: list[FlowForgeError] = []
    columns: list[ColumnDefinition] = []
    rules: list[Rule] = []
    declared = declared_columns(cls)
    for attribute, (column, owner) in declared.items():
        try:
            kind = _type_of(attribute, column, owner)
            rules += _rules(column, kind)
        except FlowForgeError as error:
            error.place = _place(owner, attribute)
            problems.append(error)
            continue
        options = column.options
        stored = Field(column.name, kind.type, kind.nullable or options.optional, options.optional)
        columns.append(
            ColumnDefinition(
                attribute=attribute,
                field=stored,
                is_key=options.is_key,
                unit=options.unit,
                doc=options.doc,
                tags=options.tags,
            )
        )
    rules += _key_rule(declared)
    problems += _name_problems(cls, columns)
    raise_all(problems)
    return tuple(columns), tuple(rules)


def _place(owner: type, attribute: str) -> Place:
    """The place of a class's column: its own line where the source is at hand."""
    start = options_of(owner).place
    line = start.line
    while text := linecache.getline(start.file, line):
        if text.split(":")[0].strip() == attribute:
            return replace(start, line=line, text=text.strip())
        line += 1
    return start


def _type_of(attribute: str, column: Col[Any], owner: type) -> ColumnType:
    hint = vars(owner).get("__annotations__", {}).get(attribute)
    if isinstance(hint, str):
        hint = _evaluated(hint, owner)
    if typing.get_origin(hint) is not Col:
        message = f"`{owner.__name__}.{attribute}` is not annotated as a column"
        raise ColumnFormError(message, hint=f"write `{attribute}: Col[type] = col()`")
    try:
        return column_type(typing.get_args(hint)[0], column.options)
    except UnstorableError as error:
        message = f"`{error}` cannot be stored exactly, as `{owner.__name__}.{attribute}` asks"
        raise UnstorableTypeError(message, hint=error.remedy) from error


def _evaluated(hint: str, owner: type) -> object:
    names = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
    scope = options_of(owner).scope or {}
    try:
        return eval(hint, dict(names) | dict(scope) if scope else names)  # noqa: S307 - an annotation of the project's own code
    except NameError as error:
        known = [*names, *scope]
        message = f"`{error.name}` in the annotation `{hint}` is not known"
        near = did_you_mean(error.name or "", known) or "import it, or define it above"
        raise UnresolvedNameError(message, hint=near) from error
    except (SyntaxError, TypeError) as error:
        message = f"the annotation `{hint}` cannot be read: {error}"
        raise UnresolvedNameError(message) from error


def _rules(column: Col[Any], kind: ColumnType) -> list[Rule]:
    options, name = column.options, column.name
    rules: list[Rule] = []
    if not (kind.nullable or options.optional):
        rules.append(NotNull(name))
    for op, limit in ((">=", options.ge), (">", options.gt), ("<=", options.le), ("<", options.lt)):
        if limit is not None:
            _require(str(kind.type) in _ORDERED or "decimal" in str(kind.type), op, kind)
            rules.append(Bound(name, op, limit))
    values = options.isin if options.isin is not None else kind.values
    if values is not None:
        rules.append(OneOf(name, values))
    if options.regex is not None:
        _require(kind.type == Plain("string"), "regex", kind)
        rules.append(Matches(name, options.regex))
    if options.min_length is not None or options.max_length is not None:
        has_length = isinstance(kind.type, ListType) or str(kind.type) in {"string", "binary"}
        _require(has_length, "min_length/max_length", kind)
        rules.append(Length(name, options.min_length or 0, options.max_length))
    if options.unique:
        rules.append(Unique((name,)))
    if options.ref is not None:
        rules.append(_reference(name, options))
    return rules


def _require(fits: bool, option: str, kind: ColumnType) -> None:  # noqa: FBT001
    if not fits:
        message = f"`{option}` does not fit the type `{kind.type}`"
        raise RuleTypeError(message, hint="see FF-104 for what each rule is for")


def _reference(name: str, options: ColumnOptions) -> References:
    target = options.ref
    assert target is not None  # noqa: S101 - the caller asked
    columns = declared_columns(target) if hasattr(target, "__flowforge__") else {}
    keys = [column.name for column, _ in columns.values() if column.options.is_key]
    names = {column.name for column, _ in columns.values()}
    if len(keys) == 1:
        return References(name, key_of(target), keys[0])
    if name in names:
        return References(name, key_of(target), name)
    message = f"`ref={target.__name__}` names no column to refer to"
    hint = f"give `{target.__name__}` a single `key()`, or a column `{name}`"
    raise ReferenceTargetError(message, hint=hint)


def _key_rule(declared: dict[str, tuple[Col[Any], type]]) -> list[Rule]:
    keys = [column for column, _ in declared.values() if column.options.is_key]
    if not keys:
        return []
    scope = "table" if any(key.options.scope == "table" for key in keys) else "partition"
    return [Unique(tuple(key.name for key in keys), scope)]


def _name_problems(cls: type, columns: list[ColumnDefinition]) -> list[FlowForgeError]:
    place = options_of(cls).place
    seen: dict[str, str] = {}
    problems: list[FlowForgeError] = []
    for column in columns:
        name = column.field.name
        other = seen.setdefault(name.lower(), name)
        if other is not name:
            message = f"`{cls.__name__}` has the columns `{other}` and `{name}`"
            problems.append(ColumnNameError(message, place=place, hint="rename one of them"))
    for name in vars(cls).get("__annotations__", {}):
        if not isinstance(vars(cls).get(name), Col) and not name.startswith("__"):
            message = f"`{cls.__name__}.{name}` has an annotation but no `col()`"
            hint = f"write `{name}: Col[...] = col()`"
            problems.append(ColumnFormError(message, place=place, hint=hint))
    return problems
