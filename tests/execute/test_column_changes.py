"""Classes whose columns change, over every way of writing and on every store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from column_changes import (
    WRITES,
    ChangingLog,
    changing_log,
    only_change,
    schemas,
    stored_types,
    values,
)
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.graph import BreakingChangeError
from flowforge_assets.execute.bad_rows import bad_table

STORES = ("memory", "delta", "parquet")
KEEPING = [write for write in WRITES if write != "overwrite"]
OLD = ("n: Col[Int32] = col(); name: Col[str] = col()", '"n": [7], "name": ["a"]', '"n": pl.Int32')


@pytest.fixture
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ChangingLog]:
    """The log of two days, written as the test's `way` says; nothing is made yet."""
    store, write = request.param
    with changing_log(tmp_path, store=store, write=write) as found:
        yield found


def ways(*writes: str, stores: tuple[str, ...] = STORES) -> pytest.MarkDecorator:
    """Every way of writing, each on every store."""
    pairs = [(store, write) for store in stores for write in writes]
    return pytest.mark.parametrize("log", pairs, ids=["-".join(p) for p in pairs], indirect=True)


def made(log: ChangingLog) -> None:
    """The log as it was before its class changed."""
    result = log.declared(*OLD).run()
    assert result.status == "succeeded", result.errors


@ways(*WRITES)
def test_a_wider_type_holds_what_was_there(log: ChangingLog) -> None:
    made(log)
    wider = ("n: Col[int] = col(); name: Col[str] = col()", '"n": [2**40], "name": ["b"]')
    project = log.declared(*wider, last="2026-01-03")
    change = only_change(project)
    assert (change.change, change.columns) == ("widening", "`n` was int32 and is int64")
    assert change.readers == ("total", "no_negative")
    assert project.run().status == "succeeded"
    kept = 2**40 if log.write == "overwrite" else 7
    assert values(project, "n") == [kept, kept, 2**40]
    assert stored_types(project)["n"] == "Int64"
    assert project.plan().changes == ()


@ways("append", "merge")
def test_exact_types_of_other_kinds_hold_what_was_there(log: ChangingLog) -> None:
    made(log)
    exact = "n: Col[Decimal] = col(precision=12, scale=2); name: Col[str | None] = col()"
    types = '"n": pl.Decimal(12, 2)'
    project = log.declared(
        exact, '"n": [Decimal("0.25")], "name": [None]', types, last="2026-01-03"
    )
    assert only_change(project).change == "widening"
    assert project.run().status == "succeeded"
    assert values(project, "n") == [Decimal(7), Decimal(7), Decimal("0.25")]
    assert values(project, "name") == ["a", "a", None]


@ways(*WRITES)
def test_a_renamed_column_keeps_its_values(log: ChangingLog) -> None:
    made(log)
    renamed = 'n: Col[Int32] = col(); title: Col[str] = col(renamed_from="name")'
    given = ('"n": [7], "title": ["b"]', '"n": pl.Int32')
    project = log.declared(renamed, *given, last="2026-01-03")
    change = only_change(project)
    assert (change.change, change.columns) == ("renamed", "`title` was called `name`")
    assert project.run().status == "succeeded"
    kept = "b" if log.write == "overwrite" else "a"
    assert values(project, "title") == [kept, kept, "b"]
    assert "name" not in stored_types(project)
    assert project.plan().changes == ()


@ways(*WRITES)
def test_a_new_column_that_may_be_null_is_null_in_rows_that_stay(log: ChangingLog) -> None:
    made(log)
    more = f"{OLD[0]}; more: Col[str | None] = col()"
    project = log.declared(more, f'{OLD[1]}, "more": ["x"]', OLD[2], last="2026-01-03")
    change = only_change(project)
    assert (change.change, change.columns) == ("additive", "`more` is new (string)")
    assert project.run().status == "succeeded"
    kept = "x" if log.write == "overwrite" else None
    assert values(project, "more") == [kept, kept, "x"]


