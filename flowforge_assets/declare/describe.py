"""Reads a dataset class into a `DatasetDefinition`, once."""

from __future__ import annotations

import linecache
import re
import sys
import typing
from collections.abc import Iterator
from dataclasses import replace
from inspect import cleandoc
from typing import Any, Final, get_args

from flowforge_assets.core.key import LAYERS, DatasetKey, snake_case
from flowforge_assets.core.partition import Partitioning
from flowforge_assets.core.rule import References, Rule
from flowforge_assets.core.schema import Field, Schema, StructType
from flowforge_assets.declare.annotation import concrete, evaluated
from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.column import Col
from flowforge_assets.declare.column_rules import key_rules, refuse_rules_inside, rules_of
from flowforge_assets.declare.dataset import ROOTS, DatasetOptions, Extra, declared_columns
from flowforge_assets.declare.definition import ColumnDefinition, DatasetDefinition
from flowforge_assets.declare.owner import project_of
from flowforge_assets.declare.partitioning import partitioning_of, step_partitioning
from flowforge_assets.declare.policy import is_duration
from flowforge_assets.declare.types import ColumnType, UnstorableError, column_type
from flowforge_assets.errors.base import FlowForgeError, Place, Problems, did_you_mean, raise_all
from flowforge_assets.errors.declaration import (
    AssetOptionError,
    ColumnFormError,
    ColumnNameError,
    DatasetNameError,
    ReferenceTargetError,
    UnstorableTypeError,
)

_SUFFIX: Final = re.compile(r"(\.[A-Za-z0-9_-]+)+")


def options_of(cls: type) -> DatasetOptions:
    """What the class was told besides its columns."""
    options = vars(cls)["__flowforge__"]
    assert isinstance(options, DatasetOptions)  # noqa: S101 - the metaclass puts it there
    return options


def key_of(cls: type) -> DatasetKey:
    """The dataset's key, with the name of its project where that is another (`declare.owner`).

    Raises:
        DatasetNameError: the name is not made of lower-case words, or the class has no layer.
    """
    key = vars(cls).get("__flowforge_key__") or _own_key(cls)
    project = project_of(cls.__module__)
    return key if project is None else DatasetKey(f"{project}/{key}")


def _own_key(cls: type) -> DatasetKey:
    options = options_of(cls)
    name = options.name or snake_case(cls.__name__)
    if options.layer is None:
        message = f"`{cls.__name__}` has no layer"
        hint = "subclass `Bronze`, `Silver` or `Gold`; a `Shape` is no dataset"
        raise DatasetNameError(message, place=options.place, hint=hint)
    try:
        key = DatasetKey.of(options.layer, name)
    except ValueError as error:
        hint = 'give it one with `name="group.name"`: lower-case letters, digits, underscores'
        message = f"`{name}` cannot be the name of a dataset"
        raise DatasetNameError(message, place=options.place, hint=hint) from error
    type.__setattr__(cls, "__flowforge_key__", key)
    return key


def describe(cls: type) -> DatasetDefinition:
    """The dataset that `cls` declares.

    Raises:
        Problems: all that is wrong with it (FF-101 to FF-112).
    """
    cached = vars(cls).get("__flowforge_definition__")
    if isinstance(cached, DatasetDefinition):
        return cached
    options = options_of(cls)
    _refuse_bad_options(options)
    declares: type = cls
    is_artifact = issubclass(declares, Artifact)
    columns, rules = ((), ()) if is_artifact else _columns(cls)
    definition = DatasetDefinition(
        key=key_of(cls),
        columns=columns,
        schema=Schema(tuple(column.field for column in columns)),
        rules=rules,
        partitioning=_partitioning(options, columns, is_artifact=is_artifact),
        place=options.place,
        cls=cls,
        extra=options.extra,
        description=cleandoc(vars(cls).get("__doc__") or ""),
        owners=options.owners,
        tags=options.tags,
        fresh=options.fresh,
        min_rows=options.min_rows,
        kind="artifact" if is_artifact else "table",
        suffix=options.suffix,
        aliases=_aliases(options),
    )
    type.__setattr__(cls, "__flowforge_definition__", definition)
    return definition


