"""`@asset` and `@check`: plain functions whose signatures are the wiring.

The decorators give the function back unchanged and only remember it; what a signature means is
read when a project is collected.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Any, Final, Literal, TypeAlias, TypeVar, overload

from flowforge_assets.declare.dataset import Dataset
from flowforge_assets.declare.policy import Retries
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.declaration import AssetOptionError

F = TypeVar("F", bound=Callable[..., Any])

Write: TypeAlias = Literal["overwrite"]
BadRowsPolicy: TypeAlias = Literal["stop", "quarantine"]


@dataclass(frozen=True, slots=True)
class AssetOptions:
    """What `@asset(...)` was told."""

    name: str | None = None
    makes: tuple[type[Dataset], ...] | None = None
    reads: Mapping[str, type[Dataset]] | None = None
    write: Write = "overwrite"
    retries: Retries = Retries()
    timeout: timedelta | None = None
    bad_rows: BadRowsPolicy = "stop"
    max_bad: float = 1.0
    code_version: str | None = None
    lazy: bool = True
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What `@check(...)` was told."""

    name: str | None = None
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Declared:
    """A function as declared; `scope` holds a factory function's local names, else None."""

    function: Callable[..., Any]
    options: AssetOptions | CheckOptions
    module: str
    name: str
    place: Place
    scope: Mapping[str, object] | None


DECLARED: Final[dict[tuple[str, str], Declared]] = {}
"""Every declared function by (module, qualified name): the last declaration wins, so that a
notebook cell can be run again."""


def unwrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The plain function under any `functools.partial`."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _declare(
    function: Callable[..., Any], options: AssetOptions | CheckOptions, frame: FrameType
) -> None:
    plain = unwrapped(function)
    code = getattr(plain, "__code__", None)
    is_local = frame.f_locals is not frame.f_globals
    module = str(frame.f_globals.get("__name__", plain.__module__))
    name = options.name or plain.__name__
    qualified = options.name or plain.__qualname__
    DECLARED[module, qualified] = Declared(
        function=function,
        options=options,
        module=module,
        name=name,
        place=Place(code.co_filename, code.co_firstlineno) if code else Place(module),
        scope=dict(frame.f_locals) if is_local else None,
    )


@overload
def asset(function: F, /) -> F: ...
@overload
def asset(  # noqa: PLR0913 - the whole vocabulary of assets, keyword-only
    *,
    name: str | None = None,
    makes: type[Dataset] | Sequence[type[Dataset]] | None = None,
    reads: Mapping[str, type[Dataset]] | None = None,
    write: Write = "overwrite",
    retries: int | Retries = 0,
    timeout: timedelta | float | None = None,
    bad_rows: BadRowsPolicy = "stop",
    max_bad: float = 1.0,
    code_version: str | None = None,
    lazy: bool = True,
    tags: Sequence[str] = (),
) -> Callable[[F], F]: ...
def asset(  # noqa: PLR0913
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    makes: type[Dataset] | Sequence[type[Dataset]] | None = None,
    reads: Mapping[str, type[Dataset]] | None = None,
    write: Write = "overwrite",
    retries: int | Retries = 0,
    timeout: timedelta | float | None = None,
    bad_rows: BadRowsPolicy = "stop",
    max_bad: float = 1.0,
    code_version: str | None = None,
    lazy: bool = True,
    tags: Sequence[str] = (),
) -> F | Callable[[F], F]:
    """Declares the function as the maker of the dataset that its return annotation names.

    Each parameter is a form of a dataset (`raw: Frame[RawOrders]`), a partition key named like
    its column (`day: date`), `Partitions[date]`, a `Resource` or `Context`. The function is
    given back unchanged: a test calls it with plain frames.

    `name` is the asset's name where the function's will not do. `makes` and `reads` take dataset
    classes for what no annotation can say (generated datasets). `write="overwrite"` replaces the
    step's partitions. `retries` and `timeout` (seconds or a timedelta) hold for one step.
    `bad_rows="quarantine"` sets rows that break a rule aside, at most the share `max_bad` of
    them, instead of stopping. `code_version` stands for the code where it cannot be hashed.
    `lazy=False` says that the body collects its frames, so that it is checked at its edges only.

    Raises:
        AssetOptionError: an option has a value out of range (FF-111).
    """
    frame = sys._getframe(1)  # noqa: SLF001 - the caller's names resolve its annotations
    options = AssetOptions(
        name=name,
        makes=(makes,) if isinstance(makes, type) else None if makes is None else tuple(makes),
        reads=reads,
        write=write,
        retries=Retries(retries) if isinstance(retries, int) else retries,
        timeout=timedelta(seconds=timeout) if isinstance(timeout, (int, float)) else timeout,
        bad_rows=bad_rows,
        max_bad=max_bad,
        code_version=code_version,
        lazy=lazy,
        tags=tuple(tags),
    )
    _refuse_bad_options(options, Place(frame.f_code.co_filename, frame.f_lineno))

    def declare(function: F) -> F:
        _declare(function, options, frame)
        return function

    return declare if function is None else declare(function)


def _refuse_bad_options(options: AssetOptions, place: Place) -> None:
    if options.write != "overwrite":
        message = f"`write={options.write!r}` is no way of writing"
        raise AssetOptionError(message, place=place, hint='the one way here is `write="overwrite"`')
    if options.bad_rows not in {"stop", "quarantine"}:
        message = f"`bad_rows={options.bad_rows!r}` is neither `stop` nor `quarantine`"
        raise AssetOptionError(message, place=place)
    if not 0 <= options.max_bad <= 1:
        message = f"`max_bad={options.max_bad}` is no share between 0 and 1"
        raise AssetOptionError(message, place=place, hint="`max_bad=0.01` allows one row in 100")
    if options.retries.times < 0:
        raise AssetOptionError(f"`retries={options.retries.times}` is negative", place=place)
    if options.timeout is not None and options.timeout <= timedelta(0):
        raise AssetOptionError("`timeout` is not above zero", place=place)


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
    frame = sys._getframe(1)  # noqa: SLF001 - as in `asset`
    options = CheckOptions(name=name, blocking=blocking)

    def declare(function: F) -> F:
        _declare(function, options, frame)
        return function

    return declare if function is None else declare(function)
