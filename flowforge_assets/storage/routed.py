"""A store of several places: each dataset lies in its own, its layer's, or the one for all."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.store import Artifacts, Store, Table, TableSpec

P = TypeVar("P", bound=Hashable)


@runtime_checkable
class Connected(Protocol):
    """A store that holds connections."""

    def close(self) -> None:
        """Ends them; the store may be used again after."""
        ...


class RoutedStore(Generic[P]):
    """Chooses a place by a dataset's key, and opens it at first use: others may stay closed."""

    def __init__(
        self, default: P, choose: Callable[[DatasetKey], P], open_place: Callable[[P], Store]
    ) -> None:
        """Opens nothing yet."""
        self._default = default
        self._choose = choose
        self._open_place = open_place
        self._opened: dict[P, Store] = {}
        self._lock = Lock()

    @property
    def uri(self) -> str:
        """The place for all that have none of their own."""
        return self._at(self._default).uri

    def table(self, spec: TableSpec) -> Table:
        """The table of `spec.key`, in its place."""
        return self._at(self._choose(spec.key)).table(spec)

    def artifact(self, spec: TableSpec) -> Artifacts:
        """The files of the artifact `spec.key`, in its place."""
        return self._at(self._choose(spec.key)).artifact(spec)

    def close(self) -> None:
        """Ends the connections of the places that were opened; they may be used again after."""
        with self._lock:
            opened = [store for store in self._opened.values() if isinstance(store, Connected)]
        for store in opened:
            store.close()

    def _at(self, place: P) -> Store:
        with self._lock:
            store = self._opened.get(place)
            if store is None:
                store = self._opened[place] = self._open_place(place)
            return store