@ways(*WRITES)
def test_another_type_is_refused_before_anything_runs(log: ChangingLog) -> None:
    made(log)
    project = log.declared(
        "n: Col[str] = col(); name: Col[str] = col()",
        '"n": ["7"], "name": ["a"]',
        last="2026-01-03",
    )
    with pytest.raises(BreakingChangeError) as raised:
        project.run()
    error = raised.value
    assert "`n` was int32 and is string" in error.message
    assert "read by `total`, `no_negative`" in error.message
    assert error.hint == (
        "declare them as they were; `flowforge run --allow-breaking -s bronze.log` empties it and "
        "makes it anew"
    )
    before = log.declared(*OLD)
    assert values(before, "n") == [7, 7]


@ways(*WRITES)
def test_a_table_is_emptied_and_made_anew_where_that_is_allowed(log: ChangingLog) -> None:
    made(log)
    other = ("n: Col[str] = col(); name: Col[str] = col()", '"n": ["7"], "name": ["a"]')
    project = log.declared(*other, last="2026-01-03")
    planned = project.plan(allow_breaking=True)
    assert [step.reason for step in planned.steps if step.asset == "log"] == ["rebuild"]
    assert project.run(allow_breaking=True).status == "succeeded"
    assert values(project, "n") == ["7", "7", "7"]
    assert project.plan().steps == ()
    assert project.plan().changes == ()


@ways(*WRITES)
def test_a_dropped_column_leaves_the_rows_that_stay(log: ChangingLog) -> None:
    made(log)
    project = log.declared("n: Col[Int32] = col()", '"n": [8]', OLD[2], last="2026-01-03")
    with pytest.raises(BreakingChangeError, match=r"`name` \(string\) is no longer declared"):
        project.run()
    assert project.run(allow_breaking=True).status == "succeeded"
    kept = 8 if log.write == "overwrite" else 7
    assert values(project, "n") == [kept, kept, 8]
    assert "name" not in stored_types(project)
    assert project.plan().changes == ()
    assert project.run().status == "succeeded"


@ways(*KEEPING)
def test_a_dropped_column_leaves_a_table_that_no_step_writes(log: ChangingLog) -> None:
    made(log)
    project = log.declared("n: Col[Int32] = col()", '"n": [8]', OLD[2])
    assert project.run(allow_breaking=True).status == "succeeded"
    assert values(project, "n") == [7, 7]
    assert project.plan().changes == ()
    assert project.plan().steps == ()


@ways(*KEEPING)
def test_a_new_column_that_is_never_null_breaks_rows_that_stay(log: ChangingLog) -> None:
    made(log)
    project = log.declared(
        f"{OLD[0]}; more: Col[str] = col()", f'{OLD[1]}, "more": ["x"]', OLD[2], last="2026-01-03"
    )
    with pytest.raises(BreakingChangeError, match="`more` is new and never null"):
        project.run()


@ways("overwrite")
def test_a_new_column_that_is_never_null_is_filled_by_making_all_again(log: ChangingLog) -> None:
    log.last = "2026-07-19"  # 200 days: several commits
    made(log)
    more = (f"{OLD[0]}; more: Col[str] = col()", f'{OLD[1]}, "more": ["x"]', OLD[2])
    project = log.declared(*more)
    assert only_change(project).change == "additive"
    with pytest.raises(BreakingChangeError):
        project.run(partitions="2026-01-01")
    assert project.run().status == "succeeded"
    assert values(project, "more") == ["x"] * 200
    assert project.plan().steps == ()
    assert project.plan().changes == ()
    project.rebuild_ledger()
    assert project.plan().changes == ()


@ways("overwrite")
def test_a_class_of_200_partitions_is_changed_in_every_way(log: ChangingLog) -> None:
    log.last = "2026-07-19"
    made(log)
    renamed = 'n: Col[int] = col(); title: Col[str] = col(renamed_from="name")'
    project = log.declared(renamed, '"n": [8], "title": ["b"]')
    assert project.run().status == "succeeded"
    assert values(project, "n") == [8] * 200
    other = log.declared("n: Col[date] = col()", '"n": [day]')
    assert other.run(allow_breaking=True).status == "succeeded"
    assert values(other, "n")[0] == date(2026, 1, 1)
    assert len(values(other, "n")) == 200


