"""Reads a declared function's signature: what it makes, and what it guards."""

from __future__ import annotations

import typing
from collections import Counter
from inspect import cleandoc
from typing import Any, Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import Partitioning
from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.asset import AssetOptions, CheckOptions, Declared
from flowforge_assets.declare.dataset import Shape
from flowforge_assets.declare.definition import AssetDefinition, CheckDefinition, Input, Output
from flowforge_assets.declare.form import MADE_FORMS, read_forms
from flowforge_assets.declare.frame import BadRows
from flowforge_assets.declare.function import written_function
from flowforge_assets.declare.mapping import Same
from flowforge_assets.declare.parameters import UNREADABLE, Parameters, remedy, shown_hint
from flowforge_assets.declare.partitioning import step_partitioning
from flowforge_assets.errors.declaration import (
    AssetOptionError,
    CheckFormError,
    FormMismatchError,
    MissingAnnotationError,
    ParameterFormError,
    ReturnFormError,
)

_RETURN_HINT: Final = "annotate it with `-> Frame[D]` (or `Table`, `Rows`, `Arrow`) of a dataset"

_NO_ROWS: Final = frozenset({"file", "ref", "before", "changes"})


def read_asset(declared: Declared, classes: dict[DatasetKey, type]) -> AssetDefinition:
    """The asset that the function declares; adds the dataset classes that it names to `classes`.

    Raises:
        Problems: all that is wrong with its signature (FF-103, FF-107 to FF-109).
    """
    options = declared.options
    assert isinstance(options, AssetOptions)  # noqa: S101 - the caller sorts them
    reader = Parameters(declared, classes)
    makes = _outputs(reader, options)
    reader.read_all(options.reads or {})
    _refuse_mixed_up(reader, makes, options)
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
        latest=options.latest,
        deletes=options.deletes,
        retries=options.retries,
        timeout=options.timeout,
        bad_rows=options.bad_rows,
        max_bad=options.max_bad,
        code_version=options.code_version,
        lazy=options.lazy,
        per=_steps(reader, options),
        is_routed=reader.is_routed,
        out=reader.out,
        outs=reader.outs,
        in_place=options.in_place,
        schedule=options.schedule,
        version=options.version,
        isolated=options.isolated,
        batch=options.batch,
        tags=options.tags,
        description=_description(declared),
    )


def read_checks(declared: Declared, classes: dict[DatasetKey, type]) -> tuple[CheckDefinition, ...]:
    """The check that the function declares, once for each dataset that it guards.

    That is the dataset of its first parameter; for a `Shape` all `classes` of that shape. Adds
    the dataset classes that the signature names to `classes`.

    Raises:
        Problems: all that is wrong with its signature (FF-103, FF-107 to FF-109, FF-117).
    """
    options = declared.options
    assert isinstance(options, CheckOptions)  # noqa: S101 - the caller sorts them
    reader = Parameters(declared, classes)
    returned = _bad_rows(reader)
    reader.read_all({})
    _refuse_other_than_frames(reader)
    reader.raise_problems()
    first = next(iter(reader.parameters), "")
    shape = reader.shapes.get(first)
    is_frame = bool(reader.inputs) and reader.inputs[0].form in {"frame", "table"}
    if shape is None and not is_frame:
        message = f"`{declared.name}` guards no dataset"
        hint = "its first parameter is the frame that it guards: `flights: Frame[Flights]`"
        raise CheckFormError(message, place=reader.place(), hint=hint)
    guarded = shape or classes[reader.inputs[0].dataset]
    if returned is not None and not issubclass(guarded, returned):
        shown = guarded.__name__ if shape is not None else reader.inputs[0].dataset
        message = f"`{declared.name}` guards `{shown}`, but returns `BadRows[{returned.__name__}]`"
        hint = f"its first parameter says what it guards: return `BadRows[{guarded.__name__}]`"
        raise CheckFormError(message, place=reader.place(), hint=hint)
    if shape is None:
        return (_check(reader, options, tuple(reader.inputs)),)
    keys = sorted(key for key, cls in classes.items() if issubclass(cls, shape))
    form = reader.shape_forms[first]
    return tuple(
        _check(reader, options, (Input(first, key, form, Same()), *reader.inputs)) for key in keys
    )


def _description(declared: Declared) -> str:
    return cleandoc(written_function(declared.function).__doc__ or "")


def _outputs(reader: Parameters, options: AssetOptions) -> tuple[Output, ...]:
    """What the asset makes, from `makes=` or the return annotation."""
    if options.makes is not None:
        return tuple(
            Output(reader.key(cls), "file" if issubclass(cls, Artifact) else "frame")
            for cls in options.makes
        )
    if "return" not in reader.hints:
        message = f"`{reader.declared.name}` does not say what it returns"
        reader.problems.append(MissingAnnotationError(message, hint=_RETURN_HINT))
        return ()
    before = len(reader.problems)
    hint = reader.resolved(reader.hints["return"])
    forms = reader.attempt(lambda: read_forms(hint, reader.resolved)) or []
    unmade = [
        form for form in forms
        if form.form not in MADE_FORMS or form.optional or reader.is_shape(form)
    ]  # fmt: skip
    if forms and not unmade:
        reader.is_routed = len(forms[0].datasets) > 1
        if reader.is_routed and len(forms) > 1:
            message = f"`{reader.declared.name}` returns rows of several datasets in a tuple"
            hint = "return `Rows[A | B]` alone, or a tuple with one dataset a form"
            reader.problems.append(ReturnFormError(message, hint=hint))
        return tuple(
            Output(reader.key(cls), MADE_FORMS[form.form])
            for form in forms
            for cls in form.datasets
        )
    if hint is not UNREADABLE and len(reader.problems) == before:
        message = f"`{reader.declared.name}` returns `{shown_hint(hint)}`, which is no dataset"
        reader.problems.append(ReturnFormError(message, hint=remedy(hint, _RETURN_HINT)))
    return ()


