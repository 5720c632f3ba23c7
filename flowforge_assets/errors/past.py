"""FF-67x: versions that were, and the upkeep of tables.

StorageError                 FF-600
├── NoPastError              FF-670
├── NotRestorableError       FF-671
├── NotReproducibleError     FF-672
├── UnconfirmedRestoreError  FF-673
└── DamagedStateError        FF-674
"""

from __future__ import annotations

from flowforge_assets.errors.storage import StorageError


class NoPastError(StorageError):
    """An input was asked for as it was, by a run of the past, and its place does not keep that.

    Files of others have no versions: only what they are now can be read. Leave the input out of
    `--as-of`, or keep it as a Delta table.
    """

    code = "FF-670"


class NotRestorableError(StorageError):
    """A dataset was to be restored that is so already, or that is not written here.

    A view is as its inputs are: restore those. What another project or program makes is restored
    there.
    """

    code = "FF-671"


class NotReproducibleError(StorageError):
    """A version was to be made again, and what it was made from cannot be had.

    The message says what hinders it: no step made that version, an input is no longer kept or was
    made anew, a job elsewhere wrote it.
    """

    code = "FF-672"


class UnconfirmedRestoreError(StorageError):
    """A table was to be put back to an older version, and nobody was there to agree.

    Look at what `flowforge show KEY --version N` says, then say `--yes`.
    """

    code = "FF-673"
    exit_code = 2


class DamagedStateError(StorageError):
    """The file that says what was made before the log was shortened cannot be read.

    Restore `_flowforge/state-N.json` of the table from a copy. Nothing was changed.
    """

    code = "FF-674"
