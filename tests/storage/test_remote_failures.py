"""What is wrong with a remote store is told by a code, with the place and a way out."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from time import monotonic

import pytest

from emulators import EMULATORS
from fault_proxy import FaultProxy, Kind
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.storage import NoAccessError, StorageError, UnreachableError
from flowforge_assets.errors.stores import (
    NoBucketError,
    StoreBusyError,
    UnsafeStoreError,
    WrongCredentialsError,
)
from flowforge_assets.storage.failure_remote import as_remote_error
from flowforge_assets.storage.location import Format, RemoteLocation, open_store
from flowforge_assets.storage.store import Table
from flowforge_assets.storage.store_options import read_options
from s3_signature import EXPIRED_TOKEN
from storage_values import DAILY, day_rows, days, put
from store_place import StorePlace

pytestmark = pytest.mark.emulator

_LONGEST_SECONDS = 60.0
_SAFE = [name for name in EMULATORS if name not in {"unsafe_s3", "gcs_json"}]
_FORMATS: tuple[Format, ...] = ("delta", "parquet")


def table_at(place: StorePlace, form: Format) -> Table:
    """A table whose clients give up soon."""
    soon = place.with_options(timeout_seconds=2, connect_timeout_seconds=1, max_retries=1)
    location = RemoteLocation(place.url, read_options(place.url, soon.options))
    return open_store(location, format=form).table(DAILY)


def read(table: Table) -> object:
    return table.scan().collect()


def write(table: Table) -> object:
    return put(table, day_rows(0, n=1), days(0))


@pytest.fixture(params=_FORMATS)
def form(request: pytest.FixtureRequest) -> Format:
    return "delta" if request.param == "delta" else "parquet"


@pytest.fixture(params=[read, write])
def use(request: pytest.FixtureRequest) -> Callable[[Table], object]:
    found: Callable[[Table], object] = request.param
    return found


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def told(kind: type[StorageError], place: StorePlace, form: Format, use: object) -> StorageError:
    """The error of a use, which comes in time and names the place."""
    assert callable(use)
    begun = monotonic()
    table = table_at(place, form)
    with pytest.raises(kind) as caught:
        use(table)
    assert monotonic() - begun < _LONGEST_SECONDS
    assert place.url in caught.value.message
    assert caught.value.hint
    assert caught.value.code == kind.code
    return caught.value


def test_a_wrong_key_is_told(moto_s3: StorePlace, form: Format, use: object) -> None:
    told(WrongCredentialsError, moto_s3.with_options(access_key_id="nobody"), form, use)


def test_a_wrong_secret_is_told_and_not_shown(
    moto_s3: StorePlace, form: Format, use: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "canary-5d1f")
    place = moto_s3.with_options(secret_access_key={"env": "WRONG"})
    assert "canary" not in str(told(WrongCredentialsError, place, form, use))


def test_an_expired_token_is_told(
    moto_s3: StorePlace, form: Format, use: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", EXPIRED_TOKEN)
    place = moto_s3.with_options(session_token={"env": "TOKEN"})
    told(WrongCredentialsError, place, form, use)


def test_a_wrong_account_key_is_told(
    azurite: StorePlace, form: Format, use: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "Y2FuYXJ5")
    place = azurite.with_options(account_key={"env": "WRONG"})
    assert "Y2FuYXJ5" not in str(told(WrongCredentialsError, place, form, use))


@pytest.mark.parametrize("name", _SAFE)
def test_a_missing_bucket_is_told(request: pytest.FixtureRequest, name: str, form: Format) -> None:
    place: StorePlace = request.getfixturevalue(name)
    told(NoBucketError, replace(place, url=place.url.replace("//lake", "//lace")), form, read)


def test_a_forbidden_prefix_is_told(moto_s3: StorePlace, form: Format, use: object) -> None:
    told(NoAccessError, replace(moto_s3, url="s3://lake/forbidden/shop"), form, use)


@pytest.mark.parametrize("name", ["moto_s3", "azurite", "gcs"])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://no-such-host.invalid:9"])
def test_a_store_that_is_not_reached_is_told(
    request: pytest.FixtureRequest, name: str, endpoint: str
) -> None:
    place: StorePlace = request.getfixturevalue(name)
    told(UnreachableError, place.through(endpoint), "delta", write)


@pytest.mark.parametrize("name", ["moto_s3", "azurite", "gcs"])
def test_a_store_that_never_answers_is_given_up(
    request: pytest.FixtureRequest, name: str, silent: str, form: Format
) -> None:
    place: StorePlace = request.getfixturevalue(name)
    told(UnreachableError, place.through(silent), form, read)


def test_a_store_without_conditional_writes_takes_no_commit(
    unsafe_s3: StorePlace, form: Format
) -> None:
    table = table_at(unsafe_s3, form)
    with pytest.raises(UnsafeStoreError, match=r"see docs/guide/stores\.md"):
        write(table)
    assert table.version() is None


@pytest.mark.parametrize(
    ("name", "kind"), [("moto_s3", "error_503"), ("azurite", "error_503"), ("moto_s3", "error_429")]
)
def test_a_store_that_asks_to_slow_down_for_good_is_told(
    request: pytest.FixtureRequest,
    fault_proxy: Callable[[StorePlace], FaultProxy],
    name: str,
    kind: Kind,
) -> None:
    place: StorePlace = request.getfixturevalue(name)
    proxy = fault_proxy(place)
    proxy.plan(1, 1.0, kinds=[kind])
    told(StoreBusyError, place.through(proxy.url), "delta", write)


def test_a_store_that_is_busy_for_a_moment_is_asked_again(
    moto_s3: StorePlace, fault_proxy: Callable[[StorePlace], FaultProxy], form: Format
) -> None:
    proxy = fault_proxy(moto_s3)
    place = moto_s3.through(proxy.url)
    table = open_store(
        RemoteLocation(place.url, read_options(place.url, place.options)), format=form
    ).table(DAILY)
    proxy.plan(1, 1.0, kinds=["error_503"], most=2)
    write(table)
    assert len(proxy.faults) == 2
    assert table.scan().collect().height == 1


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        ("botocore.exceptions", "NoCredentialsError", ()),
        ("google.auth.exceptions", "DefaultCredentialsError", ("not found",)),
        ("azure.core.exceptions", "ClientAuthenticationError", ("DefaultAzureCredential failed",)),
    ],
)
def test_a_machine_without_an_identity_is_told_so(
    module: str, name: str, said: tuple[str, ...]
) -> None:
    error = getattr(import_module(module), name)(*said)
    ours = as_remote_error(error, DatasetKey("silver.orders"), "s3://lake/shop")
    assert isinstance(ours, WrongCredentialsError)
    assert (ours.hint or "").startswith("`ambient = true` is for machines")
