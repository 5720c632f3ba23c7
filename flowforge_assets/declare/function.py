"""A declared function as it was written: under any `functools.partial` and any wrapper."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.declaration import NotAFunctionError

_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def written_function(function: Callable[..., Any], place: Place | None = None) -> FunctionType:
    """The `def` under partials, and under decorators that use `functools.wraps`.

    Raises:
        NotAFunctionError: there is none, or it is `async` (FF-115).
    """
    found: Any = function  # Any: looked at below
    while isinstance(found, functools.partial):
        found = found.func
    if hasattr(found, "__wrapped__"):
        found = inspect.unwrap(found)
    if not isinstance(found, FunctionType):
        shown = getattr(function, "__name__", None) or type(function).__name__
        message = f"`{shown}` is no plain function"
        hint = "put `@asset` or `@check` on a `def`, or on a `functools.partial` of one"
        raise NotAFunctionError(message, place=place, hint=hint)
    if found.__code__.co_flags & _ASYNC:
        message = f"`{found.__name__}` is `async`"
        hint = "write a plain `def`, with `asyncio.run(...)` inside"
        raise NotAFunctionError(message, place=place, hint=hint)
    return found


def free_parameters(function: Callable[..., Any], written: FunctionType) -> list[str]:
    """The parameters that a call may give: those that no `partial` has bound, in order."""
    code = written.__code__
    names = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    while isinstance(function, functools.partial):
        names = [name for name in names[len(function.args) :] if name not in function.keywords]
        function = function.func
    return names


def rest_parameters(written: FunctionType) -> list[str]:
    """The names of `*args` and `**kwargs`, where the function has them."""
    code = written.__code__
    count = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    first = code.co_argcount + code.co_kwonlyargcount
    return list(code.co_varnames[first : first + count])


def parameters_with_default(written: FunctionType) -> set[str]:
    """The parameters that the function itself gives a value."""
    code = written.__code__
    positional = code.co_varnames[: code.co_argcount]
    first = len(positional) - len(written.__defaults__ or ())
    return {*positional[first:], *(written.__kwdefaults__ or ())}
