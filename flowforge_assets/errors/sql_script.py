"""FF-473 to FF-479: SQL assets as scripts of a warehouse.

SqlError
├── TableNameError       FF-473  datasets that a warehouse would have under one name
├── TestNotSqlError      FF-474  a promise that no query of the target can count
├── ColumnNotHeldError   FF-475  a column whose type the warehouse cannot hold
├── WriteNotSqlError     FF-476  a way of writing that has no script
├── ScriptPartitionError FF-477  a script of partitions that nobody has named
├── ScriptFolderError    FF-478  a folder that holds what is not ours
└── NotSqlError          FF-479  a dataset that no query makes
"""

from __future__ import annotations

from flowforge_assets.errors.sql import SqlError


class TableNameError(SqlError):
    """A warehouse would have two datasets under the same name.

    A dataset `layer.group.name` is the table `group__name` of the schema `layer`. Rename one.
    """

    code = "FF-473"


class TestNotSqlError(SqlError):
    """A rule or check of a dataset cannot be counted by a query of the target.

    Write it as an SQL expression (`rules.name = "..."`) that is portable, as the hint says, or let
    the asset run on DuckDB.
    """

    __test__ = False
    code = "FF-474"


class ColumnNotHeldError(SqlError):
    """A table of the target cannot hold a column's type as it is.

    Cast the column to a type that docs/guide/portable-sql.md lists.
    """

    code = "FF-475"


class WriteNotSqlError(SqlError):
    """An asset is written in a way that has no script of SQL.

    Change what the message names, or let the asset run on DuckDB.
    """

    code = "FF-476"


class ScriptPartitionError(SqlError):
    """A query asks for the key of its step, and nobody has said which.

    Name the partitions: `flowforge compile --to sql -p 2026-01-01..2026-01-31`.
    """

    code = "FF-477"


class ScriptFolderError(SqlError):
    """The folder to write scripts into holds files that no `compile` wrote.

    Name a folder that is empty or not there, or one that `compile` has made.
    """

    code = "FF-478"


class NotSqlError(SqlError):
    """SQL is asked for of a dataset that no query makes.

    `flowforge ls -s kind:sql` lists those that have one.
    """

    code = "FF-479"
