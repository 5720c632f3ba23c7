from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flowforge_assets.errors.sql import SqlFileError, SqlHeaderError
from flowforge_assets.sql.file import SqlFile, read_sql_file

Read = Callable[[str], SqlFile]


def test_a_file_without_header_is_all_query(sql_file: Read) -> None:
    file = sql_file("select 1")
    assert (file.query, file.query_line, file.query_column) == ("select 1", 1, 1)
    assert file.header.description == ""


def test_the_query_starts_right_after_the_header(sql_file: Read) -> None:
    file = sql_file("\n/*\ndescription = 'x'\n*/ select 1")
    assert (file.query, file.query_line, file.query_column) == (" select 1", 4, 3)
    assert file.header.description == "x"


def test_a_line_comment_before_a_block_comment_makes_it_no_header(sql_file: Read) -> None:
    assert sql_file("-- prose\n/* not toml at all */ select 1").query_line == 1


def test_a_place_counts_characters_not_bytes_and_tabs_as_one(sql_file: Read) -> None:
    file = sql_file("/* tags = ['a'] */\nselect\t'üß', x")
    place = file.place(file.query.index("x"))
    assert (place.file, place.line, place.column) == ("gold/delays.sql", 2, 14)
    assert place.text == "select\t'üß', x"


def test_a_place_on_the_header_line_counts_the_header(sql_file: Read) -> None:
    place = sql_file("/* tags = ['a'] */ select x").place(1)
    assert (place.line, place.column) == (1, 20)


def test_a_place_by_line_and_column_is_that_by_offset(sql_file: Read) -> None:
    file = sql_file("/* tags = [] */ select\n  x,\n  y")
    for offset in range(len(file.query)):
        place = file.place(offset)
        assert file.place_at(place.line, place.column) == place


def test_a_long_line_is_cut_in_places(sql_file: Read) -> None:
    text = sql_file(f"select {'x' * 200}").place(0).text
    assert len(text) == 80
    assert text.endswith("...")


def test_an_unclosed_header_is_told_with_its_line(sql_file: Read) -> None:
    with pytest.raises(SqlHeaderError) as caught:
        sql_file("\n/* tags = []\nselect 1")
    assert caught.value.place is not None
    assert caught.value.place.line == 2


def test_windows_lines_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.sql"
    path.write_bytes(b"\xef\xbb\xbf/* tags = ['a'] */\r\nselect 1\r\n")
    file = read_sql_file(path, shown_as="x.sql")
    assert file.header.tags == ("a",)
    assert file.query == "\nselect 1\n"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SqlFileError, match=r"`gold/x\.sql` cannot be read: no such file"):
        read_sql_file(tmp_path / "x.sql", shown_as="gold/x.sql")


def test_a_file_that_is_not_utf8_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.sql"
    path.write_bytes("select 1,\n'ü'".encode("latin-1"))
    with pytest.raises(SqlFileError) as caught:
        read_sql_file(path, shown_as="x.sql")
    assert caught.value.place is not None
    assert caught.value.place.line == 2


def test_equal_texts_have_equal_digests(sql_file: Read) -> None:
    assert sql_file("select 1").digest == sql_file("select 1").digest
    assert sql_file("select 1").digest != sql_file("select 2").digest


def test_a_file_that_stays_as_it_is_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "orders.sql"
    path.write_text("select 1 as id")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    read = read_sql_file(path, shown_as="orders.sql")
    assert read_sql_file(path, shown_as="orders.sql") is read


def test_a_file_that_changes_is_read_again_at_once(tmp_path: Path) -> None:
    path = tmp_path / "orders.sql"
    texts = [f"select {number} as id" for number in range(9)]
    found: list[str] = []
    for text in texts:
        path.write_text(text)
        found.append(read_sql_file(path, shown_as="orders.sql").query)
    assert found == texts


def test_a_file_is_read_again_when_a_macro_changes(tmp_path: Path) -> None:
    path = tmp_path / "assets" / "orders.sql"
    path.parent.mkdir()
    path.write_text("select twice(id) as id from bronze.raw")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    before = read_sql_file(path, shown_as="assets/orders.sql")
    (tmp_path / "macros").mkdir()
    (tmp_path / "macros" / "twice.sql").write_text("create macro twice(x) as x + x;")
    after = read_sql_file(path, shown_as="assets/orders.sql")
    assert (before.macros, [macro.name for macro in after.macros]) == ((), ["twice"])
    assert after.digest != before.digest
