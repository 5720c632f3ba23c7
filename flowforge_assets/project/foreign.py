"""Reads the projects that a project uses: what they declare may be read here, never made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import DatasetDefinition, External
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.project import UnknownEnvironmentError, UsedProjectError
from flowforge_assets.project.collect import collect
from flowforge_assets.project.config import FILE_NAME, ProjectConfig, read_config
from flowforge_assets.project.modules import import_modules
from flowforge_assets.project.uses import Foreign, Use, folder_of, refuse_clash
from flowforge_assets.sql.analysis import SqlAnalysis


def import_foreign(
    config: ProjectConfig, caches: Path, *, within: tuple[Path, ...] = ()
) -> Foreign:
    """Imports the projects that a project uses; its own modules are to be imported after them.

    Views are left out: they are worked out by who reads them, in the project that declares them.
    `within` are the projects that use this one.

    Raises:
        FlowForgeError: a project is not there, is wrong in itself, or uses itself in the end.
    """
    datasets: dict[DatasetKey, DatasetDefinition] = {}
    owners: dict[str, str] = {}
    path = (*within, config.root.resolve())
    for use in config.uses:
        folder = folder_of(use, config.root)
        if folder in path:
            message = f"`[uses.{use.name}]` goes in a circle: that project uses this one"
            raise UsedProjectError(message, place=use.place, hint="take one of the two away")
        theirs = read_config(folder)
        refuse_clash(use, config, theirs)
        _refuse_unknown_environment(use, theirs)
        for dataset in _stored(theirs, caches, within=path):
            key = DatasetKey(f"{use.name}/{dataset.key}")
            datasets[key] = _as_read_here(dataset, key, use)
        owners |= {name.partition(".")[0]: use.name for name in theirs.modules}
    return Foreign(datasets, owners)


def _refuse_unknown_environment(use: Use, theirs: ProjectConfig) -> None:
    try:
        theirs.environment(use.env)
    except UnknownEnvironmentError as error:
        message = f"`[uses.{use.name}]` reads the environment `{use.env}`, which it does not have"
        raise UsedProjectError(message, place=use.place, hint=error.hint) from error


def _stored(
    theirs: ProjectConfig, caches: Path, *, within: tuple[Path, ...]
) -> Iterator[DatasetDefinition]:
    """What another project makes and stores itself."""
    foreign = import_foreign(theirs, caches, within=within)
    modules = import_modules(theirs.root, theirs.modules)
    with SqlAnalysis(caches / "sql.json") as sql:
        definitions = collect(
            theirs.root,
            modules,
            sql,
            defaults=theirs.defaults,
            foreign=foreign,
            variables=theirs.variables,
        )
    for asset in definitions.assets:
        if asset.write != "view":
            for output in asset.makes:
                yield replace(definitions.datasets[output.dataset], steps=asset.per)


def _as_read_here(dataset: DatasetDefinition, key: DatasetKey, use: Use) -> DatasetDefinition:
    place = use.place or Place(FILE_NAME)
    external = External(at=None, version=None, place=place, project=use.name)
    # its rules are judged where it is made
    return replace(dataset, key=key, external=external, rules=(), aliases=())
