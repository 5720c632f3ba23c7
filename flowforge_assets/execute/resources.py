"""Resources of a run: made once from settings, shared by the steps, closed at its end."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from threading import Lock
from typing import cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.isolated import NotIsolableError
from flowforge_assets.errors.project import ResourceSettingsError
from flowforge_assets.errors.run import ResourceError
from flowforge_assets.graph.build import Graph


class Resources:
    """The resources of one run by their class; safe between threads."""

    def __init__(
        self, settings: Mapping[str, Mapping[str, object]], *, given: tuple[Resource, ...] = ()
    ) -> None:
        """`settings` by class name; `given` are ready-made ones, for tests."""
        self._settings = settings
        self._given = tuple(type(resource) for resource in given)
        self._open: dict[type, object] = {type(resource): resource for resource in given}
        self._stack = ExitStack()
        self._lock = Lock()

    def get(self, kind: type[Resource]) -> object:
        """The resource of class `kind`, or a given one of a class below it.

        Raises:
            ResourceSettingsError: its settings are missing or do not fit (FF-808).
            ResourceError: it cannot be opened (FF-704).
        """
        with self._lock:
            found = self._open.get(kind)
            if found is None:
                found = next((r for t, r in self._open.items() if issubclass(t, kind)), None)
            if found is None:
                found = self._open[kind] = self._opened(kind)
            return found

    def settings_of(self, kinds: Iterable[type[Resource]]) -> Mapping[str, Mapping[str, object]]:
        """The settings of resources, by which another process makes its own.

        Raises:
            NotIsolableError: one was given ready-made (FF-761).
        """
        settings: dict[str, Mapping[str, object]] = {}
        for kind in kinds:
            if any(issubclass(given, kind) for given in self._given):
                message = f"a `{kind.__name__}` was given, and an isolated asset makes its own"
                hint = "call the function itself in a test, or leave `isolated=True` out there"
                raise NotIsolableError(message, hint=hint)
            settings[kind.__name__] = self._settings.get(kind.__name__, {})
        return settings

    def close(self) -> None:
        """Closes all that were opened, the last one first."""
        self._stack.close()

    def _opened(self, kind: type[Resource]) -> object:
        settings = checked_settings(kind, self._settings.get(kind.__name__, {}))
        try:
            resource = kind()
            for name, value in settings.items():
                setattr(resource, name, value)
            if isinstance(resource, AbstractContextManager):
                opened: object = self._stack.enter_context(
                    cast("AbstractContextManager[object]", resource)
                )
                return opened
        except Exception as error:
            message = f"the resource `{kind.__name__}` cannot be opened: {error}"
            raise ResourceError(message) from error
        return resource


def refuse_unset(
    graph: Graph,
    ids: Iterable[DatasetKey],
    settings: Mapping[str, Mapping[str, object]],
    *,
    env: str,
    given: tuple[Resource, ...],
) -> None:
    """Lets the assets `ids` pass whose resources have settings in this environment that fit.

    Raises:
        ResourceSettingsError: some have not (FF-808); all of them, each at the asset that asks.
    """
    problems: list[FlowForgeError] = []
    seen: set[type] = {type(resource) for resource in given}
    for id_ in ids:
        asset = graph.assets[id_]
        for kind in asset.resources.values():
            if kind in seen or any(issubclass(ready, kind) for ready in seen):
                continue
            seen.add(kind)
            try:
                checked_settings(kind, settings.get(kind.__name__, {}))
            except ResourceSettingsError as error:
                error.place = asset.place
                error.hint = (error.hint or "").replace("[env.NAME.", f"[env.{env}.")
                problems.append(error)
    raise_all(problems)


def checked_settings(kind: type[Resource], given: Mapping[str, object]) -> dict[str, object]:
    """The settings of `kind` by attribute, those with a default filled in from its class.

    Raises:
        ResourceSettingsError: one is missing, unknown, or of another type (FF-808).
    """
    hints = {n: h for n, h in typing.get_type_hints(kind).items() if not n.startswith("_")}
    where = f"[env.NAME.resources.{kind.__name__}]"
    place = Place("flowforge.toml")
    for name in given:
        if name not in hints:
            hint = did_you_mean(name, hints) or f"it has {', '.join(hints) or 'no settings'}"
            message = f"the resource `{kind.__name__}` has no setting `{name}`"
            raise ResourceSettingsError(message, place=place, hint=hint)
    settings: dict[str, object] = {}
    for name, hint_type in hints.items():
        if name in given:
            settings[name] = _fitting(kind, name, hint_type, given[name])
        elif not hasattr(kind, name):
            message = f"the resource `{kind.__name__}` needs the setting `{name}`"
            raise ResourceSettingsError(message, place=place, hint=f"add it under `{where}`")
    return settings


def _fitting(kind: type, name: str, hint: object, value: object) -> object:
    from pydantic import TypeAdapter, ValidationError  # on use: most projects have no resources

    try:
        adapter: TypeAdapter[object] = TypeAdapter(hint)  # type: ignore[arg-type]  # an annotation
        return adapter.validate_python(value)
    except ValidationError as error:
        message = f"`{name}` does not fit the resource `{kind.__name__}`: it is `{hint}`"
        raise ResourceSettingsError(message, place=Place("flowforge.toml")) from error
