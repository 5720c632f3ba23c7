"""Sources that are declared wrongly: schedules where they mean nothing, makers of what is given."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from flowforge_assets.declare.definition import AssetDefinition, Definitions
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import FlowForgeError, Place
from flowforge_assets.errors.graph import ExternalMadeError, SourceScheduleError

_FIELDS: Final = 5


def source_problems(definitions: Definitions) -> Iterator[FlowForgeError]:
    """What is wrong with schedules and versions (FF-212), and with external datasets (FF-213)."""
    for key, read in definitions.datasets.items():
        external = read.external
        if external is not None and external.version is not None:
            yield from _asking(external.version, f"external `{key}`", external.place)
    for asset in definitions.assets:
        yield from _times(asset)
        if asset.version is not None:
            yield from _asking(asset.version, f"`{asset.name}`", asset.place)
        for output in asset.makes:
            dataset = definitions.datasets.get(output.dataset)
            if dataset is not None and dataset.external is not None:
                place = dataset.external.place
                message = f"`{asset.name}` makes `{dataset.key}`, which is declared external"
                hint = f"{place.file}:{place.line} says that someone else makes it; keep one"
                yield ExternalMadeError(message, place=asset.place, hint=hint)


def _times(asset: AssetDefinition) -> Iterator[FlowForgeError]:
    told = [name for name in ("schedule", "version") if getattr(asset, name) is not None]
    if told and not asset.is_source:
        read = next(read.dataset for read in asset.inputs if read.form != "before")
        message = f"`{asset.name}` has `{told[0]}=` and reads `{read}`"
        hint = "it is made when what it reads changes: take the option away"
        yield SourceScheduleError(message, place=asset.place, hint=hint)
    elif isinstance(asset.schedule, str) and (why := cron_fault(asset.schedule)):
        message = f"the schedule `{asset.schedule}` of `{asset.name}` cannot be read: {why}"
        hint = "write minute, hour, day, month and weekday in UTC: `0 6 * * *`, or a `timedelta`"
        yield SourceScheduleError(message, place=asset.place, hint=hint)


def resources_of(version: Callable[..., object]) -> Mapping[str, type[Resource]]:
    """The parameters of a `version` function that are resources; the others have defaults.

    Raises:
        TypeError, NameError, ValueError: it asks for something else, or cannot be looked at.
    """
    hints = typing.get_type_hints(version) if inspect.isroutine(version) else {}
    found: dict[str, type[Resource]] = {}
    for name, parameter in inspect.signature(version).parameters.items():
        kind = hints.get(name)
        if isinstance(kind, type) and issubclass(kind, Resource):
            found[name] = kind
        elif parameter.default is parameter.empty and parameter.kind not in {
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        }:
            msg = f"parameter `{name}` is no resource"
            raise TypeError(msg)
    return found


def _asking(
    version: Callable[..., object], whose: str, place: Place
) -> Iterator[SourceScheduleError]:
    try:
        resources_of(version)
    except (TypeError, NameError, ValueError) as error:
        message = f"the function that tells the version of {whose} cannot be called: {error}"
        hint = "let it ask for resources alone, by their classes: `def newest(api: Api) -> str`"
        found = SourceScheduleError(message, place=place, hint=hint)
        found.__cause__ = error
        yield found


def cron_fault(text: str) -> str | None:
    """What is wrong with a cron text, or None."""
    from cronsim import CronSim, CronSimError  # on use: few assets have a schedule

    if len(text.split()) != _FIELDS:
        return f"it has {len(text.split())} fields, not {_FIELDS}"
    try:
        CronSim(text, datetime.now(UTC))
    except CronSimError as error:
        said = str(error)
        return said[:1].lower() + said[1:]
    return None
