"""Secrets by reference."""

from __future__ import annotations

import pickle
import sys
import traceback
from pathlib import Path

import pytest

from flowforge_assets.errors.project import PrefectMissingError
from flowforge_assets.errors.stores import SecretMissingError
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.resolved import Resolved
from flowforge_assets.storage.secrets import Reference, Secret, resolve
from flowforge_assets.storage.store_options import read_options


def test_a_secret_may_stand_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_KEY", "canary")
    assert resolve(Reference("env", "LAKE_KEY")).reveal() == "canary"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("canary\n")
    assert resolve(Reference("file", str(file))).reveal() == "canary"


def test_a_file_is_named_from_the_projects_folder(tmp_path: Path) -> None:
    raw = {"service_account": {"file": "secrets/gcs.json"}}
    options = read_options("gs://lake", raw, root=tmp_path)
    assert options.values["service_account"] == Reference("file", f"{tmp_path}/secrets/gcs.json")


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("LAKE_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("LAKE_KEY", value)
    with pytest.raises(SecretMissingError, match="`LAKE_KEY` is not set") as caught:
        resolve(Reference("env", "LAKE_KEY"))
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_or_says_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretMissingError, match="cannot be read: no such file"):
        resolve(Reference("file", str(tmp_path / "nowhere")))
    (tmp_path / "empty").write_text(" \n")
    with pytest.raises(SecretMissingError, match="is empty"):
        resolve(Reference("file", str(tmp_path / "empty")))


def test_bytes_that_are_no_text_are_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"canary\xff")
    with pytest.raises(SecretMissingError) as caught:
        resolve(Reference("file", str(tmp_path / "key")))
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("canary")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>9}", f"{[secret]}", "%s" % secret]  # noqa: UP031 - as logging does
    assert not [each for each in shown if "canary" in each]
    assert secret == Secret("canary")
    assert secret != Secret("other")
    assert len({secret, Secret("canary")}) == 1


def test_a_secret_does_not_leave_the_process() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret("canary"))


def test_options_with_their_secrets_in_place_show_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_KEY", "canary")
    raw = {"region": "r", "access_key_id": "A", "secret_access_key": {"env": "LAKE_KEY"}}
    location = RemoteLocation("s3://lake", read_options("s3://lake", raw))
    store = Resolved.of(location)
    assert store.text("secret_access_key") == "canary"
    assert "canary" not in repr((location, store, dict(store.values)))


def test_a_reference_shows_how_it_is_written() -> None:
    assert str(Reference("env", "A")) == '{ env = "A" }'
    block = Reference("prefect_block", "aws-credentials/lake", "aws_secret_access_key")
    assert str(block) == (
        '{ prefect_block = "aws-credentials/lake", field = "aws_secret_access_key" }'
    )


def test_without_prefect_a_block_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prefect.client.orchestration", None)
    with pytest.raises(PrefectMissingError, match="is in a Prefect block"):
        resolve(Reference("prefect_block", "secret/lake"))
