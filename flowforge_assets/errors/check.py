"""FF-3xx: an asset whose body does not keep its promise."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class CheckError(FlowForgeError):
    """An asset does not give what it promises; each way has a code of its own below."""

    code = "FF-300"


class MissingColumnError(CheckError):
    """What an asset returns lacks a declared column.

    Add the column, or declare it `col(optional=True)` where it may be absent.
    """

    code = "FF-301"


class UndeclaredColumnError(CheckError):
    """What an asset returns has a column that its dataset does not declare.

    Declare it, leave it out, or say what becomes of such columns: `extra="keep"` or `"drop"`.
    """

    code = "FF-302"


class ColumnTypeError(CheckError):
    """What an asset returns has a column of another type than declared.

    Nothing is cast silently: cast it in the asset, or change the declaration.
    """

    code = "FF-303"


class BodyError(CheckError):
    """An asset cannot be evaluated on empty inputs: it uses a column or name that is not there.

    The line is the one in the asset where it failed.
    """

    code = "FF-304"


class ReturnValueError(CheckError):
    """An asset returns something else than the form that it promises, such as None.

    Return what the annotation says; a `return` may lack at the end.
    """

    code = "FF-305"


class BodyFailedError(CheckError):
    """The body of an asset or check raises an error of its own when it is called without rows.

    Let it give an empty frame then, or say `lazy=False` if it must see rows. `check` reports it;
    a run goes on and fails at that step if the error comes again.
    """

    code = "FF-306"
