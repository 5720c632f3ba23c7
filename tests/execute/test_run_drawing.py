from __future__ import annotations

from flowforge_assets.errors.run import InputMissingError
from flowforge_assets.execute.run import RunResult


def test_a_run_shows_its_counts() -> None:
    result = RunResult("r1", "succeeded", made=2, fresh=1_000)
    assert repr(result) == "run r1 succeeded: 2 made, 1,000 fresh"


def test_a_run_of_nothing_says_so() -> None:
    assert repr(RunResult("r1", "succeeded")) == "run r1 succeeded: nothing to make"


def test_a_run_shows_each_error_whole() -> None:
    error = InputMissingError("`a` reads <b>", hint="make it first")
    result = RunResult("r1", "failed", failed=1, errors=(error,))
    assert repr(result) == f"run r1 failed: 1 failed\n{error.render()}"
    assert "`a` reads &lt;b&gt;" in result._repr_html_()
