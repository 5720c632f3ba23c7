"""Our variables beside the real base job templates of Prefect's workers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it has no stubs

from flowforge_assets.compile.deployment import describe_deployments
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.deploy import UnknownJobVariableError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.pool_types import POOL_TYPES, JobVariable, PoolKind
from flowforge_assets.project.pools import BlockReference
from pool_templates import templates

KINDS: tuple[PoolKind, ...] = get_args(PoolKind)
each_kind = pytest.mark.parametrize("kind", KINDS)
# A value of each form, as the project file has it.
EXAMPLES = {
    "text": '"some"',
    "whole": "3",
    "number": "1.5",
    "flag": "true",
    "texts": '["one", "two"]',
    "mapping": '{ team = "data" }',
    "table": "{}",
    "tables": "[{}]",
    "block": '{ block = "some-type/some-name" }',
}
# What has a form of its own inside, which is for the cloud to know.
INSIDE = {
    "capacity_provider_strategy": '[{ capacityProvider = "spot", weight = 1, base = 0 }]',
    "image_registry": '{ registry_url = "x.azurecr.io", identity = "me" }',
    "env_from_secrets": '{ KEY = { secret = "key", version = "latest" } }',
    "prefect_api_key_secret": '{ secret = "key", version = "latest" }',
    "prefect_api_auth_string_secret": '{ secret = "key", version = "latest" }',
}


def example(name: str, variable: JobVariable) -> str:
    if name in INSIDE:
        return INSIDE[name]
    if variable.choices:
        return f'"{variable.choices[-1]}"'
    if variable.pattern:
        shown = variable.example
        assert re.fullmatch(variable.pattern, shown.strip('"').replace("...", "x:x")), name
        return shown.replace("...", "x:x")
    return EXAMPLES[variable.form]


def variables_of(root: Path, lines: str) -> dict[str, Any]:
    """What the infrastructure is told by a pool with those lines."""
    (root / "flowforge.toml").write_text(
        f'[project]\nname = "shop"\n[pool.it]\n{lines}\n[job.nightly]\npool = "it"\n'
        '[env.prod]\nstore = "file:///lake"\nledger = { env = "LEDGER_URL" }\n'
    )
    config = read_config(root)
    [found] = describe_deployments(
        config, Environment.of(config, "prod"), version="v", datasets=list[DatasetKey]()
    )
    return dict(found.job_variables)


def misfits(kind: str, variables: dict[str, Any]) -> list[str]:
    """What the template says against the variables, but for blocks: their ids come later."""
    schema: dict[str, Any] = templates()[kind]["variables"]
    plain = {n: v for n, v in variables.items() if not isinstance(v, BlockReference)}
    # A pool's own defaults may have what it requires.
    strict: Any = Draft202012Validator({**schema, "required": [], "additionalProperties": False})
    return [str(error.message) for error in strict.iter_errors(plain)]


def test_there_is_a_template_of_each_kind() -> None:
    assert set(templates()) == set(KINDS)


@each_kind
def test_a_pool_has_the_variables_of_its_template(kind: PoolKind) -> None:
    real: set[str] = set(templates()[kind]["variables"]["properties"])
    # `env` is read apart, and `name` is that of the work pool.
    assert {*POOL_TYPES[kind].variables, "env", "name"} == real


@each_kind
def test_what_a_pool_can_say_fits_its_template(kind: PoolKind, tmp_path: Path) -> None:
    known = POOL_TYPES[kind].variables
    lines = [f"{name} = {example(name, variable)}" for name, variable in known.items()]
    text = "\n".join([f'type = "{kind}"', *lines, 'env = { A = "1", B = { secret = "b" } }'])
    assert tomllib.loads(text)
    variables = variables_of(tmp_path, text)
    assert set(variables) == {*known, "env"}
    assert misfits(kind, variables) == []


@each_kind
def test_a_misspelt_variable_is_refused_before_a_worker_passes_over_it(
    kind: PoolKind, tmp_path: Path
) -> None:
    name = next(iter(POOL_TYPES[kind].variables))
    image = 'image = "shop:1"' if kind != "process" else ""
    with pytest.raises(FlowForgeError) as caught:
        variables_of(tmp_path, f'type = "{kind}"\n{image}\n{name}x = "some"')
    assert isinstance(caught.value, UnknownJobVariableError)
    assert caught.value.hint == f"did you mean `{name}`?"
    # Prefect takes it in silence: the template lets any key pass.
    assert "additionalProperties" not in templates()[kind]["variables"]
