"""A column of a dataset: `day: Col[date] = col()`.

On the class a column is a polars expression, on a row it is the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeAlias, TypeVar, overload

from flowforge_assets.core.rule import Scalar, Scope
from flowforge_assets.core.schema import Plain
from flowforge_assets.declare.texts import texts

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")

Int8: TypeAlias = Annotated[int, Plain("int8")]
"""A whole number of 8 bits: -128 to 127."""
Int16: TypeAlias = Annotated[int, Plain("int16")]
"""A whole number of 16 bits."""
Int32: TypeAlias = Annotated[int, Plain("int32")]
"""A whole number of 32 bits."""
Int64: TypeAlias = Annotated[int, Plain("int64")]
"""A whole number of 64 bits: what `int` means."""
Float32: TypeAlias = Annotated[float, Plain("float32")]
"""A number of single precision."""
Json: TypeAlias = Annotated[str, Plain("json")]
"""A string that holds JSON."""

Writer: TypeAlias = Literal["valid_from", "valid_to", "current"]
"""A column that the writer makes, by what it holds."""


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """What `col(...)` was told; `ref` is a dataset class."""

    name: str | None = None
    is_key: bool = False
    scope: Scope = "partition"
    unique: bool = False
    ge: Scalar | None = None
    gt: Scalar | None = None
    le: Scalar | None = None
    lt: Scalar | None = None
    isin: tuple[Scalar, ...] | None = None
    regex: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    ref: type | None = None
    unit: str = ""
    doc: str = ""
    tags: tuple[str, ...] = ()
    optional: bool = False
    precision: int | None = None
    scale: int | None = None
    tz: Literal["UTC"] | None = "UTC"
    writer: Writer | None = None
    renamed_from: tuple[str, ...] = ()


class Col(Generic[T]):
    """A declared column of Python type `T`; made by `col()` and `key()`, never by hand."""

    __slots__ = ("attribute", "options")

    def __init__(self, options: ColumnOptions) -> None:
        """A column with `options`; its class gives it its name."""
        self.options = options
        self.attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Takes the attribute's name as the column's, unless `name=` gave one."""
        self.attribute = name

    @property
    def name(self) -> str:
        """The name as stored."""
        return self.options.name or self.attribute

    @overload
    def __get__(self, row: None, owner: type) -> pl.Expr: ...
    @overload
    def __get__(self, row: object, owner: type) -> T: ...
    def __get__(self, row: object | None, owner: type) -> Any:  # Any: T or an expression
        """`pl.col(name)` on the class, the value on a row."""
        if row is not None:
            return row.__dict__[self.attribute]
        import polars as pl  # heavy: declaring must not import it

        return pl.col(self.name)

    if TYPE_CHECKING:

        def __set__(self, row: object, value: T) -> None:
            """Rows are frozen at run time; this types the constructor's arguments."""


def col(  # noqa: PLR0913 - the whole vocabulary of columns, keyword-only
    *,
    name: str | None = None,
    unique: bool = False,
    ge: Scalar | None = None,
    gt: Scalar | None = None,
    le: Scalar | None = None,
    lt: Scalar | None = None,
    isin: Sequence[Scalar] | None = None,
    regex: str | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    ref: type | None = None,
    unit: str = "",
    doc: str = "",
    tags: Sequence[str] = (),
    optional: bool = False,
    precision: int | None = None,
    scale: int | None = None,
    tz: Literal["UTC"] | None = "UTC",
    valid_from: bool = False,
    valid_to: bool = False,
    current: bool = False,
    renamed_from: str | Sequence[str] = (),
) -> Any:  # noqa: ANN401 - a field specifier must fit any Col[T]
    """A column and what it promises.

    A type without `| None` promises a value in every row. `ge gt le lt isin regex min_length
    max_length unique` are rules on each value; a regular expression must match the whole string.
    `ref` is a dataset class whose single key (or column of the same name) holds every value of
    this one. `name` is the stored name where it is no Python identifier. `unit`, `doc` and `tags`
    (`"pii"` among them) describe. `optional` columns may be absent in what the asset returns and
    are then null. `precision` and `scale` belong to `Decimal`; `tz=None` makes a `datetime` a
    wall-clock reading instead of an instant in UTC. `renamed_from` is the name under which the
    column is stored still, or several that it had, newest first: its values go on under this one.

    `valid_from`, `valid_to` and `current` mark columns that the writer makes, of assets with
    `write="scd2"` or `"snapshot"`: since when a row holds, until when, and whether it holds now.
    """
    writers: tuple[tuple[Writer, bool], ...] = (
        ("valid_from", valid_from),
        ("valid_to", valid_to),
        ("current", current),
    )
    return Col[Any](
        ColumnOptions(
            name=name, unique=unique, ge=ge, gt=gt, le=le, lt=lt,
            isin=None if isin is None else tuple(isin),
            regex=regex, min_length=min_length, max_length=max_length,
            ref=ref, unit=unit, doc=doc, tags=texts(tags), optional=optional,
            precision=precision, scale=scale, tz=tz,
            writer=next((writer for writer, is_meant in writers if is_meant), None),
            renamed_from=texts(renamed_from),
        )
    )  # fmt: skip


def key(  # noqa: PLR0913 - the options of `col` that make sense for a key
    *,
    name: str | None = None,
    scope: Scope = "partition",
    ge: Scalar | None = None,
    le: Scalar | None = None,
    regex: str | None = None,
    ref: type | None = None,
    doc: str = "",
    tags: Sequence[str] = (),
    tz: Literal["UTC"] | None = "UTC",
    renamed_from: str | Sequence[str] = (),
) -> Any:  # noqa: ANN401 - as for `col`
    """A column of the dataset's key.

    All key columns together are unique and never null: within a partition, or with
    `scope="table"` over the whole table.
    """
    return Col[Any](
        ColumnOptions(
            name=name,
            is_key=True,
            scope=scope,
            ge=ge,
            le=le,
            regex=regex,
            ref=ref,
            doc=doc,
            tags=texts(tags),
            tz=tz,
            renamed_from=texts(renamed_from),
        )
    )
