"""FF-433 to FF-437: functions that return a query, for `@sql_asset`, and what is said of tables.

SqlError
├── SqlFunctionSignatureError  FF-433  takes or promises what such a function cannot
├── SqlFunctionFailedError     FF-434  raises when it is called
├── SqlFunctionReturnError     FF-435  returns neither SQL text nor an expression
├── SqlFunctionInputError      FF-436  takes a dataset or a parameter that its SQL does not use
└── LayoutColumnError          FF-437  a layout by a column that is not there, or cannot cut
"""

from __future__ import annotations

from flowforge_assets.errors.sql import SqlError


class SqlFunctionSignatureError(SqlError):
    """A function with `@sql_asset` takes or promises what a function that writes SQL cannot.

    It is called when the project is loaded, without data: it takes names of datasets
    (`raw: Sql[Raw]`) and texts of parameters (`day: Param[date]`), and returns `Sql[D]` of the one
    dataset that it makes.
    """

    code = "FF-433"


class SqlFunctionFailedError(SqlError):
    """A function with `@sql_asset` raised an error when it was called for its SQL.

    It is called each time that the project is loaded: give the same SQL each time, and read no
    files or settings that may be missing elsewhere.
    """

    code = "FF-434"


class SqlFunctionReturnError(SqlError):
    """A function with `@sql_asset` returned neither SQL text nor a sqlglot expression.

    Return a `str` with one SELECT, or what sqlglot's builders give.
    """

    code = "FF-435"


class SqlFunctionInputError(SqlError):
    """A function with `@sql_asset` takes a dataset or a parameter that its SQL does not use.

    Write it into the SQL, `FROM {raw}`, or do not take it.
    """

    code = "FF-436"


class LayoutColumnError(SqlError):
    """A layout names a column that the dataset does not have, or cuts by one that is no time.

    `cluster_by`, `partition_by` and `distribute` name columns of what the query makes;
    `partition_by` a date or a time.
    """

    code = "FF-437"
