"""`@asset` and `@check`: plain functions whose signatures are the wiring.

The decorators give the function back unchanged and only remember it; what a signature means is
read when a project is collected.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from types import FrameType
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast, get_args, overload

from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.caller import calling_frame, local_names
from flowforge_assets.declare.dataset import PLAIN, ROOTS, Dataset
from flowforge_assets.declare.function import written_function
from flowforge_assets.declare.layout import NOT_SAID, TableLayout
from flowforge_assets.declare.partitions import Part, Partition, Product
from flowforge_assets.declare.policy import Retries, is_duration
from flowforge_assets.declare.texts import texts
from flowforge_assets.errors.base import Place, did_you_mean
from flowforge_assets.errors.declaration import AssetOptionError

F = TypeVar("F", bound=Callable[..., Any])

Write: TypeAlias = Literal["overwrite", "append", "merge", "insert", "scd2", "snapshot", "view"]
Schedule: TypeAlias = str | timedelta
_CALLED_ELSEWHERE: Final[Mapping[str, Write]] = {
    "upsert": "merge", "replace": "overwrite", "incremental": "append", "table": "overwrite",
}  # fmt: skip
AnyDataset: TypeAlias = type[Dataset] | type[Artifact]
BadRowsPolicy: TypeAlias = Literal["stop", "quarantine"]
Dialect: TypeAlias = Literal["duckdb", "snowflake", "bigquery", "databricks"]
"""What a query may be written in."""


@dataclass(frozen=True, slots=True)
class AssetOptions:
    """What `@asset(...)` was told."""

    name: str | None = None
    makes: tuple[AnyDataset, ...] | None = None
    reads: Mapping[str, AnyDataset] | None = None
    write: Write = "overwrite"
    latest: str | None = None
    deletes: str | None = None
    per: Partition | None = None
    retries: Retries = Retries()
    timeout: timedelta | None = None
    bad_rows: BadRowsPolicy = "stop"
    max_bad: float = 1.0
    code_version: str | None = None
    lazy: bool = True
    in_place: bool = False
    schedule: Schedule | None = None
    version: Callable[..., object] | None = None
    isolated: bool = False
    batch: int | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What `@check(...)` was told."""

    name: str | None = None
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class SqlOptions:
    """What `@sql_asset(...)` was told: what `@asset` may be told, and of the text itself."""

    asset: AssetOptions = AssetOptions()
    dialect: Dialect | None = None
    warehouse: bool = False
    layout: TableLayout = NOT_SAID


@dataclass(frozen=True, slots=True)
class Declared:
    """A function as declared; `scope` holds a factory function's local names, else None."""

    function: Callable[..., Any]
    options: AssetOptions | CheckOptions | SqlOptions
    module: str
    name: str
    place: Place
    scope: Mapping[str, object] | None


DECLARED: Final[dict[tuple[str, str], Declared]] = {}
"""Every declared function by module and identity: the last declaration wins, so that a notebook
cell can be run again."""


def forget(modules: Collection[str]) -> None:
    """Forgets what the modules declared: they are about to be imported anew."""
    for key in [key for key in DECLARED if key[0] in modules]:
        del DECLARED[key]


def declare(
    function: Callable[..., Any],
    options: AssetOptions | CheckOptions | SqlOptions,
    frame: FrameType,
    *,
    name: str | None = None,
) -> None:
    """Remembers the function as declared in `frame`, as `name` where its own will not do."""
    scope = local_names(frame)
    written = written_function(function, Place(frame.f_code.co_filename, frame.f_lineno))
    module = str(frame.f_globals.get("__name__", written.__module__))
    called = f" as {name}" if name else ""
    identity = _identity(written.__qualname__ + called, function, scope)
    while module != "__main__" and (known := DECLARED.get((module, identity))) is not None:
        if written_function(known.function).__code__ is not written.__code__:
            break  # the module, or the cell of a notebook, was run again
        identity += " again"  # by a loop or a factory: who collects it says what is there twice
    DECLARED.pop((module, identity), None)  # the last one comes last
    DECLARED[module, identity] = Declared(
        function=function,
        options=options,
        module=module,
        name=name or written.__name__,
        place=Place(written.__code__.co_filename, written.__code__.co_firstlineno),
        scope=scope,
    )


def _identity(name: str, function: Callable[..., Any], scope: Mapping[str, object] | None) -> str:
    """Tells apart what is declared in a loop or by several calls of a factory function."""
    values = dict(scope or {})
    while isinstance(function, functools.partial):
        values |= {str(number): value for number, value in enumerate(function.args)}
        values |= function.keywords
        function = function.func
    shown = [f"{key}={value!r}" for key, value in values.items() if type(value) in PLAIN]
    return f"{name}({', '.join(shown)})"