def _refuse_mixed_up(reader: Parameters, makes: tuple[Output, ...], options: AssetOptions) -> None:
    """Refuses outputs that are there twice, and places for jobs that do not fit them."""
    name = reader.declared.name
    if len(makes) > 1:
        for dataset, times in Counter(output.dataset for output in makes).items():
            if times > 1:
                message = f"`{name}` makes `{dataset}` twice"
                hint = "name each dataset once: what belongs together is one frame"
                reader.problems.append(ReturnFormError(message, hint=hint))
    written = {output.dataset for output in makes if output.form == "written"}
    for parameter, dataset in reader.outs.items():
        if dataset not in written:
            message = f"`{parameter}` of `{name}` is where `{dataset}` is written"
            hint = "return `Written[D]` of the same dataset"
            reader.problems.append(FormMismatchError(message, hint=hint))
    for dataset in sorted(written - set(reader.outs.values())):
        message = f"`{name}` returns `{dataset}` as written, but has no place to write it"
        hint = "take it as a parameter: `out: Out[D]`"
        reader.problems.append(FormMismatchError(message, hint=hint))
    _refuse_odd_places(reader, makes, options)


def _refuse_odd_places(
    reader: Parameters, makes: tuple[Output, ...], options: AssetOptions
) -> None:
    """Refuses a folder without files, `in_place` without a job, and what was before of others."""
    name = reader.declared.name
    is_file = any(output.form == "file" for output in makes)
    if reader.out is not None and not is_file:
        message = f"`{reader.out}: Path` of `{name}` is a folder for files, and it makes none"
        hint = "return `File[D]` of an `Artifact`, or leave the parameter out"
        reader.problems.append(ParameterFormError(message, hint=hint))
    if is_file and options.write != "overwrite":
        message = f"`{name}` makes a file, and files are only overwritten"
        hint = f"leave out `write={options.write!r}`: the versions of a file are kept"
        reader.problems.append(AssetOptionError(message, hint=hint))
    if options.in_place and all(output.form != "written" for output in makes):
        message = f"`in_place` of `{name}` is for jobs elsewhere"
        hint = "return `Written[D]`, or leave it out"
        reader.problems.append(AssetOptionError(message, hint=hint))
    if options.isolated and (reader.outs or options.write == "view"):
        what = "a job elsewhere" if reader.outs else "a view, which its readers call"
        message = f"`isolated` of `{name}` is for what a step calls, and it is {what}"
        reader.problems.append(AssetOptionError(message, hint="leave `isolated=True` out"))
    for read in reader.inputs:
        if read.form == "before" and all(o.dataset != read.dataset for o in makes):
            message = f"`{read.parameter}` of `{name}` is `Before` of what it does not make"
            hint = "`Before[D]` is what the step will replace: read others as `Frame[D]`"
            reader.problems.append(FormMismatchError(message, hint=hint))


def _steps(reader: Parameters, options: AssetOptions) -> Partitioning | None:
    """How `per=` cuts the steps; None where it is not given."""
    per = options.per
    if per is None:
        return None
    return reader.attempt(lambda: step_partitioning(per, reader.place()))


def _bad_rows(reader: Parameters) -> type | None:
    """The dataset, or `Shape`, whose bad rows a check says that it returns."""
    if "return" not in reader.hints:
        message = f"the check `{reader.declared.name}` does not say what it returns"
        wanted = "annotate it with `-> BadRows[D]`"
        reader.problems.append(MissingAnnotationError(message, hint=wanted))
        return None
    hint: Any = reader.resolved(reader.hints["return"])  # Any: an annotation
    if typing.get_origin(hint) is BadRows:
        guarded: object = reader.resolved(typing.get_args(hint)[0])
        if isinstance(guarded, type) and issubclass(guarded, Shape):
            return guarded
        hint = UNREADABLE if guarded is UNREADABLE else hint
    if hint is not UNREADABLE:
        message = f"the check `{reader.declared.name}` returns `{shown_hint(hint)}`, not bad rows"
        reader.problems.append(ReturnFormError(message, hint="annotate it with `-> BadRows[D]`"))
    return None


def _refuse_other_than_frames(reader: Parameters) -> None:
    """A check takes data only: it is the same whoever runs it."""
    others = [key.parameter for key in reader.keys] + list(reader.resources)
    others += [reader.context] if reader.context is not None else []
    others += [read.parameter for read in reader.inputs if read.form in _NO_ROWS]
    others += [*reader.outs, *([reader.out] if reader.out is not None else [])]
    for name in others:
        message = f"the check `{reader.declared.name}` cannot be given `{name}`"
        hint = "a check takes frames of datasets; their partition is a column"
        reader.problems.append(ParameterFormError(message, hint=hint))


def _check(reader: Parameters, options: CheckOptions, inputs: tuple[Input, ...]) -> CheckDefinition:
    """The check of the dataset that `inputs[0]` reads."""
    return CheckDefinition(
        name=reader.declared.name,
        guards=inputs[0].dataset,
        inputs=inputs,
        function=reader.declared.function,
        place=reader.place(),
        blocking=options.blocking,
        description=_description(reader.declared),
    )
