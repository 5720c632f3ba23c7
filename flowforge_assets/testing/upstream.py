"""What the assets of a test need from others, who are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import References
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Input,
    Output,
)
from flowforge_assets.declare.mapping import Has
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.project import ResourceSettingsError
from flowforge_assets.errors.testing import NotGivenError
from flowforge_assets.execute.resources import checked_settings


def _never() -> None:
    """What is given is never made."""


def what_is_read(
    assets: Iterable[AssetDefinition],
    checks: Iterable[CheckDefinition],
    made: Mapping[DatasetKey, DatasetDefinition],
) -> Iterator[tuple[DatasetKey, AssetDefinition | CheckDefinition, bool]]:
    """What is read, by whom, and whether it must be there: inputs, checks', foreign keys."""
    for asset in assets:
        for read in asset.inputs:
            yield read.dataset, asset, _must_be_there(read)
        for output in asset.makes:
            for rule in made[output.dataset].rules:
                if isinstance(rule, References):
                    yield rule.target, asset, True
    for check in checks:
        for read in check.inputs[1:]:
            yield read.dataset, check, _must_be_there(read)


def _must_be_there(read: Input) -> bool:
    is_lenient = isinstance(read.mapping, Has) and read.mapping.missing == "skip"
    return not (read.optional or is_lenient)


def not_given(
    dataset: DatasetDefinition, reader: AssetDefinition | CheckDefinition
) -> NotGivenError:
    """What to add to the test that makes `reader` without `dataset`."""
    name = dataset.cls.__name__ if dataset.cls is not None else f'"{dataset.key}"'
    message = f"`{reader.name}` reads `{dataset.key}`, which this test neither gives nor makes"
    rows = f"rows({name}, [...])" if dataset.cls is not None else "[{...}]"
    hint = f"add it: `given={{{name}: {rows}}}`"
    return NotGivenError(message, place=reader.place, hint=hint)


def given_dataset(dataset: DatasetDefinition) -> DatasetDefinition:
    """The dataset as one that the test gives: whoever else makes it, and what they promise."""
    columns = tuple(replace(column, writer=None) for column in dataset.columns)
    return replace(dataset, columns=columns, rules=(), external=None, steps=None)


def refuse_unfaked(makes: Iterable[AssetDefinition], given: Iterable[Resource]) -> None:
    """Passes when each resource that the assets ask for is given, or needs no settings.

    Raises:
        NotGivenError: a test has no settings to open it with (FF-721).
    """
    kinds = [type(resource) for resource in given]
    for asset in makes:
        for wanted in asset.resources.values():
            if any(issubclass(kind, wanted) for kind in kinds):
                continue
            try:
                checked_settings(wanted, {})
            except ResourceSettingsError as error:
                name = wanted.__name__
                message = f"`{asset.name}` asks for a `{name}`, and this test gives none"
                hint = f"add one, of a class below it: `resources=[Fake{name}()]`"
                raise NotGivenError(message, place=asset.place, hint=hint) from error


def stand_in(dataset: DatasetDefinition) -> AssetDefinition:
    """Whoever makes a dataset that the test gives."""
    return AssetDefinition(
        name=f"{dataset.key} (given)",
        makes=(Output(dataset.key, "frame"),),
        place=Place("given"),
        function=_never,
    )
