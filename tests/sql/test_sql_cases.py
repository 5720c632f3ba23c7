from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.sql import SqlTestFileError, SqlTestKeyError, SqlTestValueError
from flowforge_assets.sql.cases import SqlCase, cases_path, read_cases

Read: TypeAlias = Callable[[str], list[SqlCase]]


@pytest.fixture
def cases(tmp_path: Path) -> Read:
    def read(text: str) -> list[SqlCase]:
        path = tmp_path / "orders.test.toml"
        path.write_text(text, encoding="utf-8")
        return read_cases(path, shown_as="assets/gold/orders.test.toml")

    return read


def lines(case: SqlCase) -> list[int]:
    rows = [row for table in case.given for row in table.rows]
    return [row.place.line for row in (*rows, *case.expect)]


def test_tests_stand_beside_their_query() -> None:
    assert cases_path(Path("a/orders.sql")) == Path("a/orders.test.toml")


def test_a_file_lists_its_tests(cases: Read) -> None:
    first, second = cases(
        '[[test]]\nname = "one"\npartition = 2026-01-31\nordered = true\n'
        'given."silver.a" = [\n  { x = 1 },\n  { x = 2 },\n]\nexpect = [{ x = 3 }]\n'
        '[[test]]\ngiven."silver.a" = []\nexpect = []\n'
    )
    assert (first.name, first.partition, first.is_ordered) == ("one", "2026-01-31", True)
    assert [(table.dataset, len(table.rows)) for table in first.given] == [("silver.a", 2)]
    assert lines(first) == [6, 7, 9]
    assert (second.name, second.partition, second.is_ordered) == ("test 2", "", False)
    assert (first.place.line, second.place.line) == (1, 10)


def test_a_file_may_be_one_test(cases: Read) -> None:
    (case,) = cases(
        '[[given."silver.a"]]\nx = 1\n\n[[given."silver.a"]]\nx = 2\n\n'
        "[expect]\nordered = true\nrows = [{ x = 3 }]\n"
    )
    assert (case.name, case.is_ordered) == ("orders", True)
    assert lines(case) == [1, 4, 9]


@pytest.mark.parametrize(
    ("text", "error", "line", "hint"),
    [
        ("[[test]]\nnmae = 'x'\nexpect = []", SqlTestKeyError, 2, "did you mean `name`?"),
        ("[[test]]\nname = 'x'", SqlTestValueError, 1, "write `expect = [{ id = 1 }]`"),
        ("expect = [1]", SqlTestValueError, 1, "write a list of rows"),
        ("expect = 'x'", SqlTestValueError, 1, "write a list of rows"),
        ("[expect]\nrows = []\norderd = true", SqlTestKeyError, 3, "did you mean `ordered`?"),
        ("expect = []\n[given]\n'silver.a' = 5", SqlTestValueError, 3, "write a list of rows"),
        ("given = 5\nexpect = []", SqlTestValueError, 1, "write `given."),
        ("expect = []\npartition = 5", SqlTestValueError, 2, "write text in quotes"),
        ("expect = [\n{ a = }]", SqlTestFileError, 2, "values are TOML"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    cases: Read, text: str, error: type[FlowForgeError], line: int, hint: str
) -> None:
    with pytest.raises(FlowForgeError) as caught:
        cases(text)
    found = caught.value.errors[0] if isinstance(caught.value, Problems) else caught.value
    assert type(found) is error
    assert found.place is not None
    assert (found.place.file, found.place.line) == ("assets/gold/orders.test.toml", line)
    assert found.hint is not None
    assert found.hint.startswith(hint)


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "orders.test.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(SqlTestFileError, match="it is not utf-8"):
        read_cases(path, shown_as="orders.test.toml")
