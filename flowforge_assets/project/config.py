"""`flowforge.toml`: read, checked, and every mistake named with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.project import (
    ConfigSyntaxError,
    ConfigValueError,
    NoProjectError,
    UnknownConfigKeyError,
    UnknownEnvironmentError,
)

FILE_NAME: Final = "flowforge.toml"
TableFormat: TypeAlias = Literal["delta", "parquet"]


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """`[env.NAME]`: where the tables and the ledger are, and how much a run may use.

    `resources` holds a table of settings for each resource class, by its name.
    """

    store: str | None = None
    format: TableFormat = "delta"
    workers: int = 2
    memory_mb: int = 1024
    resources: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """The project file. `modules` are imported, `assets` are folders of SQL files."""

    root: Path
    name: str
    modules: tuple[str, ...]
    environments: Mapping[str, EnvironmentConfig]
    variables: Mapping[str, object] = field(default_factory=dict)

    def environment(self, name: str) -> EnvironmentConfig:
        """The environment of that name; `dev` is there by default.

        Raises:
            UnknownEnvironmentError: the file has no such environment (FF-804).
        """
        found = self.environments.get(name)
        if found is not None:
            return found
        if name == "dev":
            return EnvironmentConfig()
        known = sorted({"dev", *self.environments})
        message = f"no environment is called `{name}`"
        hint = did_you_mean(name, known) or f"the project has {', '.join(f'`{e}`' for e in known)}"
        raise UnknownEnvironmentError(message, place=Place(FILE_NAME), hint=hint)


def read_config(root: Path) -> ProjectConfig:
    """The project file in the folder `root`.

    Raises:
        NoProjectError: there is none (FF-801).
        ConfigSyntaxError: it is no TOML (FF-802).
        Problems: unknown keys (FF-803) and values of another type (FF-805), all at once.
    """
    path = root / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        message = f"`{root}` holds no `{FILE_NAME}`"
        hint = "go to the project's folder, name it with `-C DIR`, or start one: `flowforge init`"
        raise NoProjectError(message, hint=hint) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(at[1]), int(at[2])) if at else (len(text.splitlines()), 0)
        message = f"the project file cannot be read: {str(error).split(' (')[0].lower()}"
        raise ConfigSyntaxError(message, place=Place(FILE_NAME, line, column)) from error
    return _Reader(text, root).project(raw)


class _Reader:
    """Turns the raw tables into values, collecting what is wrong."""

    def __init__(self, text: str, root: Path) -> None:
        self.lines = text.splitlines()
        self.root = root
        self.problems: list[FlowForgeError] = []

    def project(self, raw: Mapping[str, Any]) -> ProjectConfig:
        self.refuse_unknown(raw, ("project", "env", "variables"), "")
        project = self.table(raw, "project", "")
        self.refuse_unknown(project, ("name", "modules"), "project")
        name = self.value(project, "name", str, "project") or self.root.resolve().name
        modules = self.value(project, "modules", list, "project") or []
        environments = {
            env: self.environment(self.table(self.table(raw, "env", ""), env, "env"), f"env.{env}")
            for env in self.table(raw, "env", "")
        }
        if not all(isinstance(module, str) for module in modules):
            self.wrong("modules", "a list of module names", "project")
        raise_all(self.problems)
        variables = self.table(raw, "variables", "")
        return ProjectConfig(self.root, name, tuple(modules), environments, variables)

    def environment(self, raw: Mapping[str, Any], where: str) -> EnvironmentConfig:
        self.refuse_unknown(raw, [f.name for f in fields(EnvironmentConfig)], where)
        default = EnvironmentConfig()
        table_format = self.value(raw, "format", str, where) or default.format
        if table_format not in get_args(TableFormat):
            self.wrong("format", '"delta" or "parquet"', where)
        return EnvironmentConfig(
            store=self.value(raw, "store", str, where),
            format="parquet" if table_format == "parquet" else "delta",
            workers=self.count(raw, "workers", default.workers, where, least=1),
            memory_mb=self.count(raw, "memory_mb", default.memory_mb, where, least=0),
            resources={
                name: self.table(self.table(raw, "resources", where), name, f"{where}.resources")
                for name in self.table(raw, "resources", where)
            },
        )

    def table(self, raw: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
        value = raw.get(name, {})
        if isinstance(value, dict):
            return value
        self.wrong(name, "a table", where)
        return {}

    def value(self, raw: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
        value = raw.get(name)
        if value is None or isinstance(value, kind):
            return value
        self.wrong(name, {str: "a string", list: "a list"}[kind], where)
        return None

    def count(
        self, raw: Mapping[str, Any], name: str, default: int, where: str, *, least: int
    ) -> int:
        value = raw.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.wrong(name, f"a whole number from {least}", where)
        return default

    def wrong(self, name: str, wanted: str, where: str) -> None:
        message = f"`{name}` in `[{where}]` is not {wanted}" if where else f"`{name}` is no table"
        self.problems.append(ConfigValueError(message, place=self.place(name, where)))

    def refuse_unknown(
        self, raw: Mapping[str, Any], known: tuple[str, ...] | list[str], where: str
    ) -> None:
        for name in raw:
            if name not in known:
                inside = f" in `[{where}]`" if where else ""
                message = f"unknown key `{name}`{inside}"
                hint = did_you_mean(name, known) or f"known are {', '.join(known)}"
                place = self.place(name, where)
                self.problems.append(UnknownConfigKeyError(message, place=place, hint=hint))

    def place(self, name: str, where: str) -> Place:
        """The line of the key `name` in the table `where`: TOML readers tell no positions."""
        inside = not where
        dotted = re.escape(name)
        for number, line in enumerate(self.lines, start=1):
            header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line)
            if header:
                title = header[1].replace('"', "").replace(" ", "")
                if title == f"{where}.{name}".strip("."):
                    return Place(FILE_NAME, number)
                if title.startswith(f"{where}.{name}.".lstrip(".")):
                    return Place(FILE_NAME, number)
                inside = title == where
            elif inside and re.match(rf"""\s*["']?{dotted}["']?\s*[.=]""", line):
                return Place(FILE_NAME, number)
        return Place(FILE_NAME)
