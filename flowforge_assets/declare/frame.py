"""The forms in which an asset reads and gives a dataset.

To a type checker `Frame[D]` is a `pl.LazyFrame`; at run time it is a bare alias that collection
reads, so that declaring imports no polars.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import GenericAlias
from typing import TYPE_CHECKING, TypeVar

from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.dataset import Dataset, Shape

D = TypeVar("D", bound=Dataset)
S = TypeVar("S", bound=Shape)
A = TypeVar("A", bound=Artifact)

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    import pyarrow as pa
    from typing_extensions import TypeAliasType

    Frame = TypeAliasType("Frame", pl.LazyFrame, type_params=(S,))
    Table = TypeAliasType("Table", pl.DataFrame, type_params=(S,))
    Rows = TypeAliasType("Rows", Iterable[D], type_params=(D,))
    Arrow = TypeAliasType("Arrow", pa.RecordBatchReader, type_params=(D,))
    Before = TypeAliasType("Before", pl.LazyFrame, type_params=(D,))
    Changes = TypeAliasType("Changes", pl.LazyFrame, type_params=(D,))
    BadRows = TypeAliasType("BadRows", pl.LazyFrame, type_params=(S,))
    File = TypeAliasType("File", Path, type_params=(A,))
else:

    class Frame:
        """A lazy polars frame of a dataset's rows: `Frame[Flights]`."""

        __class_getitem__ = classmethod(GenericAlias)

    class Table:
        """A polars DataFrame of a dataset's rows: `Table[Flights]`."""

        __class_getitem__ = classmethod(GenericAlias)

    class Rows:
        """The rows of a dataset one by one, as validated objects: `Rows[Flights]`."""

        __class_getitem__ = classmethod(GenericAlias)

    class Arrow:
        """A stream of Arrow record batches of a dataset's rows: `Arrow[Flights]`."""

        __class_getitem__ = classmethod(GenericAlias)

    class Before:
        """The rows of its own output that the step will replace, as a lazy polars frame."""

        __class_getitem__ = classmethod(GenericAlias)

    class Changes:
        """The rows of a dataset that were added or changed since its reader's last step."""

        __class_getitem__ = classmethod(GenericAlias)

    class File:
        """The path of an artifact's file: `File[Churn]`."""

        __class_getitem__ = classmethod(GenericAlias)

    class BadRows:
        """What a check returns: the rows that break it, none when all is well."""

        __class_getitem__ = classmethod(GenericAlias)


@dataclass(frozen=True, slots=True)
class Deletes:
    """Gives rows that were removed as well: `Annotated[Changes[Orders], Deletes("_deleted")]`.

    The frame has `column` beside those of the dataset: true of a row that is no longer there, of
    which it has the last values, and false of all others.
    """

    column: str = "_deleted"
