"""FF-4xx: SQL that cannot be read, bound or run.

SqlError
├── SqlFileError          FF-401  a `.sql` file that cannot be read
├── SqlHeaderError        FF-402  a header that is not TOML
├── SqlHeaderKeyError     FF-403  a header key that means nothing
├── SqlHeaderValueError   FF-404  a header value of the wrong form
├── SqlSyntaxError        FF-410  a query that does not parse
├── NoQueryError          FF-411  a file without a query
├── NotAQueryError        FF-412  a statement that is no query
├── SeveralQueriesError   FF-413  a file with more than one statement
├── SqlTableNameError     FF-414  a table that is no dataset key
├── SqlOutsideError       FF-415  a query that reads what is no dataset
├── SqlParameterError     FF-416  a parameter that nobody gives
├── SqlBindError          FF-420  a query that does not fit its inputs
├── SqlColumnError        FF-421  a column that is not there
├── SqlFunctionError      FF-422  a function or operator that does not exist for its arguments
├── SqlResultTypeError    FF-423  a result column of a type that cannot be stored
├── SqlResultNameError    FF-424  two result columns of one name
├── SqlInputMissingError  FF-425  a table whose columns are not known
├── SqlValueError         FF-430  a value that does not fit, found while running
├── SqlMemoryError        FF-431  a query that needs more memory than it may have
├── SqlRunError           FF-432  a query that the engine gave up on
├── SqlLineageError       FF-440  a query whose columns cannot be traced
├── SqlTestFileError      FF-441  a file of tests that cannot be read
├── SqlTestKeyError       FF-442  a test that names what is not there
├── SqlTestValueError     FF-443  a test with a value of the wrong form
├── SeedFileError         FF-444  a seed that cannot be read as rows
├── SeedColumnError       FF-445  a seed whose columns are not those declared
├── SeedValueError        FF-446  a seed with a value that does not fit its column
├── SeedPartitionError    FF-447  a seed of a dataset that is cut into partitions
├── SqlPortableError      FF-451  an operation that a target has no exact form of
│   ├── SqlPortableFunctionError  FF-450  a function that is not portable
│   ├── SqlPortableClauseError    FF-452  a clause that a target has no exact form of
│   ├── SqlPortableTypeError      FF-453  a type that is not portable
│   ├── SqlPortableLiteralError   FF-454  a constant that is not portable
│   └── SqlPortableNameError      FF-455  a name that a target cannot have, or that is not there
└── SqlTargetError        FF-456  a target or dialect that there is not
"""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class SqlError(FlowForgeError):
    """The root of the FF-4xx errors."""

    code = "FF-400"


class SqlFileError(SqlError):
    """A `.sql` file cannot be read: it is missing, unreadable or not UTF-8.

    Correct the path, the permissions or the encoding that the message names.
    """

    code = "FF-401"


class SqlHeaderError(SqlError):
    """The first block comment of a `.sql` file is not TOML.

    The first `/* ... */` of a file is its header. Correct the TOML at the place shown, or write
    prose as `--` lines.
    """

    code = "FF-402"


class SqlHeaderKeyError(SqlError):
    """The header of a `.sql` file has a key that means nothing there.

    Use one of the keys that the hint names.
    """

    code = "FF-403"


class SqlHeaderValueError(SqlError):
    """A value in the header of a `.sql` file has the wrong form.

    Write the value as the hint shows.
    """

    code = "FF-404"


class SqlSyntaxError(SqlError):
    """A query does not parse.

    Correct the query at the place shown; it is read as DuckDB's SQL.
    """

    code = "FF-410"
    shows_caret = True


class NoQueryError(SqlError):
    """A `.sql` file holds no query.

    Write one SELECT after the header.
    """

    code = "FF-411"


class NotAQueryError(SqlError):
    """A `.sql` file holds a statement that is no query, or a query that writes.

    Write the SELECT alone: FlowForge makes the table and writes the rows.
    """

    code = "FF-412"


class SeveralQueriesError(SqlError):
    """A `.sql` file holds more than one statement.

    One file makes one dataset: move the second query into a file of its own, or into a WITH.
    """

    code = "FF-413"


class SqlTableNameError(SqlError):
    """A table in FROM is not the key of a dataset.

    Write `layer.name` or `layer.group.name`, e.g. `silver.flights`.
    """

    code = "FF-414"


class SqlOutsideError(SqlError):
    """A query reads something that is no dataset: a file, an address, the engine's own tables.

    Declare a dataset for it and read that, so that its changes are seen.
    """

    code = "FF-415"


class SqlParameterError(SqlError):
    """A query uses a parameter that it is not given.

    A query may use the columns of its dataset's partition, e.g. `$day`.
    """

    code = "FF-416"


