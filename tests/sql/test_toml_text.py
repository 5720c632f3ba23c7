from __future__ import annotations

import pytest

from flowforge_assets.sql.toml_text import KeyPath, TomlText


@pytest.mark.parametrize(
    ("toml", "path", "line"),
    [
        ("a = 1\nb = 2", ("b",), 2),
        ("a = 1\n\n[t]\nb = 2", ("t", "b"), 4),
        ("[t.u]\nb = 2", ("t", "u", "b"), 2),
        ("a.b = 1", ("a",), 1),
        ("x = 1\na = { b = 1, c = 2 }", ("a", "c"), 2),
        ("a = [\n { b = 1 },\n { b = 2 },\n]", ("a", "1", "b"), 3),
        ("a = [\n { b = 1 },\n { b = 2 },\n]", ("a", "1"), 3),
        ("a = [\n [1],\n [{ b = 1 }],\n]", ("a", "1", "0", "b"), 3),
        ("[[t]]\nb = 1\n[[t]]\nb = 1", ("t", "1", "b"), 4),
        ("[[t]]\n[[t.u]]\n[[t]]\n[[t.u]]\n[[t.u]]\nb = 1", ("t", "1", "u", "1", "b"), 6),
        ("[[t]]\n[t.u]\nb = 1", ("t", "0", "u", "b"), 3),
        ("\"a.b\" = 1\n'c d' = 2", ("c d",), 2),
        ('a = """\nb = 1\n"""\nb = 2', ("b",), 4),
        ("# b = 1\nb = 2", ("b",), 2),
        ("a = 'b = 1, [x'\nb = 2", ("b",), 2),
    ],
)
def test_a_key_stands_on_its_line(toml: str, path: KeyPath, line: int) -> None:
    text = TomlText(toml, shown_as="x.toml")
    assert text.has(path)
    assert str(text.place(path)) == f"x.toml:{line}"


def test_a_key_that_is_not_there_stands_where_it_would() -> None:
    text = TomlText("a = 1\n[t]\nb = 1", first_line=5, shown_as="x.sql")
    assert not text.has(("t", "c"))
    assert text.place(("t", "c", "d")).line == 6
    assert text.place(("z",)).line == 5


def test_a_text_may_be_one_table_of_another() -> None:
    text = TomlText("a = 1\n[t.'u/*']\na = 2", shown_as="x.toml", below=("t", "u/*"))
    assert text.place(("a",)).line == 3
    assert text.place(()).line == 2
