"""`flowforge.toml`: read, checked, and every mistake named with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Final, cast, get_args

from flowforge_assets.declare.definition import Variable
from flowforge_assets.errors.base import Place, did_you_mean, raise_all
from flowforge_assets.errors.project import (
    ConfigSyntaxError,
    NoProjectError,
    UnknownEnvironmentError,
)
from flowforge_assets.project.bundled import TABLE as BUNDLE
from flowforge_assets.project.bundled import BundleSettings, read_bundle_settings
from flowforge_assets.project.folder_defaults import FolderDefaults, read_defaults
from flowforge_assets.project.jobs import TABLE as JOBS
from flowforge_assets.project.jobs import JobConfig, JobReader
from flowforge_assets.project.keeping import Keeping, read_age
from flowforge_assets.project.ledgers import LedgerConfig, LedgerReader
from flowforge_assets.project.pools import TABLE as POOLS
from flowforge_assets.project.pools import Pool, PoolReader
from flowforge_assets.project.prefect_settings import TABLE as PREFECT
from flowforge_assets.project.prefect_settings import PrefectSettings, read_prefect
from flowforge_assets.project.sampling import EVERY_SOURCE, Sampling
from flowforge_assets.project.stores import StoreConfig, StoreReader, TableFormat
from flowforge_assets.project.table_reader import TableReader
from flowforge_assets.project.uses import Use
from flowforge_assets.project.variables import TABLE as VARIABLES
from flowforge_assets.project.variables import misfits_of, read_variables
from flowforge_assets.project.warehouses import WarehouseReader
from flowforge_assets.sql.toml_reader import Toml
from flowforge_assets.sql.toml_text import TomlText
from flowforge_assets.warehouse.connection import WarehouseConfig

FILE_NAME: Final = "flowforge.toml"
_ID: Final = r"[a-z0-9-]{4,40}"
SYNCED_NAME: Final = "sql_datasets"
"""The module that `flowforge sync` writes, where the project file names no other."""


@dataclass(frozen=True, slots=True)
class FromVariable:
    """A value that stands in an environment variable: `{ env = "USER" }`."""

    name: str


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """`[env.NAME]`: where the tables and the ledger are, and how much a run may use.

    `stores` are the places of layers and of datasets that have one of their own, by their names.
    `resources` holds a table of settings for each resource class, by its name. `read_from` is
    the environment that lends what this one has not made. With a `namespace` the tables are a
    part of the store that is one's own. In the `warehouse` SQL assets run that ask for it.
    Without a `ledger` it is a file of this machine.
    `variables` take the place of the project's, and so does a `pool` that is called like one.
    """

    store: StoreConfig | None = None
    stores: Mapping[str, StoreConfig] = field(default_factory=dict[str, StoreConfig])
    format: TableFormat = "delta"
    workers: int = 2
    memory_mb: int = 1024
    resources: Mapping[str, Mapping[str, object]] = field(
        default_factory=dict[str, Mapping[str, object]]
    )
    read_from: str | None = None
    namespace: str | FromVariable | None = None
    sample: Sampling = field(default_factory=Sampling)
    maintain: Keeping = field(default_factory=Keeping)
    warehouse: WarehouseConfig | None = None
    ledger: LedgerConfig | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict[str, Variable])
    pool: Mapping[str, Pool] = field(default_factory=dict[str, Pool])


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """The project file. `modules` are imported; `id` tells it from others of its name.

    `defaults` are those of the headers of SQL files, the most exact first. `sync` is the module,
    as a path, that `flowforge sync` writes. `uses` are the projects whose datasets this one reads,
    `variables` the values that queries may ask for, `jobs` what can be deployed, in `pools`.
    Relative places and `.flowforge` are taken from `home`: for a copy of the project, another
    folder than `root`.
    """

    root: Path
    name: str
    modules: tuple[str, ...]
    environments: Mapping[str, EnvironmentConfig]
    defaults: tuple[FolderDefaults, ...] = ()
    sync: str | None = None
    uses: tuple[Use, ...] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict[str, Variable])
    prefect: PrefectSettings = field(default_factory=PrefectSettings)
    jobs: Mapping[str, JobConfig] = field(default_factory=dict[str, JobConfig])
    pools: Mapping[str, Pool] = field(default_factory=dict[str, Pool])
    bundle: BundleSettings = field(default_factory=BundleSettings)
    home: Path | None = None
    id: str | None = None

    def variables_of(self, name: str) -> Mapping[str, Variable]:
        """What queries may ask for in the environment of that name."""
        found = self.environments.get(name)
        return self.variables if found is None else {**self.variables, **found.variables}

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


def read_config(root: Path, *, home: Path | None = None) -> ProjectConfig:
    """The project file in the folder `root`; its data have their place in `home`.

    Raises:
        NoProjectError: there is none (FF-801).
        ConfigSyntaxError: it is no TOML (FF-802).
        Problems: unknown keys (FF-803) and values of another type (FF-805), all at once.
    """
    path = root / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"`{root}` holds no `{FILE_NAME}`"
        hint = "go to the project's folder, name it with `-C DIR`, or start one: `flowforge init`"
        raise NoProjectError(message, hint=hint) from error
    except OSError as error:
        message = f"the project file cannot be read: {(error.strerror or str(error)).lower()}"
        hint = "it must be a file that you may read"
        raise ConfigSyntaxError(message, place=Place(FILE_NAME), hint=hint) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = "the project file is not UTF-8"
        hint = "save it in UTF-8"
        raise ConfigSyntaxError(message, place=Place(FILE_NAME, line), hint=hint) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        lines = text.splitlines() or [""]
        line, column = (int(at[1]), int(at[2])) if at else (len(lines), 0)
        said = str(error).rpartition(" (at ")[0] or str(error)
        message = f"the project file cannot be read: {said[:1].lower()}{said[1:]}"
        place = Place(FILE_NAME, line, column, lines[min(line, len(lines)) - 1].strip())
        hint = 'it is TOML: `name = "text"`, `names = ["a", "b"]`, `[table]`'
        raise ConfigSyntaxError(message, place=place, hint=hint) from error
    return _Reader(text, root, home or root).project(raw)


class _Reader(TableReader):
    """Turns the raw tables into values, collecting what is wrong."""

    def __init__(self, text: str, root: Path, home: Path) -> None:
        super().__init__(_Places(text).find, [])
        self.whole = text
        self.root = root
        self.home = home
        self.named: str | None = None

    def project(self, raw: Mapping[str, object]) -> ProjectConfig:
        known = ("project", "env", "assets", "uses", VARIABLES, PREFECT, JOBS, POOLS, BUNDLE)
        self.refuse_unknown(raw, known, "")
        project = self.table(raw, "project", "")
        self.refuse_unknown(project, ("name", "id", "modules", "sync"), "project")
        self.named = self.text(project, "name", "project")
        name = self.named or self.root.resolve().name
        id_ = self.id_of(project)
        modules = self.names(project, "modules", "project")
        given = self.table(raw, VARIABLES, "")
        variables = read_variables(given, VARIABLES, self.find, self.problems)
        all_environments = self.table(raw, "env", "")
        environments = {
            env: self.environment(self.table(all_environments, env, "env"), f"env.{env}")
            for env in all_environments
        }
        tables = cast("dict[str, Toml]", self.table(raw, "assets", ""))
        text = TomlText(self.whole, shown_as=FILE_NAME)
        defaults = read_defaults(tables, text, self.problems)
        sync = self.module_path(project, "sync", "project")
        all_uses = self.table(raw, "uses", "")
        uses = tuple(self.use(self.table(all_uses, use, "uses"), use) for use in all_uses)
        for env, each in environments.items():
            where = f"env.{env}.{VARIABLES}"
            self.problems.extend(misfits_of(each.variables, variables, where, self.find))
        prefect = read_prefect(self.table(raw, PREFECT, ""), self.find, self.problems)
        pools = self.pools(raw, "")
        named = {*pools, *(pool for each in environments.values() for pool in each.pool)}
        bundle = read_bundle_settings(self.table(raw, BUNDLE, ""), self)
        jobs = JobReader(self.find, self.problems).jobs(self.table(raw, JOBS, ""), named)
        raise_all(self.problems)
        return ProjectConfig(
            *(self.root, name, modules, environments, defaults, sync, uses, variables, prefect),
            jobs=jobs,
            pools=pools,
            bundle=bundle,
            home=self.home,
            id=id_,
        )

    def id_of(self, raw: Mapping[str, object]) -> str | None:
        id_ = self.text(raw, "id", "project")
        if id_ is None or re.fullmatch(_ID, id_):
            return id_
        hint = 'use 4 to 40 lower-case letters, digits and `-`: `id = "3f9ac04e"`'
        self.wrong("id", "an id", "project", hint)
        return None

    def pools(self, raw: Mapping[str, object], where: str) -> Mapping[str, Pool]:
        below = f"{where}.{POOLS}".strip(".")
        return PoolReader(self.find, self.problems).pools(self.table(raw, POOLS, where), below)

    def environment(self, raw: Mapping[str, object], where: str) -> EnvironmentConfig:
        self.refuse_unknown(raw, [f.name for f in fields(EnvironmentConfig)], where)
        default = EnvironmentConfig()
        table_format = self.text(raw, "format", where) or default.format
        if table_format not in get_args(TableFormat):
            hint = did_you_mean(table_format, get_args(TableFormat))
            self.wrong("format", '"delta" or "parquet"', where, hint or 'write `format = "delta"`')
        resources = self.table(raw, "resources", where)
        chosen: TableFormat = "parquet" if table_format == "parquet" else "delta"
        places = StoreReader(where, chosen, self.home.resolve(), self.find, self.problems)
        return EnvironmentConfig(
            store=places.store(raw.get("store")),
            stores=places.stores(self.table(raw, "stores", where)),
            format=chosen,
            workers=self.count(raw, "workers", default.workers, where, least=1),
            memory_mb=self.count(raw, "memory_mb", default.memory_mb, where, least=0),
            resources={
                name: self.table(resources, name, f"{where}.resources") for name in resources
            },
            read_from=self.text(raw, "read_from", where),
            namespace=self.namespace(raw, where),
            sample=self.sample(raw, where),
            maintain=self.keeping(raw, where),
            warehouse=WarehouseReader(
                f"{where}.warehouse", self.home.resolve(), self.find, self.problems
            ).read(raw.get("warehouse")),
            ledger=LedgerReader(
                self, self.home.resolve(), self.named, where.removeprefix("env.")
            ).read(raw.get("ledger")),
            variables=read_variables(
                self.table(raw, VARIABLES, where),
                *(f"{where}.{VARIABLES}", self.find, self.problems),
            ),
            pool=self.pools(raw, where),
        )

    def namespace(self, raw: Mapping[str, object], where: str) -> str | FromVariable | None:
        value = raw.get("namespace")
        if not isinstance(value, dict):
            return self.text(raw, "namespace", where)
        table, below = cast("dict[str, object]", value), f"{where}.namespace"
        self.refuse_unknown(table, ("env",), below)
        variable = self.text(table, "env", below)
        return FromVariable(variable or "")

    def sample(self, raw: Mapping[str, object], where: str) -> Sampling:
        value = raw.get("sample", 1.0)
        if not isinstance(value, dict):
            return Sampling(self.share(raw, "sample", where))
        below = f"{where}.sample"
        table = cast("dict[str, object]", value)
        shares = {name: self.share(table, name, below) for name in table}
        return Sampling(shares.pop(EVERY_SOURCE, 1.0), shares)

    def keeping(self, raw: Mapping[str, object], where: str) -> Keeping:
        table, below = self.table(raw, "maintain", where), f"{where}.maintain"
        self.refuse_unknown(table, [each.name for each in fields(Keeping)], below)
        default = Keeping()
        return Keeping(
            self.age(table, "older_than", default.older_than, below),
            self.age(table, "log_older_than", default.log_older_than, below),
            self.count(table, "target_mb", default.target_mb, below, least=1),
        )

    def age(
        self, raw: Mapping[str, object], name: str, default: timedelta, where: str
    ) -> timedelta:
        text = self.text(raw, name, where)
        found = default if text is None else read_age(text)
        if found is None:
            self.wrong(name, "a length of time", where, f'write `{name} = "7d"`, "12h" or "30m"')
        return default if found is None else found

    def share(self, raw: Mapping[str, object], name: str, where: str) -> float:
        value = raw.get(name, 1.0)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1:
            return float(value)
        self.wrong(name, "a share above 0, at most 1", where, f"write `{name} = 0.01`")
        return 1.0

    def use(self, raw: Mapping[str, object], name: str) -> Use:
        where = f"uses.{name}"
        self.refuse_unknown(raw, ("package", "path", "env"), where)
        package, path = self.text(raw, "package", where), self.text(raw, "path", where)
        if (package is None) == (path is None) or not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            hint = 'write `[uses.finance]` and below it `package = "..."` or `path = "..."`'
            self.wrong(name, "a word with either `package` or `path`", "uses", hint)
        env = self.text(raw, "env", where) or "prod"
        return Use(name, env, package, path, self.find("uses", name))

    def module_path(self, raw: Mapping[str, object], name: str, where: str) -> str | None:
        path = self.text(raw, name, where)
        parts = (path or "x.py").removesuffix(".py").split("/")
        if path is None or (path.endswith(".py") and all(map(str.isidentifier, parts))):
            return path
        hint = f'write `{name} = "shop/sql_datasets.py"`'
        self.wrong(name, "the path of a module in the project", where, hint)
        return None


class _Places:
    """Where keys stand in a TOML text: readers of TOML do not tell."""

    def __init__(self, text: str) -> None:
        self._lines: list[tuple[str, str]] = []  # the dotted key that each line starts, its text
        table = ""
        for line in text.splitlines():
            header = re.match(r"\s*\[+([^\]]+)\]", line)
            key = re.match(r"""\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*[\w"'-]+)*)\s*=""", line)
            table = _dotted(header[1]) if header else table
            started = table if header else _dotted(f"{table}.{key[1]}") if key else ""
            self._lines.append((started, line.strip()))

    def find(self, table: str, name: str) -> Place:
        """The line of a key: its own, one below it, or that of the inline table around it."""
        wanted = _dotted(f"{table}.{name}")
        around = Place(FILE_NAME)
        for number, (started, text) in enumerate(self._lines, start=1):
            if started == wanted or started.startswith(f"{wanted}."):
                return Place(FILE_NAME, number, text=text)
            if started and "=" in text and wanted.startswith(f"{started}."):
                around = Place(FILE_NAME, number, text=text)
        return around


def _dotted(key: str) -> str:
    return re.sub(r"""["'\s]""", "", key).strip(".")
