"""Source as what it means: a digest and the names used, for every definition of a file.

Comments, layout, docstrings and the annotations of plain functions do not count; nor do the
decorators of FlowForge, whose arguments are options and no code. Nor do the names of what is taken
from outside: whoever follows the uses of a unit says what they stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, cast

from flowforge_assets.project.syntax_tree import syntax_tree
from flowforge_assets.project.unit import (
    MODULE_KEY,
    Unit,
    class_key,
    function_key,
    name_key,
    short_digest,
)

_OUR_DECORATORS: Final = frozenset({"asset", "check"})
# `ctx` follows from the place, `kind` is how a string was written, type parameters are annotations.
_SKIPPED_FIELDS: Final = frozenset({"ctx", "kind", "type_comment", "type_params", "type_ignores"})

_Kind: TypeAlias = Literal["module", "class", "function", "comprehension", "assignment"]
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Item: TypeAlias = "ast.AST | str | _Enter | _Leave"


def units(source: str | bytes) -> dict[str, Unit]:
    """Every function, lambda, class and top-level assignment of a file, by key, and the whole.

    Digests are the same under every Python version that can read the file. Two definitions with
    one key (lambdas of one line, a class defined twice) are one unit. About 50 ms for 5,000 lines.

    Raises:
        SyntaxError: it is no Python.
    """
    return _Walk().of(syntax_tree(source))


@dataclass(slots=True)
class _Scope:
    """Where names are bound. `inner` are uses by functions inside, which see no class's names."""

    kind: _Kind
    prefix: str = ""
    keeps_annotations: bool = False
    bound: set[str] = field(default_factory=set[str])
    outside: set[str] = field(default_factory=set[str])  # by `global`
    within: set[str] = field(default_factory=set[str])  # bound by it or by scopes inside
    uses: dict[str, None] = field(default_factory=dict[str, None])
    inner: dict[str, None] = field(default_factory=dict[str, None])

    def free(self) -> dict[str, None]:
        """The uses that this scope does not bind itself."""
        bound = self.bound - self.outside
        own = (use for use in self.uses if use.partition(".")[0] not in bound)
        return dict.fromkeys(own) | self.inner


@dataclass(frozen=True, slots=True)
class _Enter:
    """On the stack: a scope with its content, which is the unit of `keys`."""

    scope: _Scope
    content: tuple[_Item, ...]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Leave:
    """On the stack below a scope's content, whose text begins at `start`: the scope ends."""

    start: int
    keys: tuple[str, ...]


class _Use(str):
    """A name in the normal text, where another unit may say what it stands for."""

    __slots__ = ()


