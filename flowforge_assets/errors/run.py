"""FF-7xx: a step that failed."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError, Place


class RunError(FlowForgeError):
    """A step of a run failed; each way has a code of its own below."""

    code = "FF-700"


class StepFailedError(RunError):
    """The code of an asset or check failed; its own traceback is shown with it.

    `traceback_text` holds the frames of the project's code alone.
    """

    code = "FF-701"

    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        hint: str | None = None,
        traceback_text: str = "",
    ) -> None:
        """As any error, with the traceback of the project's own code."""
        super().__init__(message, place=place, hint=hint)
        self.traceback_text = traceback_text


class StepTimeoutError(RunError):
    """An asset took longer than its `timeout`; nothing of it was written.

    Python cannot stop the function itself: it may go on until the run ends, but what it returns
    is not used.
    """

    code = "FF-702"


class InputMissingError(RunError):
    """A step reads partitions that were never made.

    Make them first, or let the reader do without: `| None`, or `Has(missing="skip")`.
    """

    code = "FF-703"


class ResourceError(RunError):
    """A resource could not be opened.

    The cause is shown with it; look at its settings in `[env.NAME.resources]`.
    """

    code = "FF-704"


class UnknownRunError(RunError):
    """A run was to be resumed that the ledger does not know, or that has nothing left to do.

    `flowforge history` lists the runs.
    """

    code = "FF-705"


class RulesBrokenError(RunError):
    """Rows break a rule of their dataset, so nothing was written.

    Mend the rows in the asset, or the rule. With `bad_rows="quarantine"` such rows are set aside
    and the others are written. Where columns of a key were dropped, it may be the rows that stay
    which share a key without them: declare the columns as they were, or `--rebuild` the dataset.
    """

    code = "FF-710"


class TooManyBadRowsError(RunError):
    """More rows would go to quarantine than `max_bad` allows, so nothing was written.

    Mend the asset or the rule, or allow a larger share with `max_bad`.
    """

    code = "FF-711"


class CheckFailedError(RunError):
    """A blocking check found bad rows, so nothing was written.

    Call the check's function on the rows that the asset gives to see which they are. A check with
    `blocking=False` is only reported.
    """

    code = "FF-712"


class CheckBrokeDownError(RunError):
    """A check could not be evaluated: its own code or query fails.

    The cause is shown with it. The check returns a lazy frame, so the line that fails may run
    after the function has returned.
    """

    code = "FF-713"


class UnusableRuleError(RunError):
    """A rule cannot be evaluated on its column, whatever the rows are.

    A regular expression follows the syntax of Rust's `regex` (no look-around, no backreferences);
    a rule in SQL is one condition on the columns of one row.
    """

    code = "FF-714"


class LookupMissingError(RunError):
    """A column refers to a dataset whose rows are not there to look it up in.

    Make the dataset that it refers to first.
    """

    code = "FF-715"


class ReturnedFileError(RunError):
    """An asset returned something else than the file that it promised.

    Write a file whose name ends in the artifact's suffix, in the folder that the asset takes as
    `out: Path` or elsewhere, and return its `pathlib.Path`.
    """

    code = "FF-716"


class ManyFilesError(RunError):
    """An asset reads or makes several files of an artifact at once.

    A parameter `File[A]` is one file, and a call makes one a partition. Say which to read, with
    `Latest()` or `Lag(1)`; take one partition key and not a set.
    """

    code = "FF-717"


class EarlierStateError(RunError):
    """A step brings states of a time before others that the table has already.

    Each state follows the one before it, so they are taken in order of time. `flowforge run
    --rebuild` empties the table and takes all of them in order.
    """

    code = "FF-740"


class DuplicateKeysError(RunError):
    """Several rows of one step have the same key, and they are written by it.

    Which of them is to be stored is for the asset to say: keep one row a key, the last by some
    column for instance. Nothing was written.
    """

    code = "FF-742"


class TooFewRowsError(RunError):
    """A step gives fewer rows than its dataset promises with `min_rows`.

    Nothing was written. See why the inputs hold so little; where that is right, lower `min_rows`.
    """

    code = "FF-743"


class DeleteMarkError(RunError):
    """A row does not say whether it is to be removed, or which one.

    The column that `deletes` names is true or false in each row, and a row that is to be removed
    has its key. Nothing was written.
    """

    code = "FF-744"


class SourceVersionError(RunError):
    """The function that tells the version of a source failed, or told nothing.

    A plan treats the source as not due and says so; a run makes nothing of it and fails.
    """

    code = "FF-736"
