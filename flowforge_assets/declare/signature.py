"""Reads a declared function's signature: what it reads, makes and asks for."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Final, ForwardRef, NamedTuple

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.annotation import UNIONS, evaluated
from flowforge_assets.declare.asset import AssetOptions, CheckOptions, Declared
from flowforge_assets.declare.dataset import ROOTS, Dataset, Shape
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    FormName,
    Input,
    KeyParameter,
    Output,
)
from flowforge_assets.declare.describe import key_of
from flowforge_assets.declare.frame import Arrow, BadRows, Frame, Rows, Table
from flowforge_assets.declare.function import (
    free_parameters,
    parameters_with_default,
    rest_parameters,
    written_function,
)
from flowforge_assets.declare.mapping import Mapping as PartitionMapping
from flowforge_assets.declare.mapping import Same
from flowforge_assets.declare.partitions import Partitions
from flowforge_assets.declare.resource import Context, Resource
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.declaration import (
    AssetOptionError,
    CheckFormError,
    MissingAnnotationError,
    ParameterFormError,
    ReturnFormError,
)

_FORM_NAMES: Final[Mapping[object, FormName]] = {
    Frame: "frame",
    Table: "table",
    Rows: "rows",
    Arrow: "arrow",
}
_KEY_TYPES: Final = (date, datetime, str)
_FORMS_HINT: Final = (
    "write `Frame[D]` (or `Table`, `Rows`, `Arrow`), a partition key such as "
    "`day: date`, `Partitions[date]`, a `Resource` or `Context`"
)
_RETURN_HINT: Final = "annotate it with `-> Frame[D]` (or `Table`, `Rows`, `Arrow`) of a dataset"
_UNREADABLE: Final = object()


class _Form(NamedTuple):
    form: object
    dataset: type[Dataset]
    mapping: PartitionMapping
    optional: bool


def read_asset(declared: Declared, classes: dict[DatasetKey, type]) -> AssetDefinition:
    """The asset that the function declares; adds the dataset classes that it names to `classes`.

    Raises:
        Problems: all that is wrong with its signature (FF-103, FF-107 to FF-109).
    """
    options = declared.options
    assert isinstance(options, AssetOptions)  # noqa: S101 - the caller sorts them
    reader = _Reader(declared, classes)
    makes = reader.outputs(options)
    reader.read_all(options.reads or {})
    reader.raise_problems()
    return AssetDefinition(
        name=declared.name,
        makes=makes,
        place=reader.place(),
        inputs=tuple(reader.inputs),
        function=declared.function,
        keys=tuple(reader.keys),
        resources=reader.resources,
        context=reader.context,
        write=options.write,
        retries=options.retries,
        timeout=options.timeout,
        bad_rows=options.bad_rows,
        max_bad=options.max_bad,
        code_version=options.code_version,
        lazy=options.lazy,
        tags=options.tags,
        description=_description(declared),
    )


def read_check(declared: Declared, classes: dict[DatasetKey, type]) -> CheckDefinition:
    """The check that the function declares; adds the dataset classes that it names to `classes`.

    Raises:
        Problems: all that is wrong with its signature (FF-103, FF-107 to FF-109, FF-117).
    """
    options = declared.options
    assert isinstance(options, CheckOptions)  # noqa: S101 - the caller sorts them
    reader = _Reader(declared, classes)
    guarded = reader.bad_rows()
    reader.read_all({})
    reader.refuse_other_than_frames()
    reader.raise_problems()
    if not reader.inputs or reader.inputs[0].form not in {"frame", "table"}:
        message = f"`{declared.name}` guards no dataset"
        hint = "its first parameter is the frame that it guards: `flights: Frame[Flights]`"
        raise CheckFormError(message, place=reader.place(), hint=hint)
    guards = reader.inputs[0].dataset
    if guarded is not None and not issubclass(classes[guards], guarded):
        message = f"`{declared.name}` guards `{guards}`, but returns `BadRows[{guarded.__name__}]`"
        hint = (
            f"its first parameter says what it guards: return `BadRows[{classes[guards].__name__}]`"
        )
        raise CheckFormError(message, place=reader.place(), hint=hint)
    return CheckDefinition(
        name=declared.name,
        guards=guards,
        inputs=tuple(reader.inputs),
        function=declared.function,
        place=reader.place(),
        blocking=options.blocking,
        description=_description(declared),
    )


def _description(declared: Declared) -> str:
    return (written_function(declared.function).__doc__ or "").strip()


class _Reader:
    """Reads one signature, collecting what is wrong with it."""

    def __init__(self, declared: Declared, classes: dict[DatasetKey, type]) -> None:
        self.declared = declared
        self.classes = classes
        self.written = written_function(declared.function)
        self.hints: dict[str, Any] = dict(self.written.__annotations__)
        self.parameters = free_parameters(declared.function)
        self.with_default = parameters_with_default(self.written)
        self.problems: list[FlowForgeError] = []
        self.inputs: list[Input] = []
        self.keys: list[KeyParameter] = []
        self.resources: dict[str, type[Resource]] = {}
        self.context: str | None = None

    def place(self) -> Place:
        """Where the function stands, with its signature in short."""
        shown = ", ".join(
            f"{name}: {_shown(self.hints[name])}" if name in self.hints else name
            for name in self.parameters
        )
        return replace(self.declared.place, text=f"{self.declared.name}({shown})")

    def raise_problems(self) -> None:
        """Raises what was found."""
        for problem in self.problems:
            problem.place = self.place()
        raise_all(self.problems)

    def outputs(self, options: AssetOptions) -> tuple[Output, ...]:
        """What the asset makes, from `makes=` or the return annotation."""
        if options.makes is not None:
            return tuple(Output(self.key(dataset), "frame") for dataset in options.makes)
        if "return" not in self.hints:
            message = f"`{self.declared.name}` does not say what it returns"
            self.problems.append(MissingAnnotationError(message, hint=_RETURN_HINT))
            return ()
        hint, form = self.hint_and_form("return")
        if form is not None and form.form in _FORM_NAMES and not form.optional:
            return (Output(self.key(form.dataset), _FORM_NAMES[form.form]),)
        if hint is not _UNREADABLE:
            message = f"`{self.declared.name}` returns `{_shown(hint)}`, which is no dataset"
            self.problems.append(ReturnFormError(message, hint=_remedy(hint, _RETURN_HINT)))
        return ()

    def bad_rows(self) -> type | None:
        """The dataset, or `Shape`, whose bad rows a check says that it returns."""
        if "return" not in self.hints:
            message = f"the check `{self.declared.name}` does not say what it returns"
            remedy = "annotate it with `-> BadRows[D]`"
            self.problems.append(MissingAnnotationError(message, hint=remedy))
            return None
        hint: Any = self.resolved(self.hints["return"])  # Any: an annotation
        if typing.get_origin(hint) is BadRows:
            guarded: object = self.resolved(typing.get_args(hint)[0])
            if isinstance(guarded, type) and issubclass(guarded, Shape):
                return guarded
            hint = _UNREADABLE if guarded is _UNREADABLE else hint
        if hint is not _UNREADABLE:
            message = f"the check `{self.declared.name}` returns `{_shown(hint)}`, not bad rows"
            self.problems.append(ReturnFormError(message, hint="annotate it with `-> BadRows[D]`"))
        return None

    def refuse_other_than_frames(self) -> None:
        """A check takes data only: it is the same whoever runs it."""
        others = [key.parameter for key in self.keys] + list(self.resources)
        others += [self.context] if self.context is not None else []
        for name in others:
            message = f"the check `{self.declared.name}` cannot be given `{name}`"
            hint = "a check takes frames of datasets; their partition is a column"
            self.problems.append(ParameterFormError(message, hint=hint))

    def read_all(self, reads: Mapping[str, type[Dataset]]) -> None:
        """Every parameter; `reads` says of some which dataset they read."""
        for name in self.parameters:
            self.read(name, reads)
        for name in reads:
            if name not in self.parameters:
                message = f"`reads=` names `{name}`, which `{self.declared.name}` does not take"
                hint = did_you_mean(name, self.parameters) or "name one of its parameters"
                self.problems.append(AssetOptionError(message, hint=hint))
        positional_only = self.written.__code__.co_posonlyargcount
        for name in self.written.__code__.co_varnames[:positional_only]:
            if name in self.parameters:
                message = f"parameter `{name}` of `{self.declared.name}` is positional-only"
                hint = "leave out the `/`: parameters are given by name"
                self.problems.append(ParameterFormError(message, hint=hint))
        for name in rest_parameters(self.written):
            if name in self.hints and self.form(self.resolved(self.hints[name])) is not None:
                message = f"`{name}` of `{self.declared.name}` takes any number of frames"
                hint = "give each dataset that it reads a parameter of its own"
                self.problems.append(ParameterFormError(message, hint=hint))

    def read(self, name: str, reads: Mapping[str, type[Dataset]]) -> None:
        """One parameter."""
        if name in reads:
            self.inputs.append(Input(name, self.key(reads[name]), "frame", Same()))
            return
        has_default = name in self.with_default
        hint, form = self.hint_and_form(name)
        if hint is _UNREADABLE:
            return
        if form is not None and form.form in _FORM_NAMES:
            dataset = self.key(form.dataset)
            kind = _FORM_NAMES[form.form]
            self.inputs.append(Input(name, dataset, kind, form.mapping, form.optional))
        elif any(hint is kind for kind in _KEY_TYPES) and not has_default:
            self.keys.append(KeyParameter(name, hint))
        elif typing.get_origin(hint) is Partitions:
            self.keys.append(KeyParameter(name, typing.get_args(hint)[0], is_set=True))
        elif hint is Context:
            self.context = name
        elif (resource := _resource(hint)) is not None:
            self.resources[name] = resource
        elif not has_default:
            message = f"parameter `{name}: {_shown(hint)}` cannot be given a value"
            self.problems.append(ParameterFormError(message, hint=_remedy(hint, _FORMS_HINT)))

    def hint_and_form(self, name: str) -> tuple[Any, _Form | None]:
        """The annotation, or `_UNREADABLE` when that is noted, and the form of a dataset it is."""
        before = len(self.problems)
        if name in self.hints:
            hint = self.resolved(self.hints[name])
            form = self.form(hint)
            return (_UNREADABLE if len(self.problems) > before else hint), form
        if name not in self.with_default:
            message = f"parameter `{name}` of `{self.declared.name}` has no annotation"
            is_method = name in {"self", "cls"}
            remedy = "declare it outside its class" if is_method else _FORMS_HINT
            self.problems.append(MissingAnnotationError(message, hint=remedy))
        return _UNREADABLE, None

    def key(self, cls: type) -> DatasetKey:
        """The key of a dataset class, which is remembered."""
        key = key_of(cls)
        self.classes.setdefault(key, cls)
        return key

    def resolved(self, hint: Any) -> Any:  # noqa: ANN401 - an annotation
        """The annotation as an object; `_UNREADABLE`, which is noted, when it cannot be read."""
        if not isinstance(hint, str):
            return hint
        try:
            return evaluated(hint, self.written.__globals__, self.declared.scope)
        except FlowForgeError as error:
            self.problems.append(error)
            return _UNREADABLE

    def form(self, hint: Any) -> _Form | None:  # noqa: ANN401 - an annotation
        """The form of a dataset that `hint` is, with its mapping; None for anything else."""
        mapping: PartitionMapping = Same()
        optional = False
        while True:
            origin = typing.get_origin(hint)
            if origin is Annotated:
                hint, *marks = typing.get_args(hint)
                mapping = self.mapping(marks, mapping)
            elif origin in UNIONS:
                rest = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
                if len(rest) != 1:
                    return None
                hint, optional = rest[0], True
            elif isinstance(hint, (str, ForwardRef)):
                hint = self.resolved(hint if isinstance(hint, str) else hint.__forward_arg__)
            else:
                break
        if origin not in {*_FORM_NAMES, BadRows}:
            return None
        dataset = self.resolved(typing.get_args(hint)[0])
        is_class = isinstance(dataset, type) and issubclass(dataset, Dataset)
        if not is_class or dataset in ROOTS:
            return None
        return _Form(origin, dataset, mapping, optional)

    def mapping(self, marks: Iterable[object], default: PartitionMapping) -> PartitionMapping:
        """The partition mapping among what stands beside a form in `Annotated`."""
        for mark in marks:
            if isinstance(mark, PartitionMapping):
                return mark
            if isinstance(mark, type) and mark in typing.get_args(PartitionMapping):
                message = f"`{mark.__name__}` is a class, not a mapping"
                hint = f"call it: `Annotated[Frame[D], {mark.__name__}(...)]`"
                self.problems.append(ParameterFormError(message, hint=hint))
        return default


def _resource(hint: object) -> type[Resource] | None:
    return hint if isinstance(hint, type) and issubclass(hint, Resource) else None


def _remedy(hint: object, otherwise: str) -> str:
    """What to write instead of an annotation that means nothing here."""
    if hint in _FORM_NAMES:
        return f"say of which dataset: `{_shown(hint)}[D]`"
    if typing.get_origin(hint) in _FORM_NAMES:
        inner = _shown(typing.get_args(hint)[0])
        return f"`{inner}` is no dataset: subclass `Bronze`, `Silver` or `Gold`"
    return otherwise


def _shown(hint: object) -> str:
    if isinstance(hint, str):
        return hint
    if typing.get_args(hint):
        origin = typing.get_origin(hint)
        inner = ", ".join(_shown(arg) for arg in typing.get_args(hint))
        return f"{getattr(origin, '__name__', origin)}[{inner}]"
    return getattr(hint, "__name__", None) or str(hint)
