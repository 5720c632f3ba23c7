"""Jinja as dbt has it, with a closed world: no database, no files, no code of the project's own.

What asks for more than that cannot be rendered, and says so; nothing is made up.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn, cast

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.project.bring.to_duckdb import dialect_of
from flowforge_assets.project.bring.words import Words, table, text
from flowforge_assets.project.from_dbt.dbt_project import DbtNode, DbtProject, MacroFile
from flowforge_assets.project.from_dbt.jinja_functions import PLAIN_FUNCTIONS, same
from flowforge_assets.project.from_dbt.jinja_objects import (
    Adapter,
    Closed,
    Config,
    Exceptions,
    Model,
    Package,
    Target,
    This,
    Variables,
)
from flowforge_assets.project.from_dbt.known_macros import Known, known_macros
from flowforge_assets.project.from_dbt.names import Names, Relation
from flowforge_assets.project.from_dbt.unrenderable import Unrenderable

_BLOCKS: Final = (
    (re.compile(r"\{%(-?)\s*(?:data_)?test\s+(\w+)"), r"{%\1 macro test_\2"),
    (re.compile(r"\{%(-?)\s*end(?:data_)?test\b"), r"{%\1 endmacro"),
    (re.compile(r"\{%-?\s*materialization\b.*?endmaterialization\s*-?%\}", re.DOTALL), ""),
    (re.compile(r"\{%-?\s*docs\b.*?enddocs\s*-?%\}", re.DOTALL), ""),
)
_MACRO: Final = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(")
_SECRET: Final = "DBT_ENV_SECRET"  # noqa: S105 - how names of secrets begin
_GAPS: Final = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|(?P<gap>[ \t]*\n(?:[ \t]*\n)+)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Options:
    """What dbt would be told on its command line."""

    target: str = "dev"
    variables: Words = field(default_factory=dict[str, object])


@dataclass(slots=True)
class Rendered:
    """A text without Jinja, and what it asked for.

    `asks` are things that were answered once and for all: variables, the target, `is_incremental`.
    With a `failure` (and its line) there is no text.
    """

    text: str = ""
    config: dict[str, object] = field(default_factory=dict[str, object])
    reads: list[DatasetKey] = field(default_factory=list[DatasetKey])
    asks: dict[str, str] = field(default_factory=dict[str, str])
    is_incremental: bool = False
    reads_itself: bool = False
    failure: str = ""
    line: int = 0


class _Return(Exception):
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


class Renderer:
    """Renders the texts of one project. Not for use from several threads."""

    def __init__(self, project: DbtProject, names: Names, options: Options) -> None:
        """Reads the macros of the project and its packages; a broken one fails where it is used."""
        self.project, self.names, self.options = project, names, options
        self.dialect = dialect_of(project.adapter)
        self.variables = {**project.variables, **table(project.variables.get(project.name))}
        self.variables |= options.variables
        self.node: DbtNode | None = None
        self.found = Rendered()
        self.macros: dict[str, dict[str, Callable[..., object]]] = {}
        self._environment = SandboxedEnvironment(
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
            undefined=jinja2.StrictUndefined,
        )
        for name in ("as_text", "as_bool", "as_native", "as_number"):
            self._environment.filters[name] = same
        self._known = known = known_macros(Known(self.dialect, self.refuse))
        self._globals: dict[str, object] = {**known["dbt"], **PLAIN_FUNCTIONS}
        for package, macros in known.items():
            self._package(package).update(macros)
        for file in project.macros:
            self._declare(file)
        self._globals |= {name: Package(name, self) for name in (*self.macros, *known)}
        self._globals |= self._functions()
        self._compiled = {id(file): self._compile(file) for file in project.macros}

    def render(self, node: DbtNode, code: str | None = None) -> Rendered:
        """The node's text, or `code` as if it stood there."""
        self.node, self.found = node, Rendered()
        try:
            template = self._environment.from_string(
                node.code if code is None else code, globals=self._globals
            )
            self.found.text = _without_gaps(template.render())
        except jinja2.TemplateSyntaxError as error:
            self.found.failure, self.found.line = (
                f"its Jinja cannot be read: {error.message}",
                error.lineno,
            )
        except (Unrenderable, jinja2.TemplateError) as error:
            self.found.failure, self.found.line = _plain(error), _line(error)
        except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
            self.found.failure, self.found.line = f"its Jinja fails: {_plain(error)}", _line(error)
        except RecursionError as error:
            self.found.failure, self.found.line = (
                "its macros call one another without end",
                _line(error),
            )
        return self.found

    def call(self, node: DbtNode, macro: str, arguments: Mapping[str, object]) -> Rendered | None:
        """What a macro gives with these arguments; None where there is none of that name."""
        package, _, name = macro.rpartition(".")
        found = self.macros.get(package or self.project.name, {}).get(name)
        if found is None:
            return None
        names = ", ".join(f"{key}=arguments_[{key!r}]" for key in arguments)
        self._globals |= {"macro_": found, "arguments_": arguments}
        return self.render(node, f"{{{{ macro_({names}) }}}}")

    def value(self, said: object, node: DbtNode) -> object:
        """A value of a YAML file, with the Jinja in it worked out."""
        if isinstance(said, str) and ("{{" in said or "{%" in said):
            rendered = self.render(node, said)
            return said if rendered.failure else _native(rendered.text.strip())
        return said

    def refuse(self, what: str) -> NoReturn:
        """Gives the text up: it asks for what is not there."""
        raise Unrenderable(what)

    def _package(self, name: str) -> dict[str, Callable[..., object]]:
        return self.macros.setdefault(name, {})

    def _declare(self, file: MacroFile) -> None:
        text_ = _in_jinja(file.text)
        for name in _MACRO.findall(text_):
            if name in self._known.get(file.package, {}):
                continue  # ours need no database
            call = self._caller(file, name)
            self._package(file.package)[name] = call
            if file.package == self.project.name or name not in self._globals:
                self._globals[name] = call

    def _caller(self, file: MacroFile, name: str) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            module = self._compiled[id(file)]
            if isinstance(module, str):
                raise Unrenderable(f"the macro `{name}` cannot be read: {module}")
            try:
                return cast("Callable[..., object]", getattr(module, name))(*arguments, **options)
            except _Return as returned:
                return returned.value

        return call

    def _compile(self, file: MacroFile) -> object:
        """The file's macros, or why there are none."""
        try:
            template = self._environment.from_string(_in_jinja(file.text), globals=self._globals)
        except jinja2.TemplateError as error:
            return _plain(error)
        try:
            return template.module
        except (jinja2.TemplateError, Unrenderable) as error:
            return _plain(error)

    def _functions(self) -> dict[str, object]:
        functions: dict[str, object] = {
            "ref": self._ref,
            "source": self._source,
            "config": Config(self),
            "is_incremental": self._is_incremental,
            "this": This(self),
            "var": Variables(self),
            "env_var": self._env_var,
            "target": Target(self),
            "adapter": Adapter(self),
            "exceptions": Exceptions(self),
            "model": Model(self),
            "return": self._return,
            "execute": True,
            "project_name": self.project.name,
        }
        for name in ("run_query", "statement", "load_result", "run_started_at", "invocation_id"):
            functions[name] = Closed(self, name)
        for name in ("graph", "api", "modules", "selected_resources", "store_result"):
            functions[name] = Closed(self, name)
        return {**functions, "builtins": functions}

    def _return(self, value: object = "") -> NoReturn:
        raise _Return(value)

    def _ref(self, *arguments: str, v: object = None, version: object = None) -> Relation:
        wanted = version if v is None else v
        found = self.names.find_model(arguments[-1], "" if wanted is None else text(wanted))
        if found is None:
            self.refuse(f"it reads `{'.'.join(arguments)}`, which the project does not have")
        self.found.reads.append(found.key)
        return found

    def _source(self, group: str, name: str) -> Relation:
        found = self.names.find_source(group, name)
        if found is None:
            self.refuse(f"it reads the source `{group}.{name}`, which the project does not declare")
        self.found.reads.append(found.key)
        return found

    def _is_incremental(self) -> bool:
        self.found.is_incremental = True
        return False

    def _env_var(self, name: str, default: str | None = None) -> str:
        value = None if name.startswith(_SECRET) else os.environ.get(name, default)
        if value is None:
            self.refuse(f"it asks for the environment variable `{name}`, which is not set")
        self.found.asks[f"env_var('{name}')"] = "the value of now is written into the query"
        return value


def _in_jinja(text_: str) -> str:
    """A file of macros with dbt's own blocks put into Jinja's."""
    for pattern, instead in _BLOCKS:
        text_ = pattern.sub(instead, text_)
    return text_


def _without_gaps(text_: str) -> str:
    """Several empty lines, as blocks leave them behind, become one; texts stay as they are."""
    done = _GAPS.sub(lambda found: "\n\n" if found["gap"] else found[0], text_)
    return "\n".join(
        line.rstrip() if "'" not in line else line for line in done.split("\n")
    ).strip()


def _native(said: str) -> object:
    return {"true": True, "false": False}.get(said.lower(), said)


def _plain(error: Exception) -> str:
    said = str(error).strip().split("\n")[0].rstrip(".")
    return f"{said[:1].lower()}{said[1:]}" if said else type(error).__name__


def _line(error: BaseException) -> int:
    """The line of the text at which it failed; 0 where that is not known."""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == "<template>" and frame.lineno:
            return frame.lineno
    return 0
