from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.deploy import (
    HookError,
    JobError,
    NeverFiresError,
    ScheduleError,
    UnknownPoolError,
    UpstreamKeyError,
)
from flowforge_assets.errors.project import ConfigValueError, UnknownConfigKeyError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.job_schedule import Cron, Every, Recurrence
from flowforge_assets.project.jobs import LOOK_EVERY, Concurrency, FunctionHook, JobConfig
from flowforge_assets.project.pools import BlockReference

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
WHOLE = """\
[job.nightly]
select = "gold.*"
partitions = "2026-01-01.."
schedule = { cron = "0 5 * * *", timezone = "Europe/Berlin" }
after = ["gold.rates", "finance/gold.rates", "s3://bucket/rates"]
concurrency = { limit = 2, on_collision = "cancel_new" }
parameters = { force = true }
on_failure = ["ops", "slack-webhook/ops", "shop.alerts:page_us"]
pool = "k8s"
batch = 50

[pool.k8s]
type = "kubernetes"
image = "registry.example/shop:1"
"""


def problem(root: Path) -> FlowForgeError:
    """The one thing that is wrong with the project file."""
    with pytest.raises(FlowForgeError) as caught:
        read_config(root)
    assert not isinstance(caught.value, Problems), caught.value
    return caught.value


def line(text: str, write_project: Write) -> FlowForgeError:
    """What is wrong with a job that has that line, as its second."""
    error = problem(write_project({"flowforge.toml": f"[job.nightly]\n{text}\n"}))
    assert error.place is not None
    assert error.place.line == 2
    return error


def test_a_whole_job_is_read(write_project: Write) -> None:
    job = read_config(write_project({"flowforge.toml": WHOLE})).jobs["nightly"]
    assert job.place is not None
    assert job.place.line == 1
    assert job == JobConfig(
        name="nightly",
        select="gold.*",
        partitions="2026-01-01..",
        schedule=Cron("0 5 * * *", "Europe/Berlin"),
        after=("gold.rates", "finance/gold.rates", "s3://bucket/rates"),
        concurrency=Concurrency(2, "cancel_new"),
        force=True,
        on_failure=(
            BlockReference("webhook", "ops"),
            BlockReference("slack-webhook", "ops"),
            FunctionHook("shop.alerts", "page_us"),
        ),
        pool="k8s",
        batch=50,
        place=job.place,
    )


def test_a_job_without_keys_makes_all_and_waits_to_be_started(write_project: Write) -> None:
    job = read_config(write_project({"flowforge.toml": "[job.all]\n"})).jobs["all"]
    assert (job.select, job.schedule, job.pool) == (None, None, "default")


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ('{ interval = "90s" }', Every(timedelta(seconds=90))),
        ('{ interval = "1d", timezone = "UTC" }', Every(timedelta(days=1))),
        ('{ rrule = "FREQ=DAILY;BYHOUR=5" }', Recurrence("FREQ=DAILY;BYHOUR=5")),
        ('{ cron = "0 0 29 2 *" }', Cron("0 0 29 2 *")),
    ],
)
def test_a_schedule_has_one_of_three_kinds(
    text: str, schedule: object, write_project: Write
) -> None:
    root = write_project({"flowforge.toml": f"[job.nightly]\nschedule = {text}\n"})
    assert read_config(root).jobs["nightly"].schedule == schedule


def test_a_job_of_what_is_due_looks_by_itself(write_project: Write) -> None:
    root = write_project({"flowforge.toml": "[job.nightly]\ndue = true\n"})
    assert read_config(root).jobs["nightly"].schedule == LOOK_EVERY


def test_a_job_of_what_is_due_keeps_the_schedule_that_it_has(write_project: Write) -> None:
    text = '[job.nightly]\ndue = true\nschedule = { interval = "1h" }\n'
    config = read_config(write_project({"flowforge.toml": text}))
    assert config.jobs["nightly"].schedule == Every(timedelta(hours=1))


