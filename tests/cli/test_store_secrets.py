"""A store's secret is nowhere but in the store's client."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from command_line import Call
from flowforge_assets import FlowForgeError, Project
from s3_signature import SECRET_ACCESS_KEY
from store_place import StorePlace

Write: TypeAlias = Callable[[Mapping[str, str]], Path]

CANARY = "CANARYcanary/0123456789+CANARYcanary"
SHOP = """\
from flowforge_assets import Col, Frame, Rows, Bronze, Silver, asset, key


class Orders(Bronze):
    id: Col[int] = key()


class Doubled(Silver):
    id: Col[int] = key()


@asset
def orders() -> Rows[Orders]:
    return [Orders(id=1), Orders(id=2)]


@asset
def doubled(orders: Frame[Orders]) -> Frame[Doubled]:
    return orders.select(id=Orders.id * 2)
"""
COMMANDS = [
    ("check",),
    ("plan",),
    ("plan", "--json"),
    ("run", "-v"),
    ("run", "--json", "--force"),
    ("show", "silver.doubled"),
    ("show", "silver.doubled", "--json"),
    ("why", "silver.doubled"),
    ("history", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("ledger", "rebuild"),
]


def project(write_project: Write, place: StorePlace, name: str) -> Path:
    config = f'[project]\nname = "shop"\nmodules = ["{name}"]\n[env.dev.store]\n{place.toml()}'
    return write_project({"flowforge.toml": config, f"{name}.py": SHOP})


def secrets() -> tuple[str, ...]:
    return (CANARY, SECRET_ACCESS_KEY)


def refuse_secrets(where: str, text: str) -> None:
    assert not [secret for secret in secrets() if secret in text], where


def refuse_secrets_in(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert not [each for each in secrets() if each.encode() in content], path


def test_a_run_shows_and_keeps_no_secret(
    write_project: Write, moto_s3: StorePlace, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    root = project(write_project, moto_s3, "secret_shop")
    codes = {}
    for command in COMMANDS:
        ran = call("-C", str(root), *command)
        codes[command] = ran.code
        refuse_secrets(" ".join(command), ran.out + ran.err)
    assert not {command: code for command, code in codes.items() if code != 0}
    refuse_secrets("the logs", caplog.text)
    refuse_secrets_in(root)


@pytest.mark.parametrize("command", [("plan",), ("run", "--json"), ("run", "-v"), ("doctor",)])
def test_a_secret_that_is_wrong_is_not_repeated(
    write_project: Write,
    moto_s3: StorePlace,
    call: Call,
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WRONG_SECRET", CANARY)
    wrong = moto_s3.with_options(secret_access_key={"env": "WRONG_SECRET"})
    root = project(write_project, wrong, "wrong_shop")
    ran = call("-C", str(root), *command)
    assert ran.code != 0 or command == ("plan",)
    refuse_secrets(" ".join(command), ran.out + ran.err)


def test_a_traceback_holds_no_secret(
    write_project: Write, moto_s3: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_SECRET", CANARY)
    wrong = moto_s3.with_options(secret_access_key={"env": "WRONG_SECRET"})
    loaded = Project.load(project(write_project, wrong, "traced_shop"))
    with pytest.raises(FlowForgeError) as caught:
        loaded.read("silver.doubled")
    found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    refuse_secrets("the locals of our frames", "".join(_ours(found)))
    refuse_secrets("the traceback", "".join(traceback.format_exception(caught.value)))


def test_an_inline_secret_is_refused_without_its_line(
    write_project: Write, moto_s3: StorePlace, call: Call
) -> None:
    inline = moto_s3.with_options(secret_access_key=CANARY)
    root = project(write_project, inline, "inline_shop")
    for command in (("plan",), ("plan", "--json"), ("doctor",)):
        ran = call("-C", str(root), *command)
        assert "FF-862" in ran.out + ran.err
        refuse_secrets(" ".join(command), ran.out + ran.err)


def _ours(found: traceback.TracebackException) -> list[str]:
    """The locals that our own frames show, those of errors behind it too."""
    own = f"{os.sep}flowforge_assets{os.sep}"
    shown: list[str] = []
    at: traceback.TracebackException | None = found
    while at is not None:
        for frame in at.stack:
            if own in frame.filename and not frame.filename.endswith(_KNOW_SECRETS):
                shown += [f"{name}={value}\n" for name, value in (frame.locals or {}).items()]
        at = at.__cause__ or at.__context__
    return shown


# They reveal secrets to clients; nothing of theirs is in a traceback, which ends before.
_KNOW_SECRETS = ("resolved.py", "s3_options.py", "azure_options.py", "gcs_options.py")
