"""A store's secret in a block of a real Prefect server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server_of_prefect import Server, in_project

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

SAVE = """\
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from pydantic import SecretStr


class LakeLogin(Block):
    _block_type_slug = "lake-login"
    user: str
    key: SecretStr
    more: dict[str, str]


Secret(value="canary").save("lake")
LakeLogin(user="me", key=SecretStr("canary"), more={"region": "eu"}).save("lake")
"""
READ = """\
import asyncio, json, sys
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.storage.secrets import Reference, resolve


def read(name, field=None):
    try:
        return resolve(Reference("prefect_block", name, field)).reveal()
    except FlowForgeError as error:
        return error.message


async def within_a_loop():
    return read("secret/lake")


print(json.dumps({
    "value": read("secret/lake"),
    "field": read("lake-login/lake", "key"),
    "within": read("lake-login/lake", "more.region"),
    "loop": asyncio.run(within_a_loop()),
    "no block": read("secret/nowhere"),
    "no field": read("lake-login/lake", "password"),
    "no text": read("lake-login/lake", "more"),
}))
"""


@pytest.fixture
def server(prefect_server: Server) -> Server:
    return prefect_server


def test_a_secret_may_stand_in_a_block(server: Server, tmp_path: Path) -> None:
    saved = in_project(tmp_path, SAVE, home=server.home, api_url=server.url)
    assert saved.returncode == 0, saved.stderr
    ran = in_project(tmp_path, READ, home=server.home, api_url=server.url)
    assert ran.stdout, ran.stderr
    found = json.loads(ran.stdout)
    read = {name: found[name] for name in ("value", "field", "within", "loop")}
    assert read == {"value": "canary", "field": "canary", "within": "eu", "loop": "canary"}
    assert (
        found["no block"] == "the Prefect block `secret/nowhere` cannot be loaded: ObjectNotFound"
    )
    assert found["no field"] == "the Prefect block `lake-login/lake` has no field `password`"
    assert found["no text"].endswith("is no text")
