"""Artifacts: datasets that are files, such as a trained model or a report.

`class Churn(Artifact, suffix=".pkl"): ...`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from flowforge_assets.declare.caller import calling_frame, local_names
from flowforge_assets.declare.dataset import ORDER, Dataset, DatasetOptions, Gold
from flowforge_assets.declare.partitions import Partition
from flowforge_assets.declare.texts import texts
from flowforge_assets.errors.base import Place


class Artifact:
    """A file of the lake: subclass it, make it as `File[D]` and read it as `File[D]`.

    `name` is `[group.]name` where the class name in snake case will not do. `suffix` is how the
    file's name ends, e.g. `".pkl"`. `layer` is `Bronze`, `Silver` or `Gold`. `partition` is how
    it is cut: one file a partition. `owners`, `tags` and `aliases` are as those of a dataset.
    """

    __flowforge__: ClassVar[DatasetOptions]

    if TYPE_CHECKING:

        def __init_subclass__(
            cls,
            *,
            name: str | None = None,
            suffix: str = "",
            layer: type[Dataset] = Gold,
            partition: Partition | None = None,
            owners: Sequence[str] = (),
            tags: Sequence[str] = (),
            aliases: Sequence[str] = (),
        ) -> None: ...

    else:

        def __init_subclass__(
            cls,
            *,
            name: str | None = None,
            suffix: str = "",
            layer: type[Dataset] = Gold,
            partition: Partition | None = None,
            owners: Sequence[str] = (),
            tags: Sequence[str] = (),
            aliases: Sequence[str] = (),
        ) -> None:
            """Keeps what the class is told."""
            super().__init_subclass__()
            frame = calling_frame()
            cls.__flowforge__ = DatasetOptions(
                place=Place(frame.f_code.co_filename, frame.f_lineno, text=f"class {cls.__name__}"),
                order=next(ORDER),
                scope=local_names(frame),
                layer=getattr(getattr(layer, "__flowforge__", None), "layer", None),
                name=name,
                partition=partition,
                owners=texts(owners),
                tags=texts(tags),
                aliases=texts(aliases),
                suffix=suffix,
            )
