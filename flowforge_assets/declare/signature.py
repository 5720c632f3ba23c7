"""Reads a declared function's signature: what it reads, makes and asks for."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Final, NamedTuple

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import AssetOptions, CheckOptions, Declared, unwrapped
from flowforge_assets.declare.dataset import ROOTS, Dataset
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
from flowforge_assets.declare.mapping import Mapping as PartitionMapping
from flowforge_assets.declare.mapping import Same
from flowforge_assets.declare.partitions import Partitions
from flowforge_assets.declare.resource import Context, Resource
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.declaration import (
    CheckFormError,
    MissingAnnotationError,
    ParameterFormError,
    ReturnFormError,
    UnresolvedNameError,
)

_FORM_NAMES: Final[Mapping[object, FormName]] = {
    Frame: "frame",
    Table: "table",
    Rows: "rows",
    Arrow: "arrow",
}
_KEY_TYPES: Final = (date, datetime, str)
_FORMS_HINT: Final = (
    "a parameter is `Frame[D]` (or `Table`, `Rows`, `Arrow`), a partition key, `Partitions[date]`, "
    "a `Resource` or `Context`"
)


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
    for name in reader.parameters:
        reader.read(name, options.reads or {})
    reader.raise_problems()
    return AssetDefinition(
        name=declared.name,
        makes=makes,
        place=declared.place,
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
    reader.expect_bad_rows()
    for name in reader.parameters:
        reader.read(name, {})
    reader.raise_problems()
    if not reader.inputs or reader.inputs[0].form not in {"frame", "table"}:
        message = f"`{declared.name}` guards no dataset"
        hint = "its first parameter is the frame that it guards: `flights: Frame[Flights]`"
        raise CheckFormError(message, place=declared.place, hint=hint)
    return CheckDefinition(
        name=declared.name,
        guards=reader.inputs[0].dataset,
        inputs=tuple(reader.inputs),
        function=declared.function,
        place=declared.place,
        blocking=options.blocking,
        description=_description(declared),
    )


def _description(declared: Declared) -> str:
    return (unwrapped(declared.function).__doc__ or "").strip()


class _Reader:
    """Reads one signature, collecting what is wrong with it."""

    def __init__(self, declared: Declared, classes: dict[DatasetKey, type]) -> None:
        self.declared = declared
        self.classes = classes
        self.plain = unwrapped(declared.function)
        self.globals: dict[str, Any] = getattr(self.plain, "__globals__", {})
        self.hints: dict[str, Any] = dict(self.plain.__annotations__)
        self.parameters = _free_parameters(declared.function, self.plain)
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
            if problem.place is None:
                problem.place = self.place()
        raise_all(self.problems)

    def outputs(self, options: AssetOptions) -> tuple[Output, ...]:
        """What the asset makes, from `makes=` or the return annotation."""
        if options.makes is not None:
            return tuple(Output(self.key(dataset), "frame") for dataset in options.makes)
        if "return" not in self.hints:
            message = f"`{self.declared.name}` does not say what it returns"
            hint = "annotate it: `-> Frame[Orders]`"
            self.problems.append(MissingAnnotationError(message, hint=hint))
            return ()
        hint = self.resolved("return")
        form = self.form(hint)
        if form is not None and form.form in _FORM_NAMES:
            return (Output(self.key(form.dataset), _FORM_NAMES[form.form]),)
        if hint is not None:
            message = f"`{self.declared.name}` returns `{_shown(hint)}`, which is no dataset"
            self.problems.append(ReturnFormError(message, hint="return `Frame[D]` of a dataset"))
        return ()

    def expect_bad_rows(self) -> None:
        """A check returns `BadRows[D]`."""
        hint = self.resolved("return") if "return" in self.hints else None
        if typing.get_origin(hint) is not BadRows:
            message = f"the check `{self.declared.name}` does not return bad rows"
            self.problems.append(ReturnFormError(message, hint="annotate it with `-> BadRows[D]`"))

    def read(self, name: str, reads: Mapping[str, type[Dataset]]) -> None:
        """One parameter."""
        if name in reads:
            self.inputs.append(Input(name, self.key(reads[name]), "frame", Same()))
            return
        if name not in self.hints:
            message = f"parameter `{name}` of `{self.declared.name}` has no annotation"
            self.problems.append(MissingAnnotationError(message, hint=_FORMS_HINT))
            return
        hint = self.resolved(name)
        form = self.form(hint)
        if hint is None:
            return
        if form is not None and form.form in _FORM_NAMES:
            dataset = self.key(form.dataset)
            kind = _FORM_NAMES[form.form]
            self.inputs.append(Input(name, dataset, kind, form.mapping, form.optional))
        elif hint in _KEY_TYPES and not self.has_default(name):
            self.keys.append(KeyParameter(name, hint))
        elif typing.get_origin(hint) is Partitions:
            self.keys.append(KeyParameter(name, typing.get_args(hint)[0], is_set=True))
        elif hint is Context:
            self.context = name
        elif isinstance(hint, type) and issubclass(hint, Resource):
            self.resources[name] = hint
        elif not self.has_default(name):
            message = f"parameter `{name}: {_shown(hint)}` cannot be given a value"
            self.problems.append(ParameterFormError(message, hint=_FORMS_HINT))

    def key(self, cls: type) -> DatasetKey:
        """The key of a dataset class, which is remembered."""
        key = key_of(cls)
        self.classes.setdefault(key, cls)
        return key

    def has_default(self, name: str) -> bool:
        """Whether the function itself gives the parameter a value."""
        code = self.plain.__code__
        positional = code.co_varnames[: code.co_argcount]
        with_default = positional[len(positional) - len(self.plain.__defaults__ or ()) :]
        return name in with_default or name in (self.plain.__kwdefaults__ or {})

    def resolved(self, name: str) -> Any:  # Any: an annotation
        """The annotation as an object, or None when it cannot be read (which is noted)."""
        return self.evaluated(self.hints[name])

    def evaluated(self, hint: Any) -> Any:  # Any: an annotation
        """`hint` itself, or what its text means where the function was written."""
        if not isinstance(hint, str):
            return hint
        try:
            return eval(_compiled(hint), self.globals, dict(self.declared.scope or {}))  # noqa: S307 - an annotation of the project's own code
        except NameError as error:
            message = f"`{error.name}` in the annotation `{hint}` is not known"
            known = [*self.globals, *(self.declared.scope or {})]
            near = did_you_mean(error.name or "", known) or "import it at run time"
            self.problems.append(UnresolvedNameError(message, hint=near))
        except (SyntaxError, TypeError, AttributeError) as error:
            message = f"the annotation `{hint}` cannot be read: {error}"
            self.problems.append(UnresolvedNameError(message))
        return None

    def form(self, hint: Any) -> _Form | None:  # Any: an annotation
        """The form of a dataset that `hint` is, with its mapping; None for anything else."""
        mapping: PartitionMapping = Same()
        optional = False
        while True:
            origin = typing.get_origin(hint)
            if origin is Annotated:
                hint, *marks = typing.get_args(hint)
                mapping = next((m for m in marks if isinstance(m, PartitionMapping)), mapping)
            elif origin in {typing.Union, types.UnionType}:
                rest = [arg for arg in typing.get_args(hint) if arg is not types.NoneType]
                if len(rest) != 1:
                    return None
                hint, optional = rest[0], True
            else:
                break
        if origin not in {*_FORM_NAMES, BadRows}:
            return None
        dataset = self.evaluated(typing.get_args(hint)[0])
        is_class = isinstance(dataset, type) and issubclass(dataset, Dataset)
        if not is_class or dataset in ROOTS:
            return None
        return _Form(origin, dataset, mapping, optional)


@functools.cache
def _compiled(annotation: str) -> types.CodeType:
    return compile(annotation, "<annotation>", "eval")


def _free_parameters(function: Callable[..., Any], plain: Callable[..., Any]) -> list[str]:
    """The parameters that a call must give: those that no `partial` has bound, in order."""
    code = plain.__code__
    names = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    while isinstance(function, functools.partial):
        names = [name for name in names[len(function.args) :] if name not in function.keywords]
        function = function.func
    return names


def _shown(hint: object) -> str:
    if isinstance(hint, str):
        return hint
    if typing.get_args(hint):
        origin = typing.get_origin(hint)
        inner = ", ".join(_shown(arg) for arg in typing.get_args(hint))
        return f"{getattr(origin, '__name__', origin)}[{inner}]"
    return getattr(hint, "__name__", None) or str(hint)
