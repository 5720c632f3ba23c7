"""The forms of datasets in annotations: `Annotated[Frame[Sessions], Lag(1)] | None`."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, ForwardRef, NamedTuple

from flowforge_assets.declare.annotation import UNIONS
from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.dataset import ROOTS, Dataset, Shape
from flowforge_assets.declare.definition import FormName
from flowforge_assets.declare.frame import (
    Arrow,
    BadRows,
    Before,
    Changes,
    Deletes,
    File,
    Frame,
    Rows,
    Table,
)
from flowforge_assets.declare.job import Out, Ref, Written
from flowforge_assets.declare.mapping import Mapping as PartitionMapping
from flowforge_assets.declare.mapping import Same
from flowforge_assets.errors.declaration import FormMismatchError, ParameterFormError

READ_FORMS: Final[Mapping[object, FormName]] = {
    Frame: "frame",
    Table: "table",
    Rows: "rows",
    Arrow: "arrow",
    Before: "before",
    Changes: "changes",
    File: "file",
    Ref: "ref",
}
"""What a parameter may be, besides keys, resources and the like."""
MADE_FORMS: Final[Mapping[object, FormName]] = {
    Frame: "frame",
    Table: "table",
    Rows: "rows",
    Arrow: "arrow",
    File: "file",
    Written: "written",
}
"""What an asset may return."""
_SAME: Final[PartitionMapping] = Same()
_ALL: Final = frozenset({*READ_FORMS, *MADE_FORMS, BadRows, Out})
Resolve: typing.TypeAlias = Callable[[Any], Any]  # an annotation as an object


class Form(NamedTuple):
    """A form with its dataset classes (several only in `Rows[A | B]`), and how it is read."""

    form: Any  # `Frame`, `Table`, ...: classes at run time, aliases to a type checker
    datasets: tuple[type, ...]
    mapping: PartitionMapping = _SAME
    optional: bool = False
    deletes: str = ""

    @property
    def dataset(self) -> type:
        """The one dataset."""
        return self.datasets[0]


def read_form(hint: Any, resolve: Resolve) -> Form | None:  # noqa: ANN401 - an annotation
    """The form that `hint` is; None for anything else. `resolve` reads what is still text.

    Raises:
        ParameterFormError: a mapping is given as a class, or deletes of no changes (FF-109).
        FormMismatchError: an artifact is taken for a table, or a table for a file (FF-120).
    """
    if isinstance(hint, type):
        return None  # a key or a resource: a form has brackets
    origin: Any  # as `Form.form`
    deletes = ""
    if type(hint) is types.GenericAlias:
        origin, mapping, optional = hint.__origin__, _SAME, False
    else:
        hint, mapping, optional, deletes = _peeled(hint, resolve)
        origin = typing.get_origin(hint)
    if origin not in _ALL:
        return None
    if deletes and origin is not Changes:
        message = f"`Deletes` stands beside `{_name(origin)}`, which has no removed rows"
        hint = f"write `Annotated[Changes[D], Deletes({deletes!r})]`, or leave it out"
        raise ParameterFormError(message, hint=hint)
    inner = hint.__args__[0]
    if not isinstance(inner, type):
        inner = resolve(inner)
    elif _is_meant(inner, origin):
        return Form(origin, (inner,), mapping, optional, deletes)
    is_union = origin is Rows and typing.get_origin(inner) in UNIONS
    datasets = tuple(map(resolve, typing.get_args(inner))) if is_union else (inner,)
    if not all(isinstance(each, type) and _is_meant(each, origin) for each in datasets):
        return None
    return Form(origin, datasets, mapping, optional, deletes)


def _peeled(hint: Any, resolve: Resolve) -> tuple[Any, PartitionMapping, bool, str]:  # noqa: ANN401
    """What is inside of `Annotated[...]`, `... | None` and quotes, with what those say."""
    mapping: PartitionMapping = _SAME
    optional = False
    deletes = ""
    while True:
        origin = typing.get_origin(hint)
        if origin is Annotated:
            hint, *marks = typing.get_args(hint)
            mapping = _mapping(marks, mapping)
            deletes = next((each.column for each in marks if isinstance(each, Deletes)), deletes)
        elif origin in UNIONS:
            rest = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
            if len(rest) != 1:
                break
            hint, optional = rest[0], True
        elif isinstance(hint, (str, ForwardRef)):
            hint = resolve(hint if isinstance(hint, str) else hint.__forward_arg__)
        else:
            break
    return hint, mapping, optional, deletes


def read_forms(hint: Any, resolve: Resolve) -> list[Form] | None:  # noqa: ANN401 - as above
    """The forms of a return annotation: those of a tuple, or the one; None for anything else.

    Raises:
        FormMismatchError: as `read_form`.
    """
    if type(hint) is types.GenericAlias and hint.__origin__ is not tuple:
        only = read_form(hint, resolve)
        return None if only is None else [only]
    parts = typing.get_args(hint) if typing.get_origin(hint) is tuple else (hint,)
    found = [form for part in parts if (form := read_form(part, resolve)) is not None]
    return found if found and len(found) == len(parts) else None


def _is_meant(cls: type, form: object) -> bool:
    """Whether the form may hold the class."""
    if cls in ROOTS or cls is Artifact:
        return False
    if issubclass(cls, Artifact):
        if form is not File:
            message = f"`{_name(form)}[{cls.__name__}]`: `{cls.__name__}` is an artifact"
            hint = f"an artifact is a file: write `File[{cls.__name__}]`"
            raise FormMismatchError(message, hint=hint)
        return True
    if form is File and issubclass(cls, Shape):
        message = f"`File[{cls.__name__}]`: `{cls.__name__}` is a table"
        hint = f"a table is read as `Frame[{cls.__name__}]`; subclass `Artifact` for a file"
        raise FormMismatchError(message, hint=hint)
    if form in {Frame, Table, BadRows}:
        return issubclass(cls, Shape)  # a check may guard all datasets of a shape
    return issubclass(cls, Dataset)


def _name(form: object) -> str:
    return str(getattr(form, "__name__", form))


def _mapping(marks: Iterable[object], default: PartitionMapping) -> PartitionMapping:
    """The partition mapping among what stands beside a form in `Annotated`."""
    for mark in marks:
        if isinstance(mark, PartitionMapping):
            return mark
        classes = (Deletes, *typing.get_args(PartitionMapping))
        if isinstance(mark, type) and mark in classes:
            name = mark.__name__
            message = f"`{name}` is a class, not a mapping"
            form = "Changes" if mark is Deletes else "Frame"
            hint = f"call it: `Annotated[{form}[D], {name}(...)]`"
            raise ParameterFormError(message, hint=hint)
    return default
