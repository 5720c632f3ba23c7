"""Whether a project can work where it is: its files, its store, its ledger and its tools."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, TypeVar, cast

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.project.config import FILE_NAME, ProjectConfig, read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.finding import Finding, problem
from flowforge_assets.project.foreign import import_foreign
from flowforge_assets.project.modules import import_modules
from flowforge_assets.project.store_health import store_health
from flowforge_assets.record.lease import is_gone
from flowforge_assets.record.ledger import Ledger

T = TypeVar("T")
_DECORATORS: Final = ("flowforge_assets.asset", "flowforge_assets.check")


def has_project(root: Path) -> bool:
    """Whether a project file is in the folder."""
    return (root / FILE_NAME).exists()


def project_health(root: Path, env: str) -> Iterator[Finding]:
    """How the project in `root` and its environment `env` are.

    Nothing is changed: probes of a few bytes are written beside the tables and removed. The
    project's modules are imported, as every command does.
    """
    config = _tried(FILE_NAME, partial(read_config, root))
    if isinstance(config, Finding):
        yield config
        return
    yield Finding(FILE_NAME, "ok", config.name)
    about = f"env {env}"
    where = _tried(about, partial(Environment.of, config, env))
    yield Finding(about, "ok", where.location) if isinstance(where, Environment) else where
    yield _modules(config)
    if isinstance(where, Environment):
        yield from _borrowed(config, where)
        yield from store_health(where)
        yield _ledger(where)
        yield from _runs(where)
    yield from _ruff(config.root)


def _borrowed(config: ProjectConfig, where: Environment) -> Iterator[Finding]:
    """What the environment reads of others, and what it reads in part."""
    lenders = _tried("read_from", partial(where.lenders, config))
    if isinstance(lenders, Finding):
        yield lenders
    elif lenders:
        yield Finding("read_from", "ok", ", ".join(each.shown for each in lenders))
    if where.config.sample.is_on:
        is_prod = where.name.startswith("prod")
        said = "assets read a part of their inputs"
        remedy = f"take `sample` out of `[env.{where.name}]`" if is_prod else ""
        yield Finding("sample", "warning" if is_prod else "ok", said, remedy)


def _tried(about: str, do: Callable[[], T]) -> T | Finding:
    """What `do` gives, or its errors as a problem."""
    try:
        return do()
    except FlowForgeError as error:
        return problem(about, error)


def _modules(config: ProjectConfig) -> Finding:
    if not config.modules:
        return Finding("modules", "ok", "none, SQL alone")
    foreign = _tried("uses", partial(import_foreign, config, config.root / ".flowforge" / "cache"))
    if isinstance(foreign, Finding):
        return foreign
    found = _tried("modules", partial(import_modules, config.root, config.modules))
    return (
        found if isinstance(found, Finding) else Finding("modules", "ok", f"{len(found)} imported")
    )


def _ledger(environment: Environment) -> Finding:
    if not environment.has_ledger:
        return Finding("ledger", "ok", "none yet: nothing ran here")

    def datasets() -> int:
        with Ledger.open(environment.ledger, timeout_seconds=1) as ledger:
            ledger.verify()
            return len(ledger.datasets())

    known = _tried("ledger", datasets)
    if isinstance(known, Finding):
        return known
    return Finding("ledger", "ok", f"sound, knows {_counted(known, 'dataset')}")


def _runs(environment: Environment) -> Iterator[Finding]:
    """Whether runs are going on, or were killed."""
    if not environment.has_ledger:
        return
    try:
        with Ledger.open(environment.ledger, timeout_seconds=1) as ledger:
            live = ledger.leases.live(is_gone=is_gone)
            killed = len([run for run in ledger.unfinished_runs() if run.run_id not in live])
    except FlowForgeError as error:
        yield problem("runs", error)
    else:
        if killed:
            said = f"{_counted(killed, 'run')} did not end: killed"
            remedy = "nothing is lost: the next `flowforge run` settles what was committed"
            yield Finding("runs", "warning", said, remedy)
        elif live:
            said = "one is going on now" if len(live) == 1 else f"{len(live)} are going on now"
            yield Finding("runs", "ok", said)
        else:
            yield Finding("runs", "ok", "none is going on")


def _ruff(root: Path) -> Iterator[Finding]:
    """Whether ruff, where it moves imports into type-checking blocks, leaves ours alone.

    FlowForge reads annotations when it runs. A project without ruff has nothing to be told.
    """
    found = _ruff_settings(root)
    if found is None:
        return
    file, settings = found
    lint = _table(settings, "lint")
    chosen = [*_texts(lint, "select"), *_texts(lint, "extend-select")]
    if not any(rule == "ALL" or rule.startswith(("TC", "TCH")) for rule in chosen):
        yield Finding("ruff", "ok", "moves no imports")
        return
    kept = _texts(_table(lint, "flake8-type-checking"), "runtime-evaluated-decorators")
    missing = [name for name in _DECORATORS if name not in kept]
    if missing:
        shown = ", ".join(f'"{name}"' for name in missing)
        said = "moves imports that FlowForge needs when it runs"
        table = "lint.flake8-type-checking"
        table = table if file == "ruff.toml" else f"tool.ruff.{table}"
        remedy = f"add {shown} to `runtime-evaluated-decorators` in `[{table}]` of {file}"
        yield Finding("ruff", "warning", said, remedy)
    else:
        yield Finding("ruff", "ok", "leaves our annotations alone")


def _ruff_settings(root: Path) -> tuple[str, dict[str, object]] | None:
    for file in ("ruff.toml", ".ruff.toml", "pyproject.toml"):
        try:
            read: dict[str, object] = tomllib.loads((root / file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # not there, or not ours to complain of
        if file != "pyproject.toml":
            return "ruff.toml", read
        tool = _table(read, "tool")
        if "ruff" in tool:
            return file, _table(tool, "ruff")
    return None


def _table(settings: dict[str, object], name: str) -> dict[str, object]:
    value = settings.get(name)
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _texts(settings: dict[str, object], name: str) -> list[str]:
    value = settings.get(name)
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str)]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
