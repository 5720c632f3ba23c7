"""FF-46x: what a project adds to SQL: macros, variables, and refusals that it accepts.

SqlError
├── SqlAcceptError        FF-460  an `ff: accept` that cannot be read
├── SqlAcceptUnusedError  FF-461  an `ff: accept` on a line that needs none
├── SqlMacroFileError     FF-462  a file below `macros/` that holds anything but macros
├── SqlMacroNameError     FF-463  a macro that uses a name which it does not have
├── SqlMacroCallError     FF-464  a macro called with other arguments than it takes
├── SqlMacroCycleError    FF-465  a macro that calls itself
├── SqlMacroCaptureError  FF-466  an argument that would mean something else inside a macro
├── SqlVariableError      FF-467  a variable of the project that no query can use
└── SqlDialectError       FF-468  a query of another dialect that cannot be brought to DuckDB's
"""

from __future__ import annotations

from flowforge_assets.errors.sql import SqlError


class SqlAcceptError(SqlError):
    """An `ff: accept` names no code that can be accepted, or gives no reason.

    Write `-- ff: accept FF-451 why it does not matter here` at the end of the line that is refused.
    """

    code = "FF-460"


class SqlAcceptUnusedError(SqlError):
    """An `ff: accept` stands on a line where the target refuses nothing with that code.

    It may be needed for another target; where it is for none, take it away.
    """

    code = "FF-461"


class SqlMacroFileError(SqlError):
    """A file below `macros/` cannot be read, or holds anything but `CREATE MACRO` statements.

    Write `CREATE MACRO name(a, b := 1) AS expression;` or `CREATE MACRO name(a) AS TABLE query;`,
    each name once in the project.
    """

    code = "FF-462"


class SqlMacroNameError(SqlError):
    """A macro uses a column, table or parameter that is not its own.

    A macro sees its parameters, the columns of its own subqueries, and datasets by their keys. What
    it needs beside them is to be a parameter.
    """

    code = "FF-463"


class SqlMacroCallError(SqlError):
    """A macro is called with more, fewer or other arguments than it takes.

    The hint says where it is declared and what it takes.
    """

    code = "FF-464"


class SqlMacroCycleError(SqlError):
    """A macro calls itself, at once or by way of others.

    Macros are written out where they are called, so that they cannot go in circles: use
    `WITH RECURSIVE` inside one.
    """

    code = "FF-465"


class SqlMacroCaptureError(SqlError):
    """An argument of a macro would mean something else where the macro uses it.

    Write the table before the column, `orders.price`, or give the macro's own table another alias.
    An argument that differs each time that it is worked out can be used once only.
    """

    code = "FF-466"


class SqlVariableError(SqlError):
    """A variable in the project file is no value that a query can use, or has the name of another.

    Values are texts, whole numbers, decimals, booleans, dates and times.
    """

    code = "FF-467"


class SqlDialectError(SqlError):
    """A query of another dialect has a part that is not known to mean the same in DuckDB.

    Write that part in SQL that both read alike, or the query in DuckDB's SQL.
    """

    code = "FF-468"