@pytest.mark.parametrize("days", ["31 2", "30 2", "31 4,6,9,11", "30-31 2"])
def test_a_cron_text_that_never_fires_is_told_as_such(days: str, write_project: Write) -> None:
    error = line(f'schedule = {{ cron = "0 0 {days} *" }}', write_project)
    assert isinstance(error, NeverFiresError)
    assert f"`0 0 {days} *` of the job `nightly` never fires" in error.message


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ('{ cron = "61 * * * *" }', "bad minute"),
        ('{ cron = "0 0 32 13 *" }', "cannot be read"),
        ('{ cron = "* * * * * *" }', "not five fields"),
        ('{ cron = "@daily" }', "not five fields"),
        ("{ cron = 5 }", "is no text"),
        ('{ cron = "* * * * *", interval = "1h" }', "both `cron` and `interval`"),
        ('{ timezone = "UTC" }', "neither cron nor interval"),
        ('{ cron = "* * * * *", timezone = "Europe/Berln" }', "`Europe/Berln`"),
        ('{ cron = "* * * * *", timezone = "../etc" }', "`../etc`"),
        ('{ interval = "0s" }', "no length of time"),
        ('{ interval = "soon" }', "no length of time"),
        ('{ rrule = "FREQ=DALY" }', "has no frequency"),
        ('{ rrule = "BYHOUR=5" }', "has no frequency"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_told(
    schedule: str, said: str, write_project: Write
) -> None:
    error = line(f"schedule = {schedule}", write_project)
    assert isinstance(error, ScheduleError)
    assert said in error.message


def test_a_misspelt_kind_of_schedule_gets_a_hint(write_project: Write) -> None:
    error = line('schedule = { crn = "0 5 * * *" }', write_project)
    assert isinstance(error, ScheduleError)
    assert error.hint == "did you mean `cron`?"


def test_a_misspelt_key_of_a_job_gets_a_hint(write_project: Write) -> None:
    error = line('shedule = { cron = "0 5 * * *" }', write_project)
    assert isinstance(error, UnknownConfigKeyError)
    assert error.hint == "did you mean `schedule`?"


def test_a_parameter_that_no_flow_has_is_refused(write_project: Write) -> None:
    error = line("parameters = { forcex = true }", write_project)
    assert isinstance(error, UnknownConfigKeyError)
    assert error.hint == "did you mean `force`?"


@pytest.mark.parametrize(
    "text",
    [
        "concurrency = 0",
        'concurrency = { limit = 1, on_collision = "queue" }',
        "parameters = { force = 1 }",
        "due = 1",
        "batch = 0",
        "after = [1]",
        'schedule = "0 5 * * *"',
    ],
)
def test_a_value_of_another_form_is_refused(text: str, write_project: Write) -> None:
    assert isinstance(line(text, write_project), ConfigValueError)


def test_a_job_in_a_pool_that_is_not_there_is_refused(write_project: Write) -> None:
    error = line('pool = "defualtt"', write_project)
    assert isinstance(error, UnknownPoolError)
    assert error.hint == "did you mean `default`?"


def test_a_pool_of_one_environment_is_there(write_project: Write) -> None:
    text = '[job.nightly]\npool = "big"\n[env.prod.pool.big]\ntype = "process"\n'
    assert read_config(write_project({"flowforge.toml": text})).jobs["nightly"].pool == "big"


def test_a_key_with_the_project_before_a_dot_gets_the_right_one(write_project: Write) -> None:
    error = line('after = ["finance.gold.rates"]', write_project)
    assert isinstance(error, UpstreamKeyError)
    assert error.hint == "write `finance/gold.rates`"


@pytest.mark.parametrize("hook", ["shop.alerts:", "Ops", "a:b:c", "a b:c"])
def test_a_hook_that_is_neither_block_nor_function_is_refused(
    hook: str, write_project: Write
) -> None:
    assert isinstance(line(f'on_failure = ["{hook}"]', write_project), HookError)


@pytest.mark.parametrize("name", ["Nightly", "a.b", "ä", "-x"])
def test_a_job_has_a_plain_name(name: str, write_project: Write) -> None:
    error = problem(write_project({"flowforge.toml": f'[job."{name}"]\ndue = true\n'}))
    assert isinstance(error, JobError)


def test_all_that_is_wrong_is_said_at_once(write_project: Write) -> None:
    text = '[job.one]\nselct = "x"\n[job.two]\nschedule = { cron = "0 0 31 2 *" }\npool = "no"\n'
    with pytest.raises(Problems) as caught:
        read_config(write_project({"flowforge.toml": text}))
    assert [(error.code, error.place and error.place.line) for error in caught.value.errors] == [
        ("FF-803", 2),
        ("FF-872", 4),
        ("FF-873", 5),
    ]
