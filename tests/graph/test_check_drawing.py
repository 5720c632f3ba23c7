from __future__ import annotations

from flowforge_assets.errors.check import MissingColumnError
from flowforge_assets.graph.typecheck import CheckReport


def test_a_check_that_finds_nothing_says_so() -> None:
    assert repr(CheckReport(2)) == "check of 2 assets: all is well"


def test_a_check_shows_what_it_left_out_and_each_error() -> None:
    error = MissingColumnError("`a` returns no column `<b>`")
    report = CheckReport(1, (error,), {"a": "it takes a resource"})
    assert repr(report) == f"check of 1 asset: 1 error\n  a  it takes a resource\n{error.render()}"
    assert "`&lt;b&gt;`" in report._repr_html_()
