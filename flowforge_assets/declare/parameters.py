"""What a declared function takes: frames of datasets, keys, resources and the like."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.annotation import evaluated
from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.asset import AnyDataset, Declared
from flowforge_assets.declare.dataset import Dataset, Shape
from flowforge_assets.declare.definition import FormName, Input, KeyParameter
from flowforge_assets.declare.describe import key_of
from flowforge_assets.declare.form import MADE_FORMS, READ_FORMS, Form, read_form
from flowforge_assets.declare.function import (
    free_parameters,
    parameters_with_default,
    rest_parameters,
    written_function,
)
from flowforge_assets.declare.job import Out
from flowforge_assets.declare.mapping import Same
from flowforge_assets.declare.partitions import Partitions
from flowforge_assets.declare.resource import Context, Resource
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.declaration import (
    AssetOptionError,
    MissingAnnotationError,
    ParameterFormError,
)

T = TypeVar("T")
UNREADABLE: Final = object()
"""Stands for an annotation that cannot be read, which is noted."""
_KEY_TYPES: Final = (date, datetime, str)
_ANY_NUMBER: Final = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
_FORMS_HINT: Final = (
    "write `Frame[D]` (or `Table`, `Rows`, `Arrow`), a partition key such as "
    "`day: date`, `Partitions[date]`, a `Resource` or `Context`"
)


class Parameters:
    """Reads the parameters of one function, collecting what is wrong with its signature."""

    def __init__(self, declared: Declared, classes: dict[DatasetKey, type]) -> None:
        self.declared = declared
        self.classes = classes
        self.written = written_function(declared.function)
        self.hints: dict[str, Any] = dict(self.written.__annotations__)
        self.parameters = free_parameters(declared.function, self.written)
        self.with_default = parameters_with_default(self.written)
        self.problems: list[FlowForgeError] = []
        self.inputs: list[Input] = []
        self.keys: list[KeyParameter] = []
        self.resources: dict[str, type[Resource]] = {}
        self.context: str | None = None
        self.out: str | None = None
        self.outs: dict[str, DatasetKey] = {}
        self.is_routed = False
        self.shapes: dict[str, type] = {}
        self.shape_forms: dict[str, FormName] = {}

    def place(self) -> Place:
        """Where the function stands, with its signature in short."""
        shown = ", ".join(
            f"{name}: {shown_hint(self.hints[name])}" if name in self.hints else name
            for name in self.parameters
        )
        place = self.declared.place
        return Place(place.file, place.line, place.column, f"{self.declared.name}({shown})")

    def raise_problems(self) -> None:
        """Raises what was found."""
        for problem in self.problems:
            problem.place = self.place()
        raise_all(self.problems)

    def attempt(self, make: Callable[[], T]) -> T | None:
        """What `make` gives; None when it raises, which is noted."""
        try:
            return make()
        except FlowForgeError as error:
            self.problems.append(error)
            return None

    def is_shape(self, form: Form) -> bool:
        """Whether the form holds a shape, which is no dataset."""
        cls = form.dataset  # a union of rows holds datasets alone
        return not issubclass(cls, Dataset) and issubclass(cls, Shape)

    def read_all(self, reads: Mapping[str, AnyDataset]) -> None:
        """Every parameter; `reads` says of some which dataset they read."""
        for name in self.parameters:
            self.read(name, reads)
        for name in reads:
            if name not in self.parameters:
                message = f"`reads=` names `{name}`, which `{self.declared.name}` does not take"
                hint = did_you_mean(name, self.parameters) or "name one of its parameters"
                self.problems.append(AssetOptionError(message, hint=hint))
        code = self.written.__code__
        if code.co_posonlyargcount or code.co_flags & _ANY_NUMBER:
            self.refuse_nameless()

    def refuse_nameless(self) -> None:
        """Refuses parameters that cannot be given by name."""
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

    def read(self, name: str, reads: Mapping[str, AnyDataset]) -> None:
        """One parameter."""
        if name in reads:
            is_file = issubclass(reads[name], Artifact)
            kind: FormName = "file" if is_file else self.written_form(name)
            self.inputs.append(Input(name, self.key(reads[name]), kind, Same()))
            return
        has_default = name in self.with_default
        hint, form = self.hint_and_form(name)
        if hint is UNREADABLE or (form is not None and self.read_dataset(name, form)):
            return
        if any(hint is kind for kind in _KEY_TYPES) and not has_default:
            self.keys.append(KeyParameter(name, hint))
        elif typing.get_origin(hint) is Partitions:
            self.keys.append(KeyParameter(name, typing.get_args(hint)[0], is_set=True))
        elif hint is Context:
            self.context = name
        elif hint is Path and not has_default and self.out is None:
            self.out = name
        elif (resource := _resource(hint)) is not None:
            self.resources[name] = resource
        elif not has_default:
            message = f"parameter `{name}: {shown_hint(hint)}` cannot be given a value"
            self.problems.append(ParameterFormError(message, hint=remedy(hint, _FORMS_HINT)))

    def read_dataset(self, name: str, form: Form) -> bool:
        """Notes a parameter that is a form of a dataset; False when it is none to read."""
        if form.form is Out:
            self.outs[name] = self.key(form.dataset)
        elif form.form not in READ_FORMS or len(form.datasets) > 1:
            return False
        elif not self.is_shape(form):
            kind = READ_FORMS[form.form]
            key = self.key(form.dataset)
            deletes = form.deletes
            self.inputs.append(Input(name, key, kind, form.mapping, form.optional, deletes))
        elif name == self.parameters[0]:
            self.shapes[name] = form.dataset
            self.shape_forms[name] = READ_FORMS[form.form]
        else:
            message = f"`{name}` of `{self.declared.name}` is a frame of a shape"
            hint = "a check guards all datasets of the shape of its first parameter"
            self.problems.append(ParameterFormError(message, hint=hint))
        return True

    def written_form(self, name: str) -> FormName:
        """The form in which `reads=` gives a table: as the parameter's plain annotation asks."""
        hint = self.hints.get(name)
        shown = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
        return "table" if shown.rpartition(".")[2] == "DataFrame" else "frame"

    def hint_and_form(self, name: str) -> tuple[Any, Form | None]:
        """The annotation, or `UNREADABLE` when that is noted, and the form of a dataset it is."""
        before = len(self.problems)
        if name in self.hints:
            hint = self.hints[name]
            if isinstance(hint, str):
                hint = self.resolved(hint)
            form = self.form(hint)
            return (UNREADABLE if len(self.problems) > before else hint), form
        if name not in self.with_default:
            message = f"parameter `{name}` of `{self.declared.name}` has no annotation"
            is_method = name in {"self", "cls"}
            hint = "declare it outside its class" if is_method else _FORMS_HINT
            self.problems.append(MissingAnnotationError(message, hint=hint))
        return UNREADABLE, None

    def key(self, cls: type) -> DatasetKey:
        """The key of a dataset class, which is remembered."""
        key = key_of(cls)
        self.classes.setdefault(key, cls)
        return key

    def resolved(self, hint: Any) -> Any:  # noqa: ANN401 - an annotation
        """The annotation as an object; `UNREADABLE`, which is noted, when it cannot be read."""
        if not isinstance(hint, str):
            return hint
        try:
            return evaluated(hint, self.written.__globals__, self.declared.scope)
        except FlowForgeError as error:
            self.problems.append(error)
            return UNREADABLE

    def form(self, hint: Any) -> Form | None:  # noqa: ANN401 - an annotation
        """The form of a dataset that `hint` is, with its mapping; None for anything else."""
        try:
            return read_form(hint, self.resolved)
        except FlowForgeError as error:
            self.problems.append(error)
            return None


def _resource(hint: object) -> type[Resource] | None:
    return hint if isinstance(hint, type) and issubclass(hint, Resource) else None


def remedy(hint: object, otherwise: str) -> str:
    """What to write instead of an annotation that means nothing here."""
    if hint in READ_FORMS or hint in MADE_FORMS:
        return f"say of which dataset: `{shown_hint(hint)}[D]`"
    if typing.get_origin(hint) in {*READ_FORMS, *MADE_FORMS}:
        inner = shown_hint(typing.get_args(hint)[0])
        return f"`{inner}` is no dataset: subclass `Bronze`, `Silver` or `Gold`"
    return otherwise


def shown_hint(hint: object) -> str:
    """An annotation as it is written."""
    if isinstance(hint, str):
        return hint
    if typing.get_args(hint):
        origin = typing.get_origin(hint)
        inner = ", ".join(shown_hint(arg) for arg in typing.get_args(hint))
        return f"{getattr(origin, '__name__', origin)}[{inner}]"
    return getattr(hint, "__name__", None) or str(hint)