def _partitioning(
    options: DatasetOptions, columns: tuple[ColumnDefinition, ...], *, is_artifact: bool
) -> Partitioning:
    if is_artifact and options.partition is not None:
        return step_partitioning(options.partition, options.place)
    return partitioning_of(options.partition, columns, options.place)


def _aliases(options: DatasetOptions) -> tuple[DatasetKey, ...]:
    """The keys that the dataset had before; a name without a layer was in the same one."""
    found: list[DatasetKey] = []
    for alias in options.aliases:
        head = alias.partition(".")[0]
        spelled = alias if head in LAYERS else f"{options.layer}.{alias}"
        try:
            found.append(DatasetKey.parse(spelled))
        except ValueError as error:
            hint = 'write the key that it had: `aliases=["silver.clients"]`'
            message = f"the alias `{alias}` cannot be the name of a dataset"
            raise DatasetNameError(message, place=options.place, hint=hint) from error
    return tuple(found)


def column_hint(owner: type, attribute: str) -> Any:  # noqa: ANN401 - an annotation
    """`T` of the annotation `Col[T]` of a class's column, whatever way it is written.

    Raises:
        ColumnFormError: the annotation is missing, or is another (FF-102).
        UnresolvedNameError: it names something that is not there (FF-103).
    """

    def evaluate(text: str) -> object:
        module = sys.modules.get(owner.__module__)
        return evaluated(text, vars(module) if module else {}, options_of(owner).scope)

    hint = vars(owner).get("__annotations__", {}).get(attribute)
    if isinstance(hint, str):
        hint = evaluate(hint)
    if typing.get_origin(hint) is not Col:
        message = f"`{owner.__name__}.{attribute}` is not annotated as a column"
        raise ColumnFormError(message, hint=f"write `{attribute}: Col[type] = col()`")
    return concrete(typing.get_args(hint)[0], evaluate)


def _refuse_bad_options(options: DatasetOptions) -> None:
    """Refuses options that a type checker would have refused."""
    if options.extra not in get_args(Extra):
        message = f"`extra={options.extra!r}` is none of `refuse`, `keep` and `drop`"
        hint = did_you_mean(str(options.extra), get_args(Extra))
        raise AssetOptionError(message, place=options.place, hint=hint)
    if options.fresh is not None and not is_duration(options.fresh):
        message = f"`fresh={options.fresh!r}` is no length of time"
        raise AssetOptionError(message, place=options.place, hint="write `timedelta(hours=24)`")
    if not _is_count(options.min_rows):
        message = f"`min_rows={options.min_rows!r}` is no number of rows"
        raise AssetOptionError(message, place=options.place, hint="write `min_rows=1`")
    if options.suffix and not _SUFFIX.fullmatch(options.suffix):
        message = f"`suffix={options.suffix!r}` is no ending of a file's name"
        hint = "write it with its dot, of letters, digits, `_` and `-`: `.pkl`, `.tar.gz`"
        raise AssetOptionError(message, place=options.place, hint=hint)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _columns(
    cls: type, within: tuple[type, ...] = ()
) -> tuple[tuple[ColumnDefinition, ...], tuple[Rule, ...]]:
    """The columns and rules of `cls`, which is nested in the classes `within`."""
    problems: list[FlowForgeError] = []
    columns: list[ColumnDefinition] = []
    rules: list[Rule] = []
    declared = declared_columns(cls)
    for attribute, (column, owner) in declared.items():
        try:
            if not hasattr(owner, "__flowforge__"):
                message = f"`{owner.__name__}`, which declares `{attribute}`, is no `Shape`"
                hint = f"write `class {owner.__name__}(Shape)`"
                raise ColumnFormError(message, place=options_of(cls).place, hint=hint)
            kind = _type_of(attribute, column, owner, (*within, cls))
            if within:
                refuse_rules_inside(column)
            found = list(rules_of(column, kind))
            found += _references(column)
        except FlowForgeError as error:
            if not isinstance(error, Problems):
                error.place = error.place or _place(owner, attribute)
            problems.append(error)
            continue
        rules += found
        columns.append(_definition(attribute, column, kind))
    rules += key_rules(column for column, _ in declared.values())
    problems += _name_problems(cls, columns)
    raise_all(_flat(problems))
    return tuple(columns), tuple(rules)


