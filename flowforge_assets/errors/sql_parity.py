"""FF-457 to FF-472: a query that was tried on another engine.

SqlError
├── ParityRowsError       FF-457  the target gives other rows than DuckDB
├── ParityColumnsError    FF-458  the target gives other columns than DuckDB
├── ParityStatementError  FF-459  the target does not run the text that was emitted for it
├── ParityVacuousError    FF-470  nothing that could differ comes out of the query
├── ParityUnsteadyError   FF-471  rows that depend on the order in which inputs are read
└── ParityFixtureError    FF-472  no rows can be made on which the query runs
"""

from __future__ import annotations

from flowforge_assets.errors.sql import SqlError


class ParityRowsError(SqlError):
    """A query gives other rows on the target than on DuckDB, from the same generated rows.

    The rows that differ are shown. Write the query in another way, and report it: what is emitted
    is to give the rows of DuckDB, or to be refused.
    """

    code = "FF-457"
    lines: tuple[str, ...] = ()  # the first rows that differ


class ParityColumnsError(SqlError):
    """A query gives other columns, or columns of other types, on the target than on DuckDB.

    Cast the columns that the message names, and report it.
    """

    code = "FF-458"


class ParityStatementError(SqlError):
    """The target does not run the text that was emitted for it, or stops in it.

    The message has the target's own words, as far as it says any. Write the query in another way,
    and report it.
    """

    code = "FF-459"


class ParityVacuousError(SqlError):
    """A query gives nothing on generated rows that could differ: no row, or only nulls and zeros.

    So nothing is proved by comparing. Try other rows with `--seed`, or more with `--rows`; or see
    whether its conditions can all be met at once.
    """

    code = "FF-470"


class ParityUnsteadyError(SqlError):
    """The rows of a query depend on the order in which its inputs are read, even on one engine.

    There is nothing to compare with. Say the whole order: in `row_number() OVER (ORDER BY ...)`,
    LIMIT, `first(...)` and the like let the last key be one that no two rows share.
    """

    code = "FF-471"


class ParityFixtureError(SqlError):
    """No rows can be generated for a query, or it stops on all of them.

    The message says why. Columns of lists, structs and bytes are left out of what is generated;
    a text that is cast to a number needs TRY_CAST.
    """

    code = "FF-472"
