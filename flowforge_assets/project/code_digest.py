"""The digest of a function: of its source, and of all that it uses of the project's own.

Followed are functions, classes, constants, closures, defaults and bound arguments. Other people's
code counts by its name. A value of a module that cannot be spelt, such as a client or a polars
expression, counts by the source of what is assigned to its name.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from flowforge_assets.errors.declaration import MissingSourceError, UnhashableValueError
from flowforge_assets.project.code_values import (
    AssignedName,
    Link,
    Spelling,
    Token,
    UnhashableValue,
    is_dataset,
)
from flowforge_assets.project.own_code import OwnCode
from flowforge_assets.project.source import SourceCache
from flowforge_assets.project.unit import (
    MODULE_KEY,
    Unit,
    class_key,
    function_key,
    name_key,
    short_digest,
)

# What Python itself puts into a module; a project that is moved has another `__file__`.
_OF_PYTHON: Final = frozenset(
    {"__builtins__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__spec__"}
)
_HINT: Final = (
    'ask for it as a `Resource`, make it inside the function, or give the asset `code_version="1"`'
)


def code_digest(
    function: Callable[..., Any], *, sources: SourceCache, project_modules: Iterable[str]
) -> str:
    """Sixteen hex digits that change when what the function does may have changed.

    See `CodeDigests`, which is cheaper for many functions.
    """
    return CodeDigests(sources, project_modules).of(function)


class CodeDigests:
    """Digests of many functions, which share what they use.

    With a warm cache of sources about 20 µs a function. Holds for one moment: globals that change
    later are not seen.
    """

    def __init__(self, sources: SourceCache, project_modules: Iterable[str]) -> None:
        """Follows code into `project_modules` and modules beside them."""
        self._sources = sources
        self._own = OwnCode(project_modules)
        self._spelling = Spelling(self._own)
        # All by id: the objects live on in `_links` and in their modules.
        self._links: dict[int | AssignedName, tuple[Link, tuple[Token, ...]]] = {}
        self._uses: dict[tuple[int, str], tuple[Token, ...]] = {}
        self._bodies: dict[tuple[int, int], tuple[Token, ...]] = {}

    def of(self, function: Callable[..., Any], *more: object) -> str:
        """The digest of the function, and of `more` objects that it is given.

        Raises:
            UnhashableValueError: it uses a value that cannot be hashed (FF-118).
            MissingSourceError: the source of it or of what it uses is not to be found (FF-119).
        """
        try:
            tokens = [token for each in (function, *more) for token in self._value(each, "")]
            return short_digest("\0".join(self._spelt_out(tokens)))
        except UnhashableValue as error:
            shown = f"`{error.name}`" if error.name else "an argument bound to it"
            message = f"{shown} is a `{error.kind.__qualname__}`, which cannot be hashed"
            raise UnhashableValueError(message, hint=_HINT) from error

    def _spelt_out(self, tokens: Iterable[Token]) -> Iterator[str]:
        """The tokens and all that they link to, each link numbered in the order of its finding.

        So circles end, and neither names nor places of helpers count, only what they do.
        """
        numbers: dict[int | AssignedName, int] = {}
        queue: list[Link] = []
        following = iter(queue)
        while True:
            for token in tokens:
                if isinstance(token, str):
                    yield token
                    continue
                key = token if isinstance(token, AssignedName) else id(token)
                if key not in numbers:
                    numbers[key] = len(numbers)
                    queue.append(token)
                yield f"-> {numbers[key]}"
            link = next(following, None)
            if link is None:
                return
            yield ";"
            tokens = self._content(link)

    def _content(self, link: Link) -> tuple[Token, ...]:
        key = link if isinstance(link, AssignedName) else id(link)
        known = self._links.get(key)
        if known is None:
            match link:
                case types.FunctionType():
                    content = self._function(link)
                case AssignedName():
                    content = self._assigned(link)
                case types.ModuleType():
                    content = (self._found(_file(vars(link)), MODULE_KEY, link.__name__).digest,)
                case _:
                    content = self._class(link)
            known = self._links[key] = (link, content)
        return known[1]

    def _function(self, function: types.FunctionType) -> tuple[Token, ...]:
        code, names = function.__code__, function.__globals__
        # Functions made in a loop share their code and differ in what follows it.
        body = self._bodies.get((id(code), id(names)))
        if body is None:
            key = function_key(code.co_firstlineno, code.co_name)
            unit = self._found(code.co_filename, key, function.__qualname__)
            body = tuple(self._unit(unit, names, without=code.co_freevars))
            self._bodies[id(code), id(names)] = body
        if not (function.__closure__ or function.__defaults__ or function.__kwdefaults__):
            return body
        given: list[Token] = []
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            given.append(f"closure {name}")
            try:
                value = cell.cell_contents
            except ValueError:  # not bound yet
                continue
            given += self._value(value, name)
        defaults = (function.__defaults__, function.__kwdefaults__)
        return (*body, *given, *self._value(defaults, f"{function.__qualname__}()"))

    def _class(self, cls: type) -> tuple[Token, ...]:
        module = sys.modules.get(cls.__module__)
        names: Mapping[str, object] = vars(module) if module is not None else {}
        file = _file(names)
        if not file:  # a notebook's: its methods say in which cell
            codes = (getattr(value, "__code__", None) for value in vars(cls).values())
            file = next((code.co_filename for code in codes if code is not None), "")
        unit = self._sources.find(file, class_key(cls.__qualname__))
        if unit is None:  # e.g. `Point = namedtuple("Point", "x y")`
            unit = self._found(file, name_key(cls.__qualname__), cls.__qualname__)
        return tuple(self._unit(unit, names))

    def _assigned(self, link: AssignedName) -> tuple[Token, ...]:
        names = vars(sys.modules[link.module])
        unit = self._found(_file(names), name_key(link.name), link.name)
        return tuple(self._unit(unit, names))

    def _found(self, file: str, key: str, name: str) -> Unit:
        unit = self._sources.find(file, key)
        if unit is None:
            message = f"the source of `{name}` is not to be found in `{file}`"
            hint = "load the project anew if that file has changed, or else write it in a file"
            raise MissingSourceError(message, hint=hint)
        return unit

    def _unit(
        self, unit: Unit, names: Mapping[str, object], *, without: Iterable[str] = ()
    ) -> Iterator[Token]:
        """The unit's own digest, and what its uses mean where `names` are the globals.

        Names count, for a builtin has nothing else, save those of dataset classes, which have
        their keys: a class may be renamed.
        """
        yield unit.digest
        for use in unit.uses:
            if not is_dataset(names.get(use.partition(".")[0])):
                yield f"use {use}"
            if without and use.partition(".")[0] in without:
                continue
            known = self._uses.get((id(names), use))
            if known is None:
                known = self._uses[id(names), use] = tuple(self._use(use, names))
            yield from known

    def _use(self, use: str, names: Mapping[str, object]) -> Iterator[Token]:
        if use.startswith(":"):
            yield from self._import(use, names)
            return
        head, *rest = use.split(".")
        if head not in names or head in _OF_PYTHON:  # a builtin, or not there: a call would tell
            return
        value = names[head]
        home, name = names, head
        while isinstance(value, types.ModuleType) and rest and rest[0] in vars(value):
            inner: object = vars(value)[rest[0]]  # asking the module may import what is heavy
            if not self._own.has(value.__name__) and not isinstance(inner, types.ModuleType):
                break
            home, name = vars(value), rest.pop(0)
            value = inner
        yield from self._named(value, name, use, home)

    def _import(self, use: str, names: Mapping[str, object]) -> Iterator[Token]:
        """What an import inside a function gives; of other people's modules the text says all."""
        _, source, name = use.split(":")
        module = source.lstrip(".")
        if source.startswith("."):
            package = str(names.get("__package__")).split(".")
            above = package[: len(package) - (len(source) - len(module) - 1)]
            module = ".".join([*above, module] if module else above)
        inner = sys.modules.get(f"{module}.{name}")
        found = sys.modules.get(module)
        if inner is not None and name:
            found, name = inner, ""
        if found is None or not self._own.has(found.__name__):
            return
        if not name:
            yield found
        elif name in vars(found):
            yield from self._named(vars(found)[name], name, name, vars(found))

    def _named(
        self, value: object, name: str, use: str, home: Mapping[str, object]
    ) -> Iterator[Token]:
        """A module's value, or the source of what is assigned to its name."""
        link = AssignedName(str(home.get("__name__")), name)
        if _is_plan(value) and self._is_in_source(link, home):
            yield link
            return
        try:
            yield from tuple(self._spelling.tokens(value, use))
        except UnhashableValue:
            if not self._is_in_source(link, home):
                raise
            yield link

    def _is_in_source(self, link: AssignedName, home: Mapping[str, object]) -> bool:
        return (
            link.module in sys.modules
            and self._own.has(link.module)
            and self._sources.find(_file(home), name_key(link.name)) is not None
        )

    def _value(self, value: object, name: str) -> Iterator[Token]:
        return self._spelling.tokens(value, name)


def _file(names: Mapping[str, object]) -> str:
    return str(names.get("__file__") or "")


def _is_plan(value: object) -> bool:
    """Whether it is a polars expression or lazy frame, whose text changes with polars."""
    kind = type(value)
    return kind.__module__.startswith("polars.") and kind.__name__ in {"Expr", "LazyFrame"}
