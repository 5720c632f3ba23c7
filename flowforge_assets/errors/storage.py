"""FF-6xx: tables, files and the places that hold them.

StorageError                 FF-600
├── BadLocationError         FF-601
├── NoTableError             FF-602
├── NoVersionError           FF-603
├── NoAccessError            FF-604
├── DiskFullError            FF-605
├── NotATableError           FF-606
├── DamagedLogError          FF-607
├── DamagedDataError         FF-608
├── CommitConflictError      FF-609
├── TypeNotStoredError       FF-610
├── SchemaChangeError        FF-611
├── StagedSchemaError        FF-612
├── StrayRowsError           FF-613
├── ForeignTableError        FF-614
├── EngineCrashError         FF-615
├── NewerRecordError         FF-616
├── UnreachableError         FF-617
├── TableOlderError          FF-618
├── TwoTablesError           FF-619
├── BaseMovedError           FF-621
├── NoFileError              FF-630
├── DamagedFileError         FF-631
├── ExternalMissingError     FF-640
└── ExternalSchemaError      FF-641
"""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class StorageError(FlowForgeError):
    """The root of the FF-6xx errors."""

    code = "FF-600"


class BadLocationError(StorageError):
    """A store's location is of a form that is not known.

    Write a folder, `file:///` with an absolute folder, or `memory://` with a name.
    """

    code = "FF-601"
    exit_code = 2


class NoTableError(StorageError):
    """A dataset was read that has no table yet.

    Make the dataset first: `flowforge run -s KEY`.
    """

    code = "FF-602"


class NoVersionError(StorageError):
    """A version of a table was asked for that it does not have, or no longer has.

    Read the newest version, or one that `flowforge history KEY` lists.
    """

    code = "FF-603"


class NoAccessError(StorageError):
    """The store may not be read or written by this user.

    Give the user rights to the folder that is named, or choose another `store`.
    """

    code = "FF-604"


class DiskFullError(StorageError):
    """There is no space left where the table is.

    Nothing was committed. Free some space, then run again.
    """

    code = "FF-605"


class NotATableError(StorageError):
    """The dataset's folder holds something that is no table of the store's format.

    Move those files away, or give the dataset another name or the environment another `store`.
    """

    code = "FF-606"


class DamagedLogError(StorageError):
    """The table's log is empty, cut off, garbled or has a gap.

    Nothing was written. Restore the file that is named from a copy; or move the table's folder
    away and make the dataset again.
    """

    code = "FF-607"


class DamagedDataError(StorageError):
    """A data file of the table is missing, cut off or garbled.

    Restore the file from a copy, or make the partitions that it holds again: `flowforge run -s KEY
    --force`. A table that keeps its history goes back to a version whose files are all there
    (`flowforge restore KEY`), or is emptied and made anew (`flowforge run -s KEY --rebuild`).
    """

    code = "FF-608"


class CommitConflictError(StorageError):
    """Other writers committed to the table each time that this one tried.

    Nothing was written. Run again, with fewer runs at the same time on the same dataset.
    """

    code = "FF-609"


class TypeNotStoredError(StorageError):
    """A column has a type that cannot be stored without losing something.

    Cast the column to the type that the hint names before returning it.
    """

    code = "FF-610"


class SchemaChangeError(StorageError):
    """Rows are stored with columns that cannot be read as those that the dataset declares now.

    `flowforge plan` says what became of the columns. Declare them as they were, or let go of what
    does not survive: `flowforge run --allow-breaking -s KEY`. An older version is read, restored or
    made again with the columns that it had: by the code of then.
    """

    code = "FF-611"


class StagedSchemaError(StorageError):
    """A frame was given to a table whose columns or types are not the dataset's.

    Return the columns that the dataset declares, with their types.
    """

    code = "FF-612"


class StrayRowsError(StorageError):
    """A step returned rows that belong to none of the partitions that it makes.

    Filter the rows to the step's partitions, or correct the partition column.
    """

    code = "FF-613"


class ForeignTableError(StorageError):
    """The table uses a feature that cannot be read or written here without loss.

    Another program turned it on; turn the feature off there, or make the dataset elsewhere.
    """

    code = "FF-614"


class EngineCrashError(StorageError):
    """A library that reads or writes tables crashed inside.

    The table is as it was before. Run again; when it happens again, report it with the text.
    """

    code = "FF-615"


class NewerRecordError(StorageError):
    """A commit carries a record that a newer version of FlowForge wrote.

    Use at least the version of FlowForge that wrote the table.
    """

    code = "FF-616"


class UnreachableError(StorageError):
    """The place of the table could not be read or written.

    The message has the system's own words; put that right, then run again.
    """

    code = "FF-617"


class TableOlderError(StorageError):
    """A table lacks commits that the ledger says were made: someone put an older one in its place.

    Restore the table, or take it as it is with `flowforge ledger rebuild`: what it lacks is then
    made again.
    """

    code = "FF-618"


class BaseMovedError(StorageError):
    """A table has moved on since the rows that were to be committed were worked out from it.

    Nothing was committed. Run again: the step reads the table as it is now.
    """

    code = "FF-621"


class NoFileError(StorageError):
    """An artifact was read that has no file yet, or none of that partition.

    Make it first: `flowforge run -s KEY`.
    """

    code = "FF-630"


class DamagedFileError(StorageError):
    """The file of an artifact is gone, or holds something else than was committed.

    Make it again (`flowforge run -s KEY --force`), or restore the file from a copy. Whoever reads
    an artifact must not write to the path that it is given.
    """

    code = "FF-631"


class ExternalMissingError(StorageError):
    """Nothing is where an external dataset is declared to be.

    See that its owner has written it, and that `at=` names the place from the project's folder.
    """

    code = "FF-640"


class ExternalSchemaError(StorageError):
    """An external dataset lacks declared columns, or has them with other types.

    Declare the columns as they are there; what it has beyond them need not be declared.
    """

    code = "FF-641"


class TwoTablesError(StorageError):
    """A renamed dataset has a table under its new name, too.

    A dataset is stored under its first name. Move the folder that the message names away, or
    remove the alias to go on with it.
    """

    code = "FF-619"