@overload
def asset(function: F, /) -> F: ...
@overload
def asset(
    *,
    name: str | None = None,
    makes: AnyDataset | Sequence[AnyDataset] | None = None,
    reads: Mapping[str, AnyDataset] | None = None,
    write: Write = "overwrite",
    latest: str | None = None,
    deletes: str | None = None,
    per: Partition | None = None,
    retries: int | Retries = 0,
    timeout: timedelta | float | None = None,
    bad_rows: BadRowsPolicy = "stop",
    max_bad: float = 1.0,
    code_version: str | None = None,
    lazy: bool = True,
    in_place: bool = False,
    schedule: Schedule | None = None,
    version: Callable[..., object] | None = None,
    isolated: bool = False,
    batch: int | None = None,
    tags: Sequence[str] = (),
) -> Callable[[F], F]: ...
def asset(function: F | None = None, /, **options: Any) -> F | Callable[[F], F]:  # Any: see above
    """Declares the function as the maker of the dataset that its return annotation names.

    Each parameter is a form of a dataset (`raw: Frame[RawOrders]`), a partition key named like
    its column (`day: date`), `Partitions[date]`, a `Resource` or `Context`. The function is
    given back unchanged: a test calls it with plain frames.

    `name` is the asset's name where the function's will not do. `makes` and `reads` take dataset
    classes for what no annotation can say (generated datasets). `write` is how rows come into the
    table: `"overwrite"` replaces the step's partitions, `"append"` adds, `"merge"` replaces by
    key, `"insert"` adds keys that are new, `"scd2"` keeps each state of a row, `"snapshot"` each
    state of the whole, and `"view"` stores nothing. Of a merge `latest` names the column by which
    an older row does not take the place of a newer one, and `deletes` one that is returned and
    not stored: where it is true, the row of that key is removed. `per` cuts the steps where the
    dataset's own partitions will not do. `retries` and `timeout` (seconds or a timedelta) hold
    for one step.
    `bad_rows="quarantine"` sets rows that break a rule aside, at most the share `max_bad` of
    them, instead of stopping. `code_version` stands for the code where it cannot be hashed.
    `lazy=False` says that the body collects its frames, so that it is checked at its edges only.
    `in_place=True` lets a job elsewhere write the table itself: it is checked afterwards.
    `isolated=True` calls it in a process of its own, so that a crash fails that step alone.
    `batch` is how many partitions a run of a backfill makes at most, and a call where the function
    takes a set of them (`days: Partitions[date]`).

    An asset without inputs is due again by its `schedule` (a cron text in UTC, or a timedelta),
    or when `version`, a function of its resources, gives another value than when it was made.

    Raises:
        AssetOptionError: an option has a value out of range (FF-111).
    """
    frame = calling_frame()
    place = Place(frame.f_code.co_filename, frame.f_lineno)
    told = asset_options(options, place)

    def remember(function: F) -> F:
        declare(function, told, frame, name=told.name)
        return function

    return remember if function is None else remember(function)


def asset_options(
    given: Mapping[str, Any],  # Any: looked at here
    place: Place,
    known: Collection[str] = (),
) -> AssetOptions:
    """The options of a decorator that takes those that are `known`; all of them by default.

    Raises:
        AssetOptionError: one is not known, or has a value out of range (FF-111).
    """
    known = known or _OPTIONS
    for option in given:
        if option not in known:
            message = f"`{option}=` is no option of an asset"
            hint = did_you_mean(option, known) or f"known are {', '.join(known)}"
            raise AssetOptionError(message, place=place, hint=hint)
    kept: dict[str, Any] = {n: _AS_KEPT.get(n, _as_is)(v) for n, v in given.items()}
    told = AssetOptions(**kept)
    _refuse_bad_options(told, place)
    return told


def _listed(makes: object) -> tuple[object, ...] | None:
    if makes is None:
        return None
    return tuple(cast("Sequence[object]", makes)) if isinstance(makes, (list, tuple)) else (makes,)


def _as_is(value: object) -> object:
    return value


# How the options are kept that may be given in several ways.
_AS_KEPT: Final[Mapping[str, Callable[[Any], object]]] = {  # Any: looked at below
    "makes": _listed,
    "retries": lambda given: Retries(given) if isinstance(given, int) else given,
    "timeout": lambda given: timedelta(seconds=given) if isinstance(given, (int, float)) else given,
    "tags": texts,
}
_OPTIONS: Final = tuple(field.name for field in fields(AssetOptions))