class _Walk:
    """One pass over a tree, without recursion: `out` is the normal text, `stack` what follows."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.stack: list[_Item] = []
        self.scopes = [_Scope("module")]
        self.found: dict[str, Unit] = {}

    def of(self, tree: ast.Module) -> dict[str, Unit]:
        """The units of the tree."""
        self.push(_without_docstring(tree.body))
        while self.stack:
            item = self.stack.pop()
            if isinstance(item, str):
                self.out.append(item)
            elif isinstance(item, _Enter):
                self.scopes.append(item.scope)
                self.push([*item.content, _Leave(len(self.out), item.keys)])
            elif isinstance(item, _Leave):
                self.leave(item)
            else:
                special = _SPECIAL.get(type(item))
                if special is None:
                    self.push(_generic(item))
                else:
                    special(self, item)
        self.found[MODULE_KEY] = Unit(short_digest("\n".join(self.out)))
        return self.found

    @property
    def scope(self) -> _Scope:
        """The innermost scope."""
        return self.scopes[-1]

    def push(self, items: Iterable[_Item]) -> None:
        """Puts `items` before all that is still to come."""
        self.stack.extend(reversed(list(items)))

    def leave(self, leave: _Leave) -> None:
        """Ends the innermost scope: what it does not bind is used by the scope around it."""
        scope = self.scopes.pop()
        free = scope.free()
        around = self.scope
        if around.kind == "class":
            around.inner |= free
        else:
            around.uses |= free
        bound = scope.bound | scope.within
        around.within |= bound
        if leave.keys:
            text = "\n".join(_numbered(self.out[leave.start :], free, bound))
            unit = Unit(short_digest(text), tuple(free))
            for key in leave.keys:
                self.add(key, unit)

    def add(self, key: str, unit: Unit) -> None:
        """A unit; with what has its key already, one of both."""
        other = self.found.get(key)
        if other is not None:
            # each counts its own names, so those of both say what the numbers mean
            digest = short_digest(f"{other.digest}{other.uses}{unit.digest}{unit.uses}")
            unit = Unit(digest, tuple(dict.fromkeys(other.uses + unit.uses)))
        self.found[key] = unit

    def name(self, node: ast.Name) -> None:
        """A variable."""
        self.out.append(_Use(node.id))
        if isinstance(node.ctx, ast.Load):
            self.scope.uses[node.id] = None
        else:
            self.scope.bound.add(node.id)

    def attribute(self, node: ast.Attribute) -> None:
        """`a.b.c` of a variable is one use; of anything else it is like other nodes."""
        names = [node.attr]
        value = node.value
        while isinstance(value, ast.Attribute):
            names.append(value.attr)
            value = value.value
        dotted = ".".join(reversed(names))
        if isinstance(value, ast.Name):
            dotted = f"{value.id}.{dotted}"
            self.scope.uses[dotted] = None
            self.out.append(_Use(dotted))
        else:
            self.push([f"Attribute {dotted}", value])

    def constant(self, node: ast.Constant) -> None:
        """A literal; `1`, `1.0` and `True` differ in their text."""
        self.out.append(repr(node.value))

    def f_string(self, node: ast.JoinedStr) -> None:
        """An f-string; Python 3.12 leaves empty texts in it."""
        parts = [each for each in node.values if not _is_empty_text(each)]
        self.push(["f(", *parts, ")"])

    def function(self, node: _Function) -> None:
        """A function. Its name is the outer text's; its decorators and defaults are its own."""
        decorators = [each for each in node.decorator_list if not _is_ours(each)]
        line = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        self.scope.bound.add(node.name)
        self.out.append(node.name)
        # Another's decorator may read the annotations: pydantic's and functools' do.
        inner = _Scope("function", f"{self.scope.prefix}{node.name}.<locals>.", bool(decorators))
        items: list[_Item] = [type(node).__name__, *decorators, "(", node.args]
        if node.returns is not None and inner.keeps_annotations:
            items += ["->", node.returns]
        items += [":", *_without_docstring(node.body), ";"]
        self.push([_Enter(inner, tuple(items), (function_key(line, node.name),))])

    def lambda_(self, node: ast.Lambda) -> None:
        """A lambda."""
        self.out.append("Lambda")
        inner = _Scope("function", f"{self.scope.prefix}<lambda>.<locals>.")
        items = ("(", node.args, ":", node.body, ";")
        self.push([_Enter(inner, items, (function_key(node.lineno, "<lambda>"),))])

    def class_(self, node: ast.ClassDef) -> None:
        """A class; annotations in its body may well be read."""
        qualified = f"{self.scope.prefix}{node.name}"
        self.scope.bound.add(node.name)
        self.out += ["ClassDef", node.name]
        inner = _Scope("class", f"{qualified}.", keeps_annotations=True)
        items: list[_Item] = ["@", *node.decorator_list, "(", *node.bases, *node.keywords, ":"]
        items += [*_without_docstring(node.body), ";"]
        self.push([_Enter(inner, tuple(items), (class_key(qualified),))])

    def comprehension(self, node: _Comprehension) -> None:
        """A comprehension is a scope, but for the first thing that it goes through."""
        first, *others = node.generators
        ends: list[_Item] = [first.target, "if", *first.ifs, *others, ";"]
        if isinstance(node, ast.DictComp):
            ends += [node.key, node.value]
        else:
            ends.append(node.elt)
        inner = _Scope("comprehension", self.scope.prefix)
        self.out.append(f"{type(node).__name__}{' async' if first.is_async else ''}")
        self.push([first.iter, _Enter(inner, tuple(ends))])

    def walrus(self, node: ast.NamedExpr) -> None:
        """`:=` binds around comprehensions."""
        around = next(each for each in reversed(self.scopes) if each.kind != "comprehension")
        around.bound.add(node.target.id)
        self.push([":=", node.target.id, node.value])

    def arg(self, node: ast.arg) -> None:
        """A parameter."""
        self.scope.bound.add(node.arg)
        self.out.append(node.arg)
        if node.annotation is not None and self.scope.keeps_annotations:
            self.push([":", node.annotation])

    def assign(self, node: ast.Assign | ast.AugAssign) -> None:
        """An assignment; at the top of a module it is a unit by the names that it binds."""
        if isinstance(node, ast.Assign):
            self.bind(node.targets, ["=", *node.targets, node.value])
        else:
            operator = f"{type(node.op).__name__}="
            self.bind([node.target], [operator, node.target, node.value])

    def annotated(self, node: ast.AnnAssign) -> None:
        """An assignment with an annotation, which only a class may read."""
        if self.scope.kind == "class":
            self.push(_generic(node))
        elif node.value is not None:
            self.bind([node.target], ["=", node.target, node.value])
        elif isinstance(node.target, ast.Name):
            self.scope.bound.add(node.target.id)

    def bind(self, targets: Iterable[ast.expr], content: list[_Item]) -> None:
        """The text of an assignment."""
        if self.scope.kind != "module":
            self.push(content)
            return
        named = [
            name.id for each in targets for name in ast.walk(each) if isinstance(name, ast.Name)
        ]
        keys = tuple(map(name_key, dict.fromkeys(named)))
        self.push([_Enter(_Scope("assignment"), tuple(content), keys)])

    def import_(self, node: ast.Import) -> None:
        """`import a.b as c`."""
        for alias in node.names:
            self.bind_import(alias.asname or alias.name.partition(".")[0], f":{alias.name}:")

    def import_from(self, node: ast.ImportFrom) -> None:
        """`from .a import b as c`."""
        for alias in node.names:
            source = f":{'.' * node.level}{node.module or ''}:{alias.name}"
            self.bind_import(alias.asname or alias.name, source)

    def bind_import(self, name: str, source: str) -> None:
        """A name that an import binds: a use in a function, a unit at the top of a module."""
        self.out += ["import", source, name]
        self.scope.bound.add(name)
        if self.scope.kind == "module":
            self.add(name_key(name), Unit(short_digest(f"import {source}"), (source,)))
        else:
            self.scope.uses[source] = None

    def global_(self, node: ast.Global) -> None:
        """`global x`: what is assigned to it is not the function's own."""
        self.scope.outside.update(node.names)
        self.out += ["global", *node.names]

    def binding(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar) -> None:
        """A node that binds `name`."""
        if node.name is not None:
            self.scope.bound.add(node.name)
        self.push(_generic(node))

    def match_mapping(self, node: ast.MatchMapping) -> None:
        """`case {**rest}` binds `rest`."""
        if node.rest is not None:
            self.scope.bound.add(node.rest)
        self.push(_generic(node))