@ways("overwrite")
def test_partitions_that_are_cut_in_another_way_need_leave(log: ChangingLog) -> None:
    made(log)
    log.write = "append"
    project = log.declared(*OLD)
    source = (log.root / f"{log.module}.py").read_text()
    (log.root / f"{log.module}.py").write_text(
        source.replace('write="append", per=DAY.on("day")', "").replace("day: date", "")
        .replace("[day.day]", "[1]").replace("[day]", "[date(2026, 1, 1)]")
    )  # fmt: skip
    project = type(project).load(log.root)
    with pytest.raises(FlowForgeError, match="its partitions are cut in another way"):
        project.run()
    assert project.run(allow_breaking=True).status == "succeeded"
    assert values(project, "number") == [1]


@ways("merge")
def test_the_ledger_says_which_run_changed_what(log: ChangingLog) -> None:
    first = log.declared(*OLD).run()
    wider = ("n: Col[int] = col(); name: Col[str] = col()", '"n": [1], "name": ["b"]')
    project = log.declared(*wider, last="2026-01-03")
    second = project.run()
    old, new = schemas(project)
    assert (old.run_id, new.run_id) == (first.run_id, second.run_id)
    assert new.since(old) == ["- n: int32", "+ n: int64"]
    project.rebuild_ledger()
    assert [(e.columns, e.run_id) for e in schemas(project)] == [
        (e.columns, e.run_id) for e in (old, new)
    ]


@ways("merge", "overwrite")
def test_another_description_lands_with_the_next_commit_and_makes_nothing(
    log: ChangingLog,
) -> None:
    made(log)
    told = ('n: Col[Int32] = col(doc="how many"); name: Col[str] = col()', *OLD[1:])
    project = log.declared(*told)
    plan = project.plan()
    assert plan.steps == ()
    assert [(c.change, c.columns) for c in plan.changes] == [
        ("metadata", "`n` has another description")
    ]
    assert project.run().status == "succeeded"
    later = log.declared(*told, last="2026-01-03")
    assert later.run().status == "succeeded"
    assert schemas(later)[-1].comments == (("n", "how many"),)
    assert later.plan().changes == ()
    later.rebuild_ledger()
    assert schemas(later)[-1].comments == (("n", "how many"),)


@ways("append")
def test_a_reader_alone_is_refused_what_it_cannot_read(log: ChangingLog) -> None:
    log.declared(*OLD).run("log")
    project = log.declared("n: Col[str] = col(); name: Col[str] = col()", '"n": ["7"]')
    with pytest.raises(BreakingChangeError) as raised:
        project.run("total")
    assert (raised.value.hint or "").endswith("; what is read must be selected, too")


@ways("overwrite")
def test_some_partitions_of_a_table_cannot_be_emptied(log: ChangingLog) -> None:
    made(log)
    project = log.declared(
        "n: Col[str] = col(); name: Col[str] = col()", '"n": ["7"], "name": ["a"]'
    )
    with pytest.raises(FlowForgeError) as raised:
        project.run(partitions="2026-01-01", allow_breaking=True)
    assert raised.value.code == "FF-837"


@ways("append", "overwrite", stores=("delta",))
def test_rows_that_were_set_aside_lose_what_was_dropped(log: ChangingLog) -> None:
    log.options = 'bad_rows="quarantine"'
    high = ('"n": [9], "name": ["a"]', '"n": pl.Int32')
    log.declared("n: Col[Int32] = col(le=7); name: Col[str] = col()", *high).run()
    project = log.declared("n: Col[Int32] = col(le=7)", '"n": [9]', OLD[2], last="2026-01-03")
    assert project.run(allow_breaking=True).status == "succeeded"
    bad = bad_table(project.store, project.dataset("bronze.log")).scan().collect()
    assert bad.get_column("n").to_list() == [9, 9, 9]
    assert "name" not in bad.columns