def _refuse_bad_options(options: AssetOptions, place: Place) -> None:
    for wrong, hint in (*_bad_writes(options), *_bad_times(options), *_bad_datasets(options)):
        raise AssetOptionError(wrong, place=place, hint=hint)


def _bad_writes(options: AssetOptions) -> Iterator[tuple[str, str]]:
    """What is wrong with the ways of writing and of bad rows, and what to do."""
    if options.write not in get_args(Write):
        meant = _CALLED_ELSEWHERE.get(str(options.write))
        hint = f'use `write="{meant}"`' if meant else did_you_mean(options.write, get_args(Write))
        known = ", ".join(get_args(Write))
        yield f"`write={options.write!r}` is no way of writing", hint or f"use one of {known}"
    for option, column in (("latest", options.latest), ("deletes", options.deletes)):
        if column is not None and not (_is_a(column, str) and column):
            yield f"`{option}={column!r}` names no column", f'write its name: `{option}="changed"`'
    per = options.per
    if per is not None and not _is_a(per, Part, Product):
        hint = "give a calendar or values: `per=HOUR`, with `HOUR = Hourly(...)`"
        yield f"`per={per!r}` cuts no steps", hint
    if options.bad_rows not in get_args(BadRowsPolicy):
        yield (
            f"`bad_rows={options.bad_rows!r}` is neither `stop` nor `quarantine`",
            "use one of them",
        )
    if not 0 <= options.max_bad <= 1:
        hint = "`max_bad=0.01` allows one row in 100"
        yield f"`max_bad={options.max_bad}` is no share between 0 and 1", hint
    elif options.max_bad < 1 and options.bad_rows == "stop":
        hint = 'add `bad_rows="quarantine"`, or leave out `max_bad`'
        yield "`max_bad` means nothing where bad rows stop the write", hint


def _bad_times(options: AssetOptions) -> Iterator[tuple[str, str]]:
    """What is wrong with tries, limits and schedules, and what to do."""
    if not _is_retries(options.retries):
        yield f"`retries={options.retries!r}` is no number of tries", "write `retries=2`"
    if options.timeout is not None and not is_duration(options.timeout):
        yield (
            f"`timeout={options.timeout!r}` is no length of time",
            "give seconds, or a `timedelta`",
        )
    batch = options.batch
    if batch is not None and not (_is_a(batch, int) and batch >= 1):
        yield f"`batch={batch!r}` is no number of partitions", "write `batch=100`"
    schedule = options.schedule
    if schedule is not None and not _is_a(schedule, str, timedelta):
        hint = 'write `schedule="0 6 * * *"`, or a `timedelta`'
        yield f"`schedule={schedule!r}` is no schedule", hint
    version: object = options.version
    if version is not None and not callable(version):
        hint = "give a function that tells the source's version"
        yield f"`version={version!r}` cannot be called", hint


def _bad_datasets(options: AssetOptions) -> Iterator[tuple[str, str]]:
    """What is wrong with `makes` and `reads`, and what to do."""
    if options.makes == ():
        yield "`makes=[]` names no dataset", "leave it out, or name what the asset makes"
    named: list[object] = [*(options.makes or ()), *(options.reads or {}).values()]
    for cls in named:
        if not _is_dataset(cls):
            shown = getattr(cls, "__name__", None) or repr(cls)
            hint = "subclass `Bronze`, `Silver` or `Gold`"
            if isinstance(cls, str):
                shown = cls
                hint = f'name it by its class: `dataset("{cls}", Bronze, ...)` gives one'
            yield f"`{shown}` is no dataset class", hint


def _is_a(value: object, *kinds: type) -> bool:
    return isinstance(value, kinds)


def _is_retries(value: object) -> bool:
    return isinstance(value, Retries) and value.times >= 0


def _is_dataset(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, (Dataset, Artifact)) and value not in ROOTS


@overload
def check(function: F, /) -> F: ...
@overload
def check(*, name: str | None = None, blocking: bool = True) -> Callable[[F], F]: ...
def check(
    function: F | None = None, /, *, name: str | None = None, blocking: bool = True
) -> F | Callable[[F], F]:
    """Declares the function as a check of the dataset of its first parameter.

    It sees the staged rows before they are committed and returns the bad ones (`BadRows[D]`).
    Further parameters read other datasets. A check that finds rows stops the write, or with
    `blocking=False` is only reported.
    """
    frame = calling_frame()
    options = CheckOptions(name=name, blocking=blocking)

    def remember(function: F) -> F:
        declare(function, options, frame, name=name)
        return function

    return remember if function is None else remember(function)
