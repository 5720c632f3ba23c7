"""What was found wrong with the rows of one write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FindingKind: TypeAlias = Literal["rule", "check"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule or check that at least one row breaks.

    `rule` is the rule's text (`dep_delay >= -120`) or the check's name, `columns` the columns
    that it looks at (none for a check). `bad_rows` counts the rows that a quarantine would set
    aside; a check may return more rows than there are. A finding that is not `blocking` is
    reported and stops nothing.
    """

    rule: str
    kind: FindingKind
    columns: tuple[str, ...]
    bad_rows: int
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Examination:
    """The rows of one write as counted: how many, and what they break.

    `findings` holds only what is broken: rules in their declared order, then checks.
    """

    rows: int
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether something that blocks the write was found."""
        return any(finding.blocking for finding in self.findings)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What stops the write."""
        return tuple(finding for finding in self.findings if finding.blocking)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is only reported."""
        return tuple(finding for finding in self.findings if not finding.blocking)
