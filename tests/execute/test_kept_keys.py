"""Key columns that are dropped or renamed: rows that stay are told apart by the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from column_changes import ChangingLog, changing_log, stored_types, values
from flowforge_assets import Project
from flowforge_assets.errors.run import RulesBrokenError

OLD = ("part: Col[int] = key(); name: Col[str] = col()", '"part": [day.day], "name": ["a"]')
DISTINCT = '"number": [day.day], "day": [day]'
KEYS = '"number": [1], "day": [day]'
ALIKE = '"number": [1] * day.day, "day": [date(2026, 1, 1)] * day.day'
NEW = ("name: Col[str] = col()", '"name": ["a"]')
SWAPPED = (
    'title: Col[str] = key(renamed_from="name"); piece: Col[int] = col(renamed_from="part")',
    '"title": ["a"], "piece": [day.day]',
)


@pytest.fixture
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChangingLog]:
    """The log of two days, written as the test's `write` says; nothing is made yet."""
    with changing_log(tmp_path, store="delta", write=request.param) as found:
        yield found


def ways(*writes: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("log", writes, indirect=True)


def declared(
    log: ChangingLog, columns: str, values: str, *, keys: str = KEYS, last: str = "2026-01-02"
) -> Project:
    """The project with these columns, all of whose rows have one `number` unless `keys` differ."""
    log.declared(columns, values, last=last)
    module = log.root / f"{log.module}.py"
    text = module.read_text().replace(DISTINCT, keys)
    module.write_text(text)
    return Project.load(log.root)


@ways("merge", "insert", "append")
def test_rows_that_would_share_a_key_keep_its_columns(log: ChangingLog) -> None:
    assert declared(log, *OLD).run().errors == ()
    for last in ("2026-01-02", "2026-01-03"):
        project = declared(log, *NEW, last=last)
        with pytest.raises(RulesBrokenError, match=r"breaks? `number") as raised:
            project.run(allow_breaking=True)
        assert "flowforge run --rebuild -s bronze.log" in (raised.value.hint or "")
        assert "part" in stored_types(project)
    assert values(declared(log, *OLD), "part") == [1, 2]


@ways("merge")
def test_renamed_columns_that_are_the_key_now_must_tell_rows_apart(log: ChangingLog) -> None:
    assert declared(log, *OLD).run().errors == ()
    project = declared(log, *SWAPPED, last="2026-01-03")
    with pytest.raises(RulesBrokenError):
        project.run()


@ways("scd2")
def test_rows_that_would_hold_at_one_time_keep_the_columns_of_their_key(log: ChangingLog) -> None:
    growing = (OLD[0], '"part": [*range(1, day.day + 1)], "name": ["a"] * day.day')
    assert declared(log, *growing, keys=ALIKE).run().errors == ()
    project = declared(log, *NEW, last="2026-01-03")
    with pytest.raises(
        RulesBrokenError, match=r"1 of 2 rows of .* `number is unique in the table`"
    ):
        project.run(allow_breaking=True)


@ways("merge", "scd2")
def test_rows_that_are_told_apart_by_other_columns_lose_one(log: ChangingLog) -> None:
    assert declared(log, *OLD, keys=DISTINCT).run().errors == ()
    project = declared(log, *NEW, keys=DISTINCT, last="2026-01-03")
    assert project.run(allow_breaking=True).errors == ()
    assert values(project, "number") == [1, 2, 3]


@ways("overwrite")
def test_each_partition_has_keys_of_its_own(log: ChangingLog) -> None:
    assert declared(log, *OLD).run().errors == ()
    project = declared(log, *NEW, last="2026-01-03")
    assert project.run(partitions="2026-01-02", allow_breaking=True).errors == ()
    assert values(project, "number") == [1, 1]
