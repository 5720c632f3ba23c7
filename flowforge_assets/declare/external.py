"""`external(Rates, at="s3://...")`: a dataset that someone else makes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, TypeVar

from flowforge_assets.declare.caller import calling_frame
from flowforge_assets.declare.dataset import Dataset
from flowforge_assets.errors.base import Place

D = TypeVar("D", bound=Dataset)


@dataclass(frozen=True, slots=True)
class DeclaredExternal:
    """A dataset class as declared to be made elsewhere."""

    cls: type[Dataset]
    at: str | None
    version: Callable[..., object] | None
    module: str
    place: Place


DECLARED_EXTERNAL: Final[dict[tuple[str, str], DeclaredExternal]] = {}
"""Every external dataset by module and class: the last declaration wins."""


def forget_external(modules: Collection[str]) -> None:
    """Forgets what the modules declared external: they are about to be imported anew."""
    for key in [key for key in DECLARED_EXTERNAL if key[0] in modules]:
        del DECLARED_EXTERNAL[key]


def external(
    dataset: type[D],
    /,
    *,
    at: str | None = None,
    version: Callable[..., object] | None = None,
) -> type[D]:
    """Says that someone else makes the dataset: it is read, checked and never made. Gives it back.

    `at` is where it is: a URL, or a path from the project's folder, of a Delta table or of
    Parquet files; without it, its place in the environment's store. `version` is a function that
    tells its version (an etag, the newest id) where the table itself does not; it may ask for
    resources by their type.
    """
    frame = calling_frame()
    module = str(frame.f_globals.get("__name__", "__main__"))
    shown = f"external({dataset.__name__})"
    DECLARED_EXTERNAL[module, f"{dataset.__module__}.{dataset.__qualname__}"] = DeclaredExternal(
        cls=dataset,
        at=at,
        version=version,
        module=module,
        place=Place(frame.f_code.co_filename, frame.f_lineno, text=shown),
    )
    return dataset
