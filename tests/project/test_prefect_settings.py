from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.project.config import read_config
from flowforge_assets.project.prefect_settings import PrefectSettings

Write: TypeAlias = Callable[[Mapping[str, str]], Path]


def settings(write_project: Write, text: str) -> PrefectSettings:
    return read_config(write_project({"flowforge.toml": text})).prefect


def test_a_project_that_says_nothing_goes_on_without_its_server(write_project: Write) -> None:
    assert settings(write_project, "") == PrefectSettings(200, "go on")


def test_the_most_tasks_and_what_becomes_of_a_lost_server_are_read(write_project: Write) -> None:
    text = '[prefect]\nmax_tasks = 50\non_lost_server = "stop"\n'
    assert settings(write_project, text) == PrefectSettings(50, "stop")


def test_where_tasks_run_is_read(write_project: Write) -> None:
    text = '[prefect]\ntask_runner = "dask"\ncluster = "tcp://host:8786"\n'
    found = settings(write_project, text)
    assert (found.task_runner, found.cluster) == ("dask", "tcp://host:8786")


@pytest.mark.parametrize(
    ("text", "wrong", "hint"),
    [
        ('task_runner = "dusk"', "task_runner", "did you mean `dask`?"),
        ('task_runner = "spark"', "task_runner", 'write `task_runner = "dask"`'),
        ('task_runner = "ray"\ncluster = 1', "cluster",
         'write `cluster = "tcp://host:8786"` beside `task_runner = "dask"`'),
        ('cluster = "tcp://host:8786"', "cluster",
         'write `cluster = "tcp://host:8786"` beside `task_runner = "dask"`'),
    ],
)  # fmt: skip
def test_a_task_runner_that_is_none_is_refused(
    write_project: Write, text: str, wrong: str, hint: str
) -> None:
    with pytest.raises(FlowForgeError) as caught:
        settings(write_project, f"[prefect]\n{text}\n")
    assert caught.value.message.startswith(f"`{wrong}` in `[prefect]` is not")
    assert caught.value.hint == hint


def test_every_mistake_is_named_with_its_line(write_project: Write) -> None:
    text = '[prefect]\nmax_task = 1\nmax_tasks = 0\non_lost_server = "wait"\n'
    with pytest.raises(Problems) as caught:
        settings(write_project, text)
    assert [told(error) for error in caught.value.errors] == [
        ("FF-803", 2, "unknown key `max_task` in `[prefect]`", "did you mean `max_tasks`?"),
        ("FF-805", 3, "`max_tasks` in `[prefect]` is not a whole number from 1",
         "write `max_tasks = 200`"),
        ("FF-805", 4, '`on_lost_server` in `[prefect]` is not "go on" or "stop"',
         'write `on_lost_server = "go on"`'),
    ]  # fmt: skip


def told(error: FlowForgeError) -> tuple[str, int, str, str | None]:
    assert error.place is not None
    return error.code, error.place.line, error.message, error.hint
