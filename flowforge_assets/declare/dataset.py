"""Datasets as classes: `class Flights(Silver, partition=DAY.on("day")): ...`.

A dataset class has no public attribute beyond its columns, so that any column name works. What it
was told besides its columns lies in `__flowforge__`; `flowforge_assets.declare.describe` reads it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias

from typing_extensions import dataclass_transform

from flowforge_assets.core.key import Layer
from flowforge_assets.declare.caller import calling_frame, local_names
from flowforge_assets.declare.column import Col, col, key
from flowforge_assets.declare.partitions import Partition
from flowforge_assets.declare.texts import texts
from flowforge_assets.errors.base import Place

PLAIN: Final = frozenset({bool, bytes, date, float, int, str, tuple})
"""Values by which the calls of a factory function are told apart."""
Extra: TypeAlias = Literal["refuse", "keep", "drop"]
DatasetKind: TypeAlias = Literal["table", "artifact"]


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """What a dataset class was told, and where it stands.

    `scope` holds the names visible where a class inside a function was written, else None.
    `order` counts classes in the order of their declaration. `is_generated` says that a call of
    `dataset(...)` made the class.
    """

    place: Place
    order: int = 0
    scope: Mapping[str, object] | None = None
    layer: Layer | None = None
    name: str | None = None
    partition: Partition | None = None
    extra: Extra = "refuse"
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fresh: timedelta | None = None
    min_rows: int = 0
    aliases: tuple[str, ...] = ()
    suffix: str = ""
    is_generated: bool = False

    def plain_scope(self) -> Mapping[str, object]:
        """The plain values in the scope: those that a factory function was called with."""
        return {k: v for k, v in (self.scope or {}).items() if type(v) in PLAIN}


ORDER: Final = itertools.count(1)


@dataclass_transform(kw_only_default=True, frozen_default=False, field_specifiers=(col, key))
class DatasetMeta(type):
    """Keeps what a dataset class is told apart from its columns."""

    if not TYPE_CHECKING:

        def __new__(  # noqa: D102, PLR0913 - the keywords are documented on `Dataset`
            mcs,
            class_name: str,
            bases: tuple[type, ...],
            namespace: dict[str, object],
            *,
            name: str | None = None,
            partition: Partition | None = None,
            extra: Extra = "refuse",
            owners: Sequence[str] = (),
            tags: Sequence[str] = (),
            fresh: timedelta | None = None,
            min_rows: int = 0,
            aliases: Sequence[str] = (),
            layer: Layer | None = None,
        ) -> type:
            if "__flowforge__" in namespace:  # `dataset(...)` has said it all
                return super().__new__(mcs, class_name, bases, namespace)
            frame = calling_frame()
            code = frame.f_code
            inherited = (getattr(base, "__flowforge__", None) for base in bases)
            if layer is None:
                layer = next((o.layer for o in inherited if o is not None and o.layer), None)
            namespace["__flowforge__"] = DatasetOptions(
                place=Place(code.co_filename, frame.f_lineno, text=f"class {class_name}"),
                order=next(ORDER),
                scope=local_names(frame),
                layer=layer,
                name=name,
                partition=partition,
                extra=extra,
                owners=texts(owners),
                tags=texts(tags),
                fresh=fresh,
                min_rows=min_rows,
                aliases=texts(aliases),
            )
            return super().__new__(mcs, class_name, bases, namespace)

        def __init__(cls, class_name, bases, namespace, **_options) -> None:  # noqa: ANN001, ANN003
            super().__init__(class_name, bases, namespace)

        # Here, not on `Dataset`: a dataset has no attribute beyond its columns.
        def __repr__(cls) -> str:
            """The key, and the columns with their types."""
            return _drawn(cls, "one_line") or super().__repr__()

        def _repr_pretty_(cls, printer, _is_cycle) -> None:  # noqa: ANN001
            """The columns, a line each, for IPython in a terminal."""
            drawing = _drawn(cls, "dataset_drawing")
            printer.text(drawing.text() if drawing else super().__repr__())

        def _repr_html_(cls) -> str | None:
            """The columns as a table, for a notebook."""
            drawing = _drawn(cls, "dataset_drawing")
            return drawing.html() if drawing else None


def _drawn(cls: type, how: str) -> Any:  # noqa: ANN401 - a text or a drawing
    """What `declare.drawing.how` gives for the class; None if it is no dataset, or is wrong."""
    if cls in ROOTS:
        return None
    from flowforge_assets.declare import drawing  # it reads classes, which this module makes
    from flowforge_assets.errors.base import FlowForgeError

    try:
        return getattr(drawing, how)(cls)
    except FlowForgeError:
        return None


class Shape(metaclass=DatasetMeta):
    """Columns without a place: a base of datasets, and the type of nested structs."""

    __flowforge__: ClassVar[DatasetOptions]

    if not TYPE_CHECKING:

        def __init__(self, **values: object) -> None:
            """A validated row; see `RowError` (FF-113)."""
            from flowforge_assets.declare.row import validated  # pydantic, on first use only

            self.__dict__.update(validated(type(self), values))

        def __setattr__(self, name: str, value: object) -> None:
            """Rows are frozen."""
            msg = f"a row of {type(self).__name__} is frozen; make a new one"
            raise AttributeError(msg)

        def __delattr__(self, name: str) -> None:
            """Rows are frozen."""
            self.__setattr__(name, None)

        def __hash__(self) -> int:
            """Equal rows have equal hashes; a row that holds a list has none."""
            return hash((type(self), *self.__dict__.values()))

        def __eq__(self, other: object) -> bool:
            """Rows are equal when class and values are."""
            return type(other) is type(self) and other.__dict__ == self.__dict__

        def __repr__(self) -> str:
            """`Flights(flight_id='...', ...)`."""
            values = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
            return f"{type(self).__name__}({values})"


class Dataset(Shape):
    """A table of the lake: subclass `Bronze`, `Silver` or `Gold`.

    `name` is `[group.]name` where the class name in snake case will not do. `partition` is how it
    is cut, e.g. `DAY.on("day")`. `extra` says what becomes of columns that an asset returns but
    the class does not declare: `"refuse"` them, `"keep"` them in the table, or `"drop"` them.
    `owners` and `tags` describe. `fresh` promises that the data is never older than this,
    `min_rows` that each step has so many rows at least: one that has fewer is not written.
    `aliases` are keys or names that it had before: what was made under them is kept.
    """

    if TYPE_CHECKING:

        def __init_subclass__(
            cls,
            *,
            name: str | None = None,
            partition: Partition | None = None,
            extra: Extra = "refuse",
            owners: Sequence[str] = (),
            tags: Sequence[str] = (),
            fresh: timedelta | None = None,
            min_rows: int = 0,
            aliases: Sequence[str] = (),
        ) -> None: ...


if TYPE_CHECKING:

    class Bronze(Dataset):
        """Data as delivered."""

    class Silver(Dataset):
        """Data typed, cleaned and joined."""

    class Gold(Dataset):
        """Data for people and reports."""

else:

    class Bronze(Dataset, layer="bronze"):
        """Data as delivered."""

    class Silver(Dataset, layer="silver"):
        """Data typed, cleaned and joined."""

    class Gold(Dataset, layer="gold"):
        """Data for people and reports."""


ROOTS: Final[frozenset[type]] = frozenset({Shape, Dataset, Bronze, Silver, Gold})
"""The classes of ours that are no dataset themselves."""


def declared_columns(cls: type) -> dict[str, tuple[Col[Any], type]]:
    """Attribute -> (column, the class that declares it), bases first, in order of declaration."""
    found: dict[str, tuple[Col[Any], type]] = {}
    for owner in reversed(cls.__mro__):
        for name, value in vars(owner).items():
            if isinstance(value, Col):
                found[name] = (value, owner)
    return found
