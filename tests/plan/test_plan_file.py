"""Plans as files: whole, readable, and held against what would be made now."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flowforge_assets.errors.bundle import PlanFileError, PlanMovedError
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.plan_file import (
    PlanAsk,
    PlanFile,
    plan_text,
    read_plan_file,
    refuse_moved,
    write_plan_file,
)
from planned_lake import DAYS, FINGERPRINT, Lake, dataset, graph, key, maker, read


def lake() -> Lake:
    """`b` is cut into days and reads `a`; nothing is made."""
    cut = [dataset("a"), dataset("b", DAYS)]
    return Lake(graph(cut, [maker("a"), maker("b", reads=[read("a")])]))


def written(tmp_path: Path, plan: Plan, ask: PlanAsk = PlanAsk()) -> PlanFile:  # noqa: B008 - a value
    path = tmp_path / "plan.json"
    write_plan_file(path, plan, ask)
    return read_plan_file(path)


def refused(file: PlanFile, plan: Plan) -> str:
    with pytest.raises(PlanMovedError) as caught:
        refuse_moved(file, plan)
    return caught.value.message.partition(": ")[2]


def test_a_plan_is_read_as_it_was_written_and_is_the_same_text_each_time(tmp_path: Path) -> None:
    plan = lake().plan()
    ask = PlanAsk(select="silver.b", partitions="2026-01-01", force=True)
    file = written(tmp_path, plan, ask)
    assert (file.env, file.ask) == (plan.env, ask)
    assert refuse_moved(file, plan) is plan
    assert plan_text(lake().plan(), ask) == (tmp_path / "plan.json").read_text()
    found = json.loads((tmp_path / "plan.json").read_text())
    assert [step["asset"] for step in found["steps"]] == ["make_a", "make_b"]


def test_a_plan_whose_reasons_are_worded_otherwise_is_the_same(tmp_path: Path) -> None:
    plan = lake().plan()
    said = tuple(replace(step, reason="late", detail="older than 2 hours") for step in plan.steps)
    refuse_moved(written(tmp_path, plan), replace(plan, steps=said, notes=("a note",)))


def test_what_is_made_since_needs_no_making_any_more(tmp_path: Path) -> None:
    world = lake()
    file = written(tmp_path, world.plan())
    world.make(world.plan("a"))
    assert refused(file, world.plan()) == "`silver.a` needs no making any more"
    later = written(tmp_path, world.plan())
    assert refused(later, lake().plan()) == "`silver.a` is to be made too"


def test_other_code_and_other_inputs_are_another_plan_though_the_steps_are_the_same(
    tmp_path: Path,
) -> None:
    world = lake()
    world.make(world.plan("a"))
    plan = world.plan()
    file = written(tmp_path, plan)
    world.today[key("b")] = replace(FINGERPRINT, code="other")
    assert refused(file, world.plan()) == "its code is another (`silver.b`)"

    newer = {each: replace(at, version=at.version + 1) for each, at in plan.inputs.items()}
    assert refused(file, replace(plan, inputs=newer)) == "what is read is another (`silver.a`)"
    moved = replace(plan, observed={key("b"): "v2"})
    assert refused(file, moved) == "what its source holds is another (`silver.b`)"


def test_other_partitions_are_made_otherwise_and_many_differences_are_counted(
    tmp_path: Path,
) -> None:
    world = lake()
    file = written(tmp_path, world.plan())
    some = world.plan(partitions={"b": "2026-01-01"})
    assert refused(file, some) == "`silver.b` is to be made otherwise"
    elsewhere = replace(world.plan(), env="prod")
    assert refused(file, elsewhere) == "its environment or the columns of its tables are others"

    names = [f"a{number}" for number in range(9)]
    many = Lake(graph(map(dataset, names), [maker(name) for name in names]))
    assert refused(written(tmp_path, many.plan()), lake().plan()).endswith(", and 6 more")


def test_a_file_that_is_no_plan_or_was_edited_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    text = plan_text(lake().plan(), PlanAsk())
    for content, said in (
        ("{", "holds no plan"),
        ("[]", "holds no plan"),
        (text.replace('"format": 1', '"format": 7'), "has the format `7`"),
        (text.replace('"force": false', '"force": true'), "is not as it was written"),
        (text.replace('"code"', '"other"'), "is not as it was written"),
    ):
        path.write_text(content)
        with pytest.raises(PlanFileError, match=said):
            read_plan_file(path)
    with pytest.raises(PlanFileError, match="cannot be read: no such file"):
        read_plan_file(tmp_path / "orders")
    with pytest.raises(PlanFileError, match="cannot be written: is a directory"):
        write_plan_file(tmp_path, lake().plan(), PlanAsk())
