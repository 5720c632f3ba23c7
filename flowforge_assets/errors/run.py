"""FF-7xx."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class RunError(FlowForgeError):
    """The root of the FF-7xx errors."""

    code = "FF-700"


class RulesBrokenError(RunError):
    """Rows break a rule of their dataset, so nothing was written.

    Mend the rows in the asset, or the rule. With `bad_rows="quarantine"` such rows are set aside
    and the others are written.
    """

    code = "FF-710"


class TooManyBadRowsError(RunError):
    """More rows would go to quarantine than `max_bad` allows, so nothing was written.

    Look at the rows that were set aside, then mend the asset, the rule or `max_bad`.
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
