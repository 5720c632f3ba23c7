from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.errors.deploy import HookError
from flowforge_assets.errors.project import ModuleError
from flowforge_assets.execute.failure_hooks import Failure, call_hooks

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
FAILURE = Failure("nightly", "odd-owl", "1", "Failed", "no delivery")
ALERTS = """\
from pathlib import Path


def page_us(failure):
    with (Path(__file__).parent / "told").open("a") as told:
        told.write(f"{failure.job} {failure.state}: {failure.message}\\n")


def break_down(failure):
    raise ValueError("no line")
"""


def project(write: Write, *hooks: str) -> Path:
    named = ", ".join(f'"{hook}"' for hook in hooks)
    toml = f"[job.nightly]\non_failure = [{named}]\n"
    return write({"flowforge.toml": toml, "alerts_of_hooks.py": ALERTS})


def told(root: Path) -> str:
    path = root / "told"
    return path.read_text() if path.exists() else ""


def test_the_functions_of_a_job_hear_of_its_failure(write_project: Write) -> None:
    root = project(write_project, "alerts_of_hooks:page_us", "slack-webhook/ops")
    call_hooks(root, FAILURE)
    assert told(root) == "nightly Failed: no delivery\n"


def test_one_that_fails_keeps_no_other_from_being_called(write_project: Write) -> None:
    root = project(write_project, "alerts_of_hooks:break_down", "alerts_of_hooks:page_us")
    with pytest.raises(ValueError, match="no line"):
        call_hooks(root, FAILURE)
    assert told(root)


def test_a_function_that_is_not_there_is_told(write_project: Write) -> None:
    root = project(write_project, "alerts_of_hooks:page_them")
    with pytest.raises(HookError) as caught:
        call_hooks(root, FAILURE)
    assert "`alerts_of_hooks:page_them`" in caught.value.message


def test_a_module_that_is_not_there_is_told(write_project: Write) -> None:
    with pytest.raises(ModuleError):
        call_hooks(project(write_project, "no_alerts:page_us"), FAILURE)


def test_a_job_that_is_gone_calls_nobody(write_project: Write) -> None:
    root = project(write_project, "alerts_of_hooks:page_us")
    call_hooks(root, Failure("other", "odd-owl", "1", "Failed", ""))
    assert told(root) == ""
