from __future__ import annotations

from flowforge_assets.core.result import Examination, Finding

BROKEN = Finding("a is not null", "rule", ("a",), 1)
REPORTED = Finding("mostly_on_time", "check", (), 2, blocking=False)


def test_an_examination_without_findings_has_not_failed() -> None:
    assert not Examination(3).failed


def test_an_examination_that_only_warns_has_not_failed() -> None:
    examination = Examination(3, (REPORTED,))

    assert not examination.failed
    assert examination.warnings == (REPORTED,)


def test_a_blocking_finding_fails_an_examination() -> None:
    examination = Examination(3, (BROKEN, REPORTED))

    assert examination.failed
    assert examination.blocking == (BROKEN,)