def _flat(problems: list[FlowForgeError]) -> Iterator[FlowForgeError]:
    for problem in problems:
        yield from problem.errors if isinstance(problem, Problems) else [problem]


def _definition(attribute: str, column: Col[Any], kind: ColumnType) -> ColumnDefinition:
    options = column.options
    return ColumnDefinition(
        attribute=attribute,
        field=Field(column.name, kind.type, kind.nullable or options.optional, options.optional),
        is_key=options.is_key,
        unit=options.unit,
        doc=options.doc,
        tags=options.tags,
        writer=options.writer,
        renamed_from=options.renamed_from,
    )


def _place(owner: type, attribute: str) -> Place:
    """The place of a class's column: its own line where the source is at hand."""
    start = options_of(owner).place
    line = start.line
    while text := linecache.getline(start.file, line):
        if text.split(":")[0].split("=")[0].strip() == attribute:
            return replace(start, line=line, text=text.strip())
        line += 1
    return start


def _type_of(attribute: str, column: Col[Any], owner: type, within: tuple[type, ...]) -> ColumnType:
    def struct(inner: type) -> StructType:
        if inner in within:
            raise UnstorableError(inner, "a struct cannot hold itself: refer to it by its key")
        fields = tuple(column.field for column in _columns(inner, within)[0])
        if not fields:
            raise UnstorableError(inner, "a struct needs at least one column")
        return StructType(fields)

    try:
        return column_type(column_hint(owner, attribute), column.options, struct=struct)
    except UnstorableError as error:
        message = f"`{error}` cannot be stored exactly, as `{owner.__name__}.{attribute}` asks"
        raise UnstorableTypeError(message, hint=error.remedy) from error


def _references(column: Col[Any]) -> Iterator[References]:
    """What the column refers to, if anything."""
    name, target = column.name, column.options.ref
    if target is None:
        return
    shown = getattr(target, "__name__", None) or repr(target)
    columns = declared_columns(target) if hasattr(target, "__flowforge__") else {}
    keys = [column.name for column, _ in columns.values() if column.options.is_key]
    names = {column.name for column, _ in columns.values()}
    if len(keys) == 1 or name in names:
        yield References(name, key_of(target), keys[0] if len(keys) == 1 else name)
        return
    message = f"`ref={shown}` names no column to refer to"
    hint = f"give `{shown}` a single `key()`, or a column `{name}`"
    hint = hint if columns else "name a dataset class: `ref=Airlines`"
    raise ReferenceTargetError(message, hint=hint)


def _name_problems(cls: type, columns: list[ColumnDefinition]) -> Iterator[FlowForgeError]:
    place = options_of(cls).place
    seen: dict[str, str] = {}
    for column in columns:
        name = column.field.name
        other = seen.get(name.lower())
        seen[name.lower()] = name
        if other is not None:
            message = f"`{cls.__name__}` has the columns `{other}` and `{name}`"
            yield ColumnNameError(message, place=place, hint="rename one of them with `name=`")
        if name in column.renamed_from:
            message = f"`{cls.__name__}.{column.attribute}` is renamed from `{name}`, its own name"
            yield ColumnNameError(message, place=place, hint="name the column as it was before")
    for owner in cls.__mro__:
        if owner in ROOTS or not hasattr(owner, "__flowforge__"):
            continue
        for name in vars(owner).get("__annotations__", {}):
            if not isinstance(vars(owner).get(name), Col) and not name.startswith("__"):
                message = f"`{owner.__name__}.{name}` has an annotation but no `col()`"
                hint = f"write `{name}: Col[...] = col()`"
                yield ColumnFormError(message, place=_place(owner, name), hint=hint)
