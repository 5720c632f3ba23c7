"""Values that code uses, as text that is equal when they are: constants, tables of functions.

What is itself code of the project is not spelt out but left as a link, which `code_digest`
follows.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import logging
import re
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, TypeAlias, TypeGuard, cast

from flowforge_assets.declare.dataset import ROOTS, Dataset
from flowforge_assets.declare.describe import describe
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.project.own_code import OwnCode
from flowforge_assets.project.unit import short_digest

# By name, so that the less usual ones need not be imported to be known.
_SPELT_BY_REPR: Final = frozenset(
    f"{module}.{name}"
    for module, names in {
        "builtins": (
            *("NoneType", "bool", "bytearray", "bytes", "complex", "ellipsis", "float", "int"),
            *("range", "slice", "str"),
        ),
        "datetime": ("date", "datetime", "time", "timedelta", "timezone"),
        "decimal": ("Decimal",),
        "fractions": ("Fraction",),
        "operator": ("attrgetter", "itemgetter", "methodcaller"),
        "types": ("GenericAlias", "UnionType"),
        "typing": (
            *("NewType", "TypeVar", "Union", "_AnnotatedAlias", "_GenericAlias"),
            *("_LiteralGenericAlias", "_SpecialForm", "_UnionGenericAlias"),
        ),
        "uuid": ("UUID",),
        "zoneinfo": ("ZoneInfo",),
    }.items()
    for name in names
)
# They hold nothing that decides what code makes.
_WITHOUT_CONTENT: Final = frozenset(
    {"_contextvars.ContextVar", "_thread.RLock", "_thread.lock", "builtins.object"}
)


@dataclass(frozen=True, slots=True)
class AssignedName:
    """A name of a module, which stands for the source of what is assigned to it."""

    module: str
    name: str


Link: TypeAlias = types.FunctionType | type | types.ModuleType | AssignedName
Token: TypeAlias = str | Link


class UnhashableValue(Exception):
    """The value called `name`, of type `kind`, has no spelling."""

    def __init__(self, name: str, kind: type) -> None:
        """As described."""
        super().__init__(name)
        self.name = name
        self.kind = kind


class Spelling:
    """Spells values as tokens."""

    def __init__(self, own: OwnCode) -> None:
        """Leaves links to what is code of `own`."""
        self._own = own

    def tokens(self, value: object, name: str) -> Iterator[Token]:
        """The value's text in parts; `name` is what the code calls it.

        Raises:
            UnhashableValue: it, or something inside, has no text that tells it from others.
        """
        try:
            yield from self._spelt(value, name, ())
        except RecursionError as error:
            raise UnhashableValue(name, type(value)) from error

    def _spelt(self, value: object, name: str, outer: tuple[int, ...]) -> Iterator[Token]:
        """`outer` are the ids of the values that `value` lies in."""
        kind = type(value)
        full_name = f"{kind.__module__}.{kind.__qualname__}"
        if full_name in _SPELT_BY_REPR:
            yield f"{kind.__name__} {value!r}"
        elif id(value) in outer:
            yield f"again {len(outer) - outer.index(id(value))}"
        else:
            inside = (*outer, id(value))
            found = self._code(value, name, inside) or self._container(value, name, inside)
            if found is None:
                yield from self._class(kind)
                found = self._content(value, full_name, name, inside)
            yield from found

    def _code(self, value: object, name: str, inside: tuple[int, ...]) -> Iterator[Token] | None:
        """Functions, classes and modules; None for anything else."""
        match value:
            case types.FunctionType():
                return self._function(value, name, inside)
            case type():
                return self._class(value)
            case types.ModuleType():
                return iter(
                    [value if self._own.has(value.__name__) else f"module {value.__name__}"]
                )
            case types.MethodType():
                return self._parts("method", [value.__func__, value.__self__], name, inside)
            case functools.partial():
                made = cast("functools.partial[object]", value)
                parts = [made.func, made.args, made.keywords]
                return self._parts("partial", parts, name, inside)
            case types.BuiltinFunctionType():
                owner = value.__self__
                parts = [] if owner is None or isinstance(owner, types.ModuleType) else [owner]
                text = f"builtin {value.__module__}.{value.__qualname__}"
                return self._parts(text, parts, name, inside)
            case types.MethodDescriptorType() | types.WrapperDescriptorType():
                return iter([f"descriptor {value.__objclass__.__qualname__}.{value.__name__}"])
            case _ if callable(value) and hasattr(value, "__wrapped__"):  # e.g. of functools.cache
                kind = type(value)
                text = f"{kind.__module__}.{kind.__qualname__}"
                wrapped: object = getattr(value, "__wrapped__", None)
                return self._parts(text, [wrapped], name, inside)
            case _:
                return None

    def _function(
        self, function: types.FunctionType, name: str, inside: tuple[int, ...]
    ) -> Iterator[Token]:
        """A link; of other people's functions the name, and what they wrap."""
        home = function.__globals__.get("__name__")  # `functools.wraps` leaves that one alone
        if isinstance(home, str) and self._own.has(home):
            yield function
            return
        yield f"function {home}.{function.__qualname__}"
        wrapped: object = getattr(function, "__wrapped__", None)
        if wrapped is not None:
            yield from self._spelt(wrapped, name, inside)

    def _class(self, kind: type) -> Iterator[Token]:
        """A link; a dataset counts by its key, other people's classes by their name."""
        if is_dataset(kind):
            yield f"dataset {first_key(describe(kind))}"
        elif self._own.has(kind.__module__):
            yield kind
        else:
            yield f"class {kind.__module__}.{kind.__qualname__}"

    def _container(
        self, value: object, name: str, inside: tuple[int, ...]
    ) -> Iterator[Token] | None:
        """Lists, sets and mappings, of these very types; None for anything else."""
        kind = type(value)
        if kind is list or kind is tuple:
            items = cast("Iterable[object]", value)
            return self._parts(kind.__name__, items, name, inside)
        if kind is dict:
            return self._mapping(cast("Mapping[object, object]", value), name, inside)
        if kind is set or kind is frozenset:
            return self._set(cast("Iterable[object]", value), name, inside)
        return None

    def _content(
        self, value: object, full_name: str, name: str, inside: tuple[int, ...]
    ) -> Iterator[Token]:
        """What an instance holds, beside its class."""
        match value:
            case enum.Enum():
                return self._parts(value.name, [value.value], name, inside)
            case list() | tuple() | deque():
                return self._parts("items", cast("Iterable[object]", value), name, inside)
            case dict() | types.MappingProxyType():
                return self._mapping(cast("Mapping[object, object]", value), name, inside)
            case set() | frozenset():
                return self._set(cast("Iterable[object]", value), name, inside)
            case _ if (text := self._text(value, full_name, name)) is not None:
                return iter([text])
            case _:
                return self._mapping(self._state(value, name), name, inside)

    def _text(self, value: object, full_name: str, name: str) -> str | None:
        """What an instance holds, where one text says it."""
        match value:
            case str():
                return str.__repr__(value)
            case bytes():
                return bytes.__repr__(value)
            case int():
                return int.__repr__(value)
            case float():
                return float.__repr__(value)
            case PurePath():
                return f"path {self._own.portable(value)}"
            case re.Pattern():
                pattern = cast("re.Pattern[str]", value)
                return f"regex {pattern.flags} {pattern.pattern!r}"
            case logging.Logger():
                return value.name
            case _ if full_name in _WITHOUT_CONTENT:
                return ""
            case _ if full_name.startswith("polars."):
                return _polars_text(value, name)
            case _:
                return None

    def _state(self, value: object, name: str) -> dict[object, object]:
        """The attributes of a dataclass or an instance of the project's own classes."""
        if dataclasses.is_dataclass(value):
            fields = dataclasses.fields(value)
            return {field.name: getattr(value, field.name, None) for field in fields}
        kind = type(value)
        if not self._own.has(kind.__module__):
            raise UnhashableValue(name, kind)
        slots: list[str] = []
        for base in kind.__mro__:
            named = vars(base).get("__slots__", ())
            slots += [named] if isinstance(named, str) else named
        held = {slot: getattr(value, slot) for slot in slots if hasattr(value, slot)}
        return {**held, **getattr(value, "__dict__", {})}

    def _parts(
        self, text: str, parts: Iterable[object], name: str, inside: tuple[int, ...]
    ) -> Iterator[Token]:
        yield f"{text}("
        for part in parts:
            yield from self._spelt(part, name, inside)
        yield ")"

    def _mapping(
        self, value: Mapping[object, object], name: str, inside: tuple[int, ...]
    ) -> Iterator[Token]:
        """Keys and values in their order, which decides the order of columns."""
        yield "{"
        for key, item in value.items():
            yield from self._spelt(key, name, inside)
            at = f"{name}.{key}" if isinstance(key, str) and key.isidentifier() else name
            yield from self._spelt(item, at, inside)
        yield "}"

    def _set(self, value: Iterable[object], name: str, inside: tuple[int, ...]) -> Iterator[Token]:
        spelt = [tuple(self._spelt(item, name, inside)) for item in value]
        yield f"{type(value).__name__}("
        for item in sorted(spelt, key=lambda tokens: [*map(_order, tokens)]):
            yield from item
        yield ")"


def _order(token: Token) -> str:
    match token:
        case str() | AssignedName():
            return str(token)
        case types.ModuleType():
            return token.__name__
        case _:
            return f"{token.__module__}.{token.__qualname__}"


def _polars_text(value: object, name: str) -> str:
    """A polars object by its content; that of an expression holds for one version of polars."""
    import polars as pl  # not loaded by this: the value is of it

    match value:
        case pl.Expr():
            return short_digest(value.meta.serialize().hex())
        case pl.LazyFrame():
            return short_digest(value.serialize().hex())
        case pl.DataFrame():
            return short_digest(f"{value.schema} {value.rows()}")
        case pl.Series():
            return short_digest(f"{value.name} {value.dtype} {value.to_list()}")
        case pl.DataType():
            return repr(value)
        case _:
            raise UnhashableValue(name, type(value))


def is_dataset(value: object) -> TypeGuard[type]:
    """Whether the value is the class of a dataset, which counts by its key."""
    return isinstance(value, type) and issubclass(value, Dataset) and value not in ROOTS