# Any: each method takes the nodes of its own type, which the key says.
_SPECIAL: Final[dict[type[ast.AST], Callable[[_Walk, Any], None]]] = {
    ast.AnnAssign: _Walk.annotated,
    ast.Assign: _Walk.assign,
    ast.AsyncFunctionDef: _Walk.function,
    ast.Attribute: _Walk.attribute,
    ast.AugAssign: _Walk.assign,
    ast.ClassDef: _Walk.class_,
    ast.Constant: _Walk.constant,
    ast.DictComp: _Walk.comprehension,
    ast.ExceptHandler: _Walk.binding,
    ast.FunctionDef: _Walk.function,
    ast.GeneratorExp: _Walk.comprehension,
    ast.Global: _Walk.global_,
    ast.Import: _Walk.import_,
    ast.ImportFrom: _Walk.import_from,
    ast.JoinedStr: _Walk.f_string,
    ast.Lambda: _Walk.lambda_,
    ast.ListComp: _Walk.comprehension,
    ast.MatchAs: _Walk.binding,
    ast.MatchMapping: _Walk.match_mapping,
    ast.MatchStar: _Walk.binding,
    ast.Name: _Walk.name,
    ast.NamedExpr: _Walk.walrus,
    ast.SetComp: _Walk.comprehension,
    ast.arg: _Walk.arg,
}


def _numbered(text: Iterable[str], free: Iterable[str], bound: Container[str]) -> Iterator[str]:
    """The text of a unit with numbers for the names that it takes from outside.

    So what they stand for decides, and who knows the unit's `uses` knows the names. One that is
    bound somewhere inside, too, is left as it is.
    """
    heads = dict.fromkeys(use.partition(".")[0] for use in free)
    numbers = {head: f"@{number}" for number, head in enumerate(heads) if head not in bound}
    for item in text:
        if isinstance(item, _Use):
            head, dot, rest = item.partition(".")
            yield f"{numbers.get(head, head)}{dot}{rest}"
        else:
            yield item


def _generic(node: ast.AST) -> Iterator[_Item]:
    """The node's type, its fields that are not empty, and a mark where it ends."""
    fields = [name for name in node._fields if name not in _SKIPPED_FIELDS]
    yield type(node).__name__
    for name in fields:
        value: object = getattr(node, name, None)
        if isinstance(value, ast.AST):
            yield f".{name}"
            yield value
        elif isinstance(value, list):
            yield f".{name}["
            for each in cast("list[object]", value):
                yield each if isinstance(each, ast.AST) else repr(each)
        elif value is not None:
            yield f".{name} {value!r}"
    if fields:
        yield ";"


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_docstring = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return body[1:] if is_docstring else body


def _is_empty_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""


def _is_ours(decorator: ast.expr) -> bool:
    """Whether it is `@asset`, `@ff.check(...)`."""
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    name = decorator.attr if isinstance(decorator, ast.Attribute) else None
    name = decorator.id if isinstance(decorator, ast.Name) else name
    return name in _OUR_DECORATORS
