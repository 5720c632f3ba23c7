"""What an examination means for a write: nothing, or a coded error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.run import (
    CheckFailedError,
    RulesBrokenError,
    TooFewRowsError,
    TooManyBadRowsError,
)

if TYPE_CHECKING:
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.core.result import Examination
    from flowforge_assets.errors.base import FlowForgeError, Place


def refusals(
    examination: Examination,
    dataset: DatasetKey,
    *,
    unit: PartitionSet | None = None,
    place: Place | None = None,
    hint: str | None = None,
) -> list[FlowForgeError]:
    """Why the rows must not be written: an error for all rules, one for each blocking check.

    `unit` are the partitions that were judged. `hint` stands in for what helps a write.
    """
    of = f"`{dataset}`{_where(unit)}"
    rules = [finding for finding in examination.blocking if finding.kind == "rule"]
    errors: list[FlowForgeError] = []
    if rules:
        lines = [
            f"{_share(finding.bad_rows, examination.rows)} of {of}"
            f" break{'s' if finding.bad_rows == 1 else ''} `{finding.rule}`"
            for finding in rules
        ]
        mend = (
            "nothing was written; mend the rows or the rule, or set such rows aside with "
            f'`bad_rows="quarantine"` and see them with `flowforge show {dataset} --bad`'
        )
        errors.append(RulesBrokenError("\n".join(lines), place=place, hint=hint or mend))
    for finding in examination.blocking:
        if finding.kind == "check":
            rows = "row" if finding.bad_rows == 1 else "rows"
            message = f"check `{finding.rule}` found {finding.bad_rows:,} bad {rows} of {of}"
            call = "nothing was written; call the check on the asset's rows to see which they are"
            errors.append(CheckFailedError(message, place=place, hint=hint or call))
    return errors


def refuse_too_many(
    bad_rows: int,
    rows: int,
    *,
    max_bad: float,
    dataset: DatasetKey,
    unit: PartitionSet | None = None,
    place: Place | None = None,
) -> None:
    """Lets a quarantine of `bad_rows` of `rows` pass, or not.

    Raises:
        TooManyBadRowsError: the share is above `max_bad` (FF-711).
    """
    if bad_rows > max_bad * rows:
        verb = "is" if bad_rows == 1 else "are"
        of = f"`{dataset}`{_where(unit)}"
        message = f"{_share(bad_rows, rows)} of {of} {verb} bad, above `max_bad={max_bad}`"
        hint = "nothing was written; mend the asset or the rule, or allow more with `max_bad`"
        raise TooManyBadRowsError(message, place=place, hint=hint)


def refuse_too_few(
    rows: int,
    dataset: DatasetKey,
    *,
    min_rows: int,
    unit: PartitionSet | None = None,
    place: Place | None = None,
) -> None:
    """Lets a step pass that has as many rows as its dataset promises.

    Raises:
        TooFewRowsError: it has fewer than `min_rows` (FF-743).
    """
    if rows < min_rows:
        has = "1 row" if rows == 1 else f"{rows:,} rows"
        message = f"`{dataset}`{_where(unit)} gets {has}, and promises `min_rows={min_rows}`"
        hint = "nothing was written; see why the inputs hold so little, or promise less"
        raise TooFewRowsError(message, place=place, hint=hint)


def _share(part: int, total: int) -> str:
    return f"{part:,} of {total:,} {'row' if total == 1 else 'rows'}"


def _where(unit: PartitionSet | None) -> str:
    return f" in {unit.render()}" if unit is not None and unit.dimensions else ""
