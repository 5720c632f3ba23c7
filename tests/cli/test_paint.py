from __future__ import annotations

import io
from typing import TYPE_CHECKING

from flowforge_assets.cli.paint import Paint, Text

if TYPE_CHECKING:
    import pytest


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


PLAIN = Paint(has_colour=False)
COLOURED = Paint(has_colour=True)


def test_columns_are_aligned_and_lines_end_with_their_text() -> None:
    rows = [("a", "1", "x"), ("long", "1,000", "")]
    assert PLAIN.table(rows, right=[1]) == ["a         1  x", "long  1,000"]


def test_a_column_without_text_takes_no_room() -> None:
    assert PLAIN.table([("a", "", "b"), ("c", "", "d")]) == ["a  b", "c  d"]


def test_rows_may_be_of_different_lengths() -> None:
    assert PLAIN.table([("a",), ("bb", "c")]) == ["a", "bb  c"]
    assert PLAIN.table([]) == []


def test_colour_changes_no_column() -> None:
    rows: list[tuple[Text | str, str]] = [(Text("a", "red"), "1"), ("long", "2")]
    assert COLOURED.table(rows) == ["\x1b[31ma\x1b[0m     1", "long  2"]


def test_a_terminal_has_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert Paint.of(Screen()).has_colour
    assert not Paint.of(io.StringIO()).has_colour


def test_no_color_and_dumb_terminals_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Paint.of(Screen()).has_colour
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not Paint.of(Screen()).has_colour
