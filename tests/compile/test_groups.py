from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.compile.groups import STEPS_IN_A_GROUP, Group, group_steps
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.plan.step import Step


def key(number: int) -> DatasetKey:
    return DatasetKey(f"bronze.a{number}")


def steps_of(reads: Mapping[int, Sequence[int]], *, twice: Sequence[int] = ()) -> list[Step]:
    return [
        Step(f"{key(n)}{again}", key(n), key(n), (key(n),), PartitionSet.none(()), "forced", "")
        for n in reads
        for again in (("", "#2") if n in twice else ("",))
    ]


def grouped(
    reads: Mapping[int, Sequence[int]],
    *,
    most: int = 200,
    workers: int = 2,
    twice: Sequence[int] = (),
    limits: Mapping[int, Sequence[str]] | None = None,
) -> list[Group]:
    return group_steps(
        steps_of(reads, twice=twice),
        {key(n): [key(up) for up in ups] for n, ups in reads.items()},
        most=most,
        workers=workers,
        limits={key(n): tags for n, tags in (limits or {}).items()},
    )


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, list[int]]:
    count = draw(st.integers(1, 40))
    return {n: draw(st.lists(st.integers(0, n - 1), max_size=3)) if n else [] for n in range(count)}


@given(graphs(), st.integers(1, 12), st.integers(1, 12), st.sets(st.integers(0, 39)))
def test_all_steps_are_in_one_group_each_which_waits_only_for_earlier_ones(
    reads: dict[int, list[int]], most: int, workers: int, twice: set[int]
) -> None:
    groups = grouped(reads, most=most, workers=workers, twice=sorted(twice))
    ids = [id_ for group in groups for id_ in group.steps]
    assert sorted(ids) == sorted(step.id for step in steps_of(reads, twice=sorted(twice)))
    assert len(groups) <= most
    home = {id_.removesuffix("#2"): n for n, group in enumerate(groups) for id_ in group.steps}
    for number, group in enumerate(groups):
        assert group.id == group.steps[0]
        needed = {home[key(up)] for n, ups in reads.items() if home[key(n)] == number for up in ups}
        assert set(group.after) == needed - {number}
        assert all(other < number for other in group.after)
        for id_ in group.steps:
            before = group.steps[: group.steps.index(id_)]
            ups = {key(up) for up in reads[int(id_.removesuffix("#2").removeprefix("bronze.a"))]}
            assert all(up in before for up in ups if home[up] == number)


def test_a_plan_has_a_group_for_so_many_steps_and_never_more_than_asked() -> None:
    reads: dict[int, list[int]] = {n: [] for n in range(10 * STEPS_IN_A_GROUP)}
    assert {len(group.steps) for group in grouped(reads)} == {STEPS_IN_A_GROUP}
    assert len(grouped(reads, most=3)) == 3


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_there_is_work_for_all_workers_at_once(workers: int) -> None:
    reads: dict[int, list[int]] = {n: [] for n in range(32)}
    assert sum(not group.after for group in grouped(reads, workers=workers)) == workers


def test_lines_that_have_nothing_in_common_are_made_side_by_side() -> None:
    lines = {n: [n - 1] if n % 8 else [] for n in range(32)}
    assert [group.after for group in grouped(lines, workers=4)] == [(), (), (), ()]


def test_a_line_is_cut_into_groups_that_wait_for_one_another() -> None:
    line = {n: [n - 1] if n else [] for n in range(300)}
    groups = grouped(line)
    assert [group.after for group in groups] == [(), (0,), (1,), (2,), (3,), (4,)]


def test_assets_with_limits_of_their_own_are_groups_of_their_own() -> None:
    reads: dict[int, list[int]] = {n: [] for n in range(6)}
    groups = grouped(reads, most=1, limits={1: ["crm"], 4: ["crm"], 5: ["crm", "api"]})
    assert sorted((group.tags, group.steps) for group in groups) == [
        ((), (key(0), key(2), key(3))),
        (("api", "crm"), (key(5),)),
        (("crm",), (key(1), key(4))),
    ]
    assert all(one.id != other.id for one, other in pairwise(groups))


def test_a_long_line_is_cut_without_recursion_and_in_time() -> None:
    line = {n: [n - 1] if n else [] for n in range(10_000)}
    assert len(grouped(line)) == 200