class SqlBindError(SqlError):
    """A query does not fit the columns and types of the datasets that it reads.

    Correct the query at the place shown.
    """

    code = "FF-420"


class SqlColumnError(SqlBindError):
    """A query names a column or table that is not there.

    Correct the name; the hint gives the nearest ones.
    """

    code = "FF-421"


class SqlFunctionError(SqlBindError):
    """A query calls a function or operator that does not exist for the types of its arguments.

    Correct the name, or cast the arguments.
    """

    code = "FF-422"


class SqlResultTypeError(SqlBindError):
    """A column of the result has a type that cannot be stored exactly.

    Cast the column as the hint says.
    """

    code = "FF-423"


class SqlResultNameError(SqlBindError):
    """Two columns of the result have the same name, apart from case.

    Give one of them another name with AS.
    """

    code = "FF-424"


class SqlInputMissingError(SqlBindError):
    """A query reads a dataset whose columns are not known.

    Declare the dataset, or correct its name.
    """

    code = "FF-425"


class SqlValueError(SqlError):
    """While a query ran, a value did not fit the type that it was computed or cast to.

    Cast with TRY_CAST where a value may be unreadable, or widen the type.
    """

    code = "FF-430"


class SqlMemoryError(SqlError):
    """A query needed more memory than it may have.

    Raise the memory limit, or make the query smaller, e.g. by partitions.
    """

    code = "FF-431"


class SqlRunError(SqlError):
    """The engine gave up on a query while it ran.

    The message says why, as far as it names no data.
    """

    code = "FF-432"


class SqlLineageError(SqlError):
    """The columns of a query cannot be traced to those that they come from.

    The query still runs; name its columns instead of using what the message shows.
    """

    code = "FF-440"


class SqlTestFileError(SqlError):
    """A file of tests, `*.test.toml`, cannot be read, is not TOML, or stands beside no query.

    Correct the TOML at the place shown. The tests of `orders.sql` are in `orders.test.toml` beside
    it.
    """

    code = "FF-441"


class SqlTestKeyError(SqlError):
    """A test of a query names a key, a dataset or a column that is not there.

    `given` names datasets that the query reads and their columns, `expect` columns of its result.
    """

    code = "FF-442"


class SqlTestValueError(SqlError):
    """A test of a query has a value of the wrong form, or lacks one that it needs.

    Write the value as the hint shows; its column's type decides.
    """

    code = "FF-443"


class SeedFileError(SqlError):
    """A seed, a `.csv` file below `assets/`, cannot be read as rows with one header line.

    Save it in UTF-8, with commas between values, the names of the columns in its first line, and
    as many values in each line.
    """

    code = "FF-444"


class SeedColumnError(SqlError):
    """The columns of a seed are not those that its class or its `.toml` file declares.

    Correct the first line of the file, or the declaration.
    """

    code = "FF-445"


class SeedValueError(SqlError):
    """A value of a seed does not fit the type of its column.

    Correct the value at the line shown, or declare another type. An empty value is null.
    """

    code = "FF-446"


class SeedPartitionError(SqlError):
    """A class cuts its dataset into partitions, and a seed makes it.

    A seed is made whole. Leave the partition out; or let a query cut what the seed makes.
    """

    code = "FF-447"


class SqlPortableError(SqlError):
    """An operation, or a form of it, has no exact form on the target.

    Write it as the hint says: what is emitted gives the rows of DuckDB, or it is refused.
    """

    code = "FF-451"


class SqlPortableFunctionError(SqlPortableError):
    """A query uses a function or operator that is not part of portable SQL.

    Use one of the functions that docs/guide/portable-sql.md lists.
    """

    code = "FF-450"


class SqlPortableClauseError(SqlPortableError):
    """A query has a clause that the target has no exact form of.

    Write the query without it, as the hint says.
    """

    code = "FF-452"


class SqlPortableTypeError(SqlPortableError):
    """A query uses a type that is not portable, or two that meet in no portable way.

    Cast to one of the types that docs/guide/portable-sql.md lists.
    """

    code = "FF-453"


class SqlPortableLiteralError(SqlPortableError):
    """A constant is written in a way that is not portable.

    Write it plainly: numbers in digits, dates as `DATE '2024-01-31'`, patterns without escapes.
    """

    code = "FF-454"


class SqlPortableNameError(SqlPortableError):
    """A name is not there, means two things, or cannot be had on the target.

    Correct it, or give the column another name with AS.
    """

    code = "FF-455"


class SqlTargetError(SqlError):
    """SQL is to be emitted for a target, or read in a dialect, that there is not.

    Use one that the hint names.
    """

    code = "FF-456"
