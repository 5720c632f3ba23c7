"""FF-1xx: a class, function or file that says something wrong."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class DeclarationError(FlowForgeError):
    """Something is declared wrongly; each way has a code of its own below."""

    code = "FF-100"


class UnstorableTypeError(DeclarationError):
    """A column's type cannot be stored exactly.

    Use one of `int float bool str bytes date datetime Decimal`, `Literal` or `Enum` of strings,
    `list[...]`, a nested `Shape`, or `Int8 Int16 Int32 Float32 Json`; each may be `| None`.
    """

    code = "FF-101"


class ColumnFormError(DeclarationError):
    """A column is not written as `name: Col[type] = col(...)`.

    Give it both the annotation and `= col()` or `= key()`.
    """

    code = "FF-102"


class UnresolvedNameError(DeclarationError):
    """An annotation names something that is not there.

    Import it, or mend its spelling; a name imported under `TYPE_CHECKING` only is not there when
    the project is loaded.
    """

    code = "FF-103"


class RuleTypeError(DeclarationError):
    """A column's rule does not fit its type.

    `ge gt le lt` compare with a value of the column's type, `regex` is for strings, `min_length`
    and `max_length` for strings, bytes and lists, `precision` and `scale` for `Decimal`.
    """

    code = "FF-104"


class DatasetNameError(DeclarationError):
    """A dataset's name is not made of lower-case words.

    Give one with `name="group.name"`: letters, digits and underscores, dots between groups.
    """

    code = "FF-105"


class PartitionColumnError(DeclarationError):
    """A dataset is partitioned by a column that it does not have, or of another type.

    Name the column with `DAY.on("day")`. A time partition needs a `date` or `datetime` column, a
    static one a string column; the column may not be null.
    """

    code = "FF-106"


class MissingAnnotationError(DeclarationError):
    """A parameter or the return value of an asset or check has no annotation.

    The signature is the wiring: write `raw: Frame[RawOrders]` and `-> Frame[Orders]`.
    """

    code = "FF-107"


class ReturnFormError(DeclarationError):
    """An asset does not return a dataset, or a check does not return bad rows.

    Annotate an asset with `-> Frame[D]` (or `Table`, `Rows`, `Arrow`) and a check with
    `-> BadRows[D]`.
    """

    code = "FF-108"


class ParameterFormError(DeclarationError):
    """A parameter is annotated with something that cannot be given to it.

    A parameter is a form of a dataset, a partition key (`day: date`), `Partitions[date]`, a
    `Resource` or `Context`.
    """

    code = "FF-109"


class ColumnNameError(DeclarationError):
    """Two columns have the same stored name, or names that differ in case only.

    Stores that fold case would mix them up; rename one with `name=`. Nor can a column have been
    renamed from its own name: `renamed_from=` is the name that it had before.
    """

    code = "FF-110"


class AssetOptionError(DeclarationError):
    """An option of an asset or dataset has a value out of range, or does not go with another.

    The message names the option and its value, the hint what it takes.
    """

    code = "FF-111"


class ReferenceTargetError(DeclarationError):
    """`ref=` does not name a dataset with a column that can be referred to.

    The dataset needs a single key column, or a column of the same name as the referring one.
    """

    code = "FF-112"


class RowError(DeclarationError):
    """A row was made with values that its dataset does not allow.

    The message names the columns; values are left out, as they may be secret.
    """

    code = "FF-113"


class DuplicateDatasetError(DeclarationError):
    """Two classes declare the same dataset.

    Rename one, or give it another `name=`.
    """

    code = "FF-114"


class NotAFunctionError(DeclarationError):
    """`@asset` or `@check` stands on something that is no plain function.

    Put it on a `def`, or on a `functools.partial` of one: not on a class, an `async def` or a
    callable object.
    """

    code = "FF-115"


class PartitionParameterError(DeclarationError):
    """A parameter asks for a partition key that the asset does not have.

    It must bear the name of a partition column of what the asset makes, and its type: `date` for
    days, weeks and months, `datetime` for hours, `str` for static values.
    """

    code = "FF-116"


class CheckFormError(DeclarationError):
    """A check does not guard a dataset.

    Its first parameter must be a frame of the dataset that it guards: `flights: Frame[Flights]`.
    """

    code = "FF-117"


class FormMismatchError(DeclarationError):
    """A dataset is asked for in a form that it does not have.

    A table is read and made as `Frame`, `Table`, `Rows` or `Arrow`, an artifact as `File`; a
    `Written[D]` needs a parameter `out: Out[D]` of the same dataset.
    """

    code = "FF-120"


class SchemaFileError(DeclarationError):
    """A file of schemas cannot be read, or holds something that is no schema.

    It is JSON: `{"customers": {"id": "int64", "name": "string?"}}`. The message names the table
    and the column.
    """

    code = "FF-121"


class UnhashableValueError(DeclarationError):
    """A function uses a value that cannot be hashed, so that a change of it would not be seen.

    Make the value inside the function, ask for it as a `Resource`, or give the asset a
    `code_version="1"` and count it up when its code changes.
    """

    code = "FF-118"


class MissingSourceError(DeclarationError):
    """The source of a function or class cannot be found, so that a change would not be seen.

    Write it in a file of the project; load the project anew if the file has changed since; or
    give the asset a `code_version="1"` and count it up when its code changes.
    """

    code = "FF-119"
