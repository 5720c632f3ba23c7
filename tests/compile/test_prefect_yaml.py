"""`prefect.yaml` as it is written, and what is found in one that was edited."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.compile.deployment import Deployment
from flowforge_assets.compile.prefect_models import MODELS
from flowforge_assets.compile.prefect_yaml import prefect_yaml, read_prefect_yaml
from flowforge_assets.compile.yaml_text import Yaml, yaml_text
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.project.job_schedule import Every
from flowforge_assets.project.jobs import Concurrency
from flowforge_assets.project.pools import BlockReference, Pool

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))
    | st.sampled_from(["no", "Off", "~", "1e3", "2026-01-01", "a: b", "- a", "#", "=", "<<", "0x1"])
)  # fmt: skip
KEYS = st.text(st.characters(max_codepoint=0x2FF), min_size=1) | st.sampled_from(["on", "a b"])
VALUES: st.SearchStrategy[Yaml] = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8
)
PREFECTS_OWN = """\
import json
from prefect.cli.deploy import _models as m

models = {"": m.PrefectYamlModel, "deployments": m.DeploymentConfig, "work_pool": m.WorkPoolConfig,
          "concurrency_limit": m.ConcurrencyLimitSpec, "schedule": m.RawScheduleConfig,
          "schedules": m.RawScheduleConfig}
print(json.dumps({key: sorted(model.model_fields) for key, model in models.items()}))
"""
GOOD = """\
deployments:
  - name: nightly
    entrypoint: flow.py:make
    concurrency_limit: 1
    work_pool:
      name: default
    schedules:
      - cron: 0 5 * * *
"""


@given(st.dictionaries(KEYS, VALUES))
def test_what_is_written_is_read_again_by_the_parser_that_prefect_has(value: Yaml) -> None:
    assert isinstance(value, dict)
    assert (yaml.safe_load(yaml_text(value)) or {}) == value


@pytest.mark.slow
def test_the_models_have_the_fields_of_prefects_own() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PREFECTS_OWN], capture_output=True, text=True, check=True, timeout=90
    )
    theirs: dict[str, list[str]] = json.loads(ran.stdout)
    assert theirs == {key: sorted(model.model_fields) for key, model in MODELS.items()}


def test_deployments_are_written_by_name_and_read_as_they_were(tmp_path: Path) -> None:
    text = prefect_yaml("shop", [deployment("b"), deployment("a")])
    assert text == prefect_yaml("shop", [deployment("a"), deployment("b")])
    assert text.splitlines()[1:] == ["name: shop", "deployments:", *_lines_of("a"), *_lines_of("b")]
    file = tmp_path / "prefect.yaml"
    file.write_text(text)
    assert [each.name for each in read_prefect_yaml(file).deployments] == ["a", "b"]
    file.write_text(prefect_yaml("shop", []))
    assert read_prefect_yaml(file).deployments == []


def deployment(name: str) -> Deployment:
    return Deployment(
        flow="shop",
        name=name,
        job=name,
        description="Makes all.",
        version="abc",
        owner=("flowforge",),
        tags=("flowforge",),
        parameters={"select": None, "env": "dev"},
        schedule=Every(timedelta(seconds=90)),
        concurrency=Concurrency(2, "cancel_new"),
        pool=Pool("default", "process", "default"),
        job_variables={
            "env": {"A": "{{ b }}"},
            "aws_credentials": BlockReference("aws-credentials", "prod"),
        },
        after=("s3://lake/rates",),
        on_failure=(),
    )


def _lines_of(name: str) -> list[str]:
    return [
        f"  - name: {name}",
        "    version: abc",
        "    tags:",
        "      - flowforge",
        '    description: "Makes all."',
        "    schedules:",
        "      - interval: 90",
        "        timezone: UTC",
        '        anchor_date: "2020-01-01T00:00:00Z"',
        "    concurrency_limit:",
        "      limit: 2",
        "      collision_strategy: CANCEL_NEW",
        "    entrypoint: flow.py:make",
        "    parameters:",
        "      select: null",
        "      env: dev",
        "    work_pool:",
        "      name: default",
        "      job_variables:",
        "        env:",
        '          A: "{{ b }}"',
        '        aws_credentials: "{{ prefect.blocks.aws-credentials.prod }}"',
        "    triggers:",
        "      - type: event",
        "        match:",
        "          prefect.resource.id: s3://lake/rates",
        "        expect:",
        "          - prefect.asset.materialization.succeeded",
    ]


@pytest.mark.parametrize(
    ("edit", "line", "message", "hint"),
    [
        (("name: nightly", "nmae: nightly"), 2, "`deployments.0` has no `name`", "write `name:"),
        (
            ("    work_pool:", "    work_pol: x\n    work_pool:"),
            5,
            "`deployments.0.work_pol` is no key of Prefect, which would pass over it",
            "did you mean `work_pool`?",
        ),
        (
            ("      name: default", "      name: default\n      job_variabels: {}"),
            7,
            "`deployments.0.work_pool.job_variabels` is no key of Prefect",
            "did you mean `job_variables`?",
        ),
        (
            ("limit: 1", "limit: {limit: 1, colision_strategy: ENQUEUE}"),
            4,
            "`deployments.0.concurrency_limit.colision_strategy` is no key of Prefect",
            "did you mean `collision_strategy`?",
        ),
        (("limit: 1", "limit: 0"), 4, "should be greater than or equal to 1", "mend it there"),
        (("- cron: 0 5 * * *", "- timezone: UTC"), 8, "has one of `cron`, `interval`", "mend it"),
        (("deployments:", "deploymens: []\ndeployments:"), 1, "`deploymens` is no key", "did you"),
        ((GOOD, "deployments: 3\n"), 1, "should be a valid list", "mend it there"),
        ((GOOD, "a: [\n"), 2, "is not YAML", "mend it there"),
    ],
)
def test_what_prefect_would_pass_over_is_named_with_its_line(
    tmp_path: Path, edit: tuple[str, str], line: int, message: str, hint: str
) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text(GOOD)
    assert read_prefect_yaml(file).deployments[0].name == "nightly"

    file.write_text(GOOD.replace(*edit))
    with pytest.raises(FlowForgeError) as caught:
        read_prefect_yaml(file)
    errors = caught.value.errors if isinstance(caught.value, Problems) else (caught.value,)
    (error,) = [each for each in errors if message in each.message]
    assert error.code == "FF-894"
    assert error.place is not None
    assert (error.place.file, error.place.line) == ("prefect.yaml", line)
    assert hint in (error.hint or "")


def test_two_deployments_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text(GOOD + GOOD.removeprefix("deployments:\n"))
    with pytest.raises(FlowForgeError, match="two deployments are called `nightly`"):
        read_prefect_yaml(file)


def test_a_file_that_cannot_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FlowForgeError, match=r"`prefect\.yaml` cannot be read: no such file"):
        read_prefect_yaml(tmp_path / "prefect.yaml")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(FlowForgeError, match="cannot be checked: PyYAML is not installed"):
        read_prefect_yaml(tmp_path / "prefect.yaml")
