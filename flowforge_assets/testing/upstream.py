"""What the assets of a test need from others, who are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.testing import NotGivenError


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


def stand_in(dataset: DatasetDefinition) -> AssetDefinition:
    """Whoever makes a dataset that the test gives."""
    return AssetDefinition(
        name=f"{dataset.key} (given)",
        makes=(Output(dataset.key, "frame"),),
        place=Place("given"),
        function=_never,
    )
