from __future__ import annotations

import importlib.util

import pytest

from flowforge_assets.errors.part import TaskRunnerMissingError
from flowforge_assets.execute.task_runner import no_cluster, task_runner


@pytest.mark.skipif(importlib.util.find_spec("prefect_ray") is not None, reason="it is installed")
def test_a_task_runner_that_is_not_installed_is_named_with_its_extra() -> None:
    with pytest.raises(TaskRunnerMissingError) as caught:
        task_runner("ray", workers=2)
    assert caught.value.message == (
        "the task runner `ray` is not installed: there is no `prefect_ray`"
    )
    assert caught.value.hint == (
        "install it, on the workers too: `pip install 'flowforge-assets[prefect,ray]'`"
    )


def test_a_cluster_that_is_not_reached_is_told_without_its_address() -> None:
    error = no_cluster(OSError("tcp://user:hidden@host:8786 is not there"))
    assert error.code == "FF-767"
    assert "hidden" not in error.render()
