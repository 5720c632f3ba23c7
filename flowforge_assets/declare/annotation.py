"""Annotations as objects: what is written as text is read where it was written."""

from __future__ import annotations

import builtins
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, ForwardRef, cast

from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.declaration import UnresolvedNameError

UNIONS: Final = frozenset({typing.Union, types.UnionType})
_IMPORT_IT: Final = "import it, outside `if TYPE_CHECKING:`, or define it above"


def evaluated(text: str, names: dict[str, Any], scope: Mapping[str, object] | None) -> object:
    """What the annotation `text` means in a module with `names`, inside a function with `scope`.

    Raises:
        UnresolvedNameError: it names something that is not there (FF-103).
    """
    try:
        found = _looked_up(text, names, scope)
        return found if found is not None else eval(_compiled(text), names, dict(scope or {}))  # noqa: S307 - an annotation of the project's own code
    except NameError as error:
        message = f"`{error.name}` in the annotation `{text}` is not known"
        known = [*(scope or ()), *names, *vars(builtins)]
        hint = did_you_mean(error.name or "", known) or _IMPORT_IT
        raise UnresolvedNameError(message, hint=hint) from error
    except AttributeError as error:
        message = f"the annotation `{text}` cannot be read: {error}"
        hint = did_you_mean(error.name or "", dir(error.obj)) or "mend its spelling"
        raise UnresolvedNameError(message, hint=hint) from error
    except Exception as error:
        message = f"the annotation `{text}` cannot be read: {error}"
        hint = "write a type, such as `Frame[Orders]` or `Col[int]`"
        raise UnresolvedNameError(message, hint=hint) from error


def _looked_up(
    text: str, names: Mapping[str, object], scope: Mapping[str, object] | None
) -> object:
    """What `Frame[Orders]` or `date` is, without the compiler; None for anything else."""
    outer, bracket, inner = text.partition("[")
    form = _known(outer, names, scope)
    if not bracket or form is None:
        return form
    argument = _known(inner[:-1], names, scope) if inner[-1:] == "]" else None
    # what is no class may take its brackets in another way
    return None if argument is None or type(form) is not type else cast("Any", form)[argument]


def _known(name: str, names: Mapping[str, object], scope: Mapping[str, object] | None) -> object:
    return scope[name] if scope is not None and name in scope else names.get(name)


def concrete(hint: object, evaluate: Callable[[str], object]) -> Any:  # noqa: ANN401 - an annotation
    """`hint` with what is written as text inside it, such as `list["Line"]`, read."""
    if isinstance(hint, str):
        return concrete(evaluate(hint), evaluate)
    if isinstance(hint, ForwardRef):
        return concrete(evaluate(hint.__forward_arg__), evaluate)
    arguments = typing.get_args(hint)
    if not arguments:
        return hint
    origin = typing.get_origin(hint)
    if origin is Annotated:
        base, *marks = arguments
        return Annotated[(concrete(base, evaluate), *marks)]
    if origin in UNIONS:
        members = tuple(concrete(each, evaluate) for each in arguments)
        return hint if members == arguments else typing.Union[members]  # noqa: UP007 - of as many as there are
    if origin is list:
        return list[concrete(arguments[0], evaluate)]  # type: ignore[misc]  # known at run time
    return hint


@functools.cache
def _compiled(text: str) -> types.CodeType:
    return compile(text, "<annotation>", "eval")
