"""`store` and `stores` in the project file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Schema
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.stores import UnknownStoreKeyError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.stores import StoreConfig
from flowforge_assets.storage.location import FolderLocation, MemoryLocation, RemoteLocation
from flowforge_assets.storage.secrets import Reference
from flowforge_assets.storage.store import TableSpec

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
WHOLE = """\
[env.prod]
format = "parquet"
[env.prod.store]
url = "s3://lake/shop/"
region = "eu-central-1"
access_key_id = { env = "LAKE_KEY_ID" }
secret_access_key = { file = "secrets/lake" }
[env.prod.stores.gold]
url = "abfss://gold@acme.dfs.core.windows.net/shop"
format = "delta"
ambient = true
[env.prod.stores]
"silver.events" = "lake/events"
silver = "memory://silver"
"""


def environment(write_project: Write, text: str, env: str = "prod") -> Environment:
    return Environment.of(read_config(write_project({"flowforge.toml": text})), env)


def problems(write_project: Write, text: str) -> list[FlowForgeError]:
    with pytest.raises(FlowForgeError) as caught:
        read_config(write_project({"flowforge.toml": text}))
    error = caught.value
    return error.errors if isinstance(error, Problems) else [error]


def test_a_store_is_a_text_or_a_table(write_project: Write) -> None:
    text = '[env.a]\nstore = "lake"\n[env.b.store]\nurl = "lake"\nformat = "parquet"\n'
    config = read_config(write_project({"flowforge.toml": text}))
    assert config.environment("a").store == StoreConfig("lake")
    assert config.environment("b").store == StoreConfig("lake", "parquet")


def test_the_exactest_place_of_a_dataset_wins(write_project: Write) -> None:
    prod = environment(write_project, WHOLE)
    bronze = prod.place(DatasetKey("bronze.events"))
    assert isinstance(bronze, RemoteLocation)
    assert bronze == prod.place()
    assert bronze.url == "s3://lake/shop"
    assert bronze.options.values["access_key_id"] == Reference("env", "LAKE_KEY_ID")
    secret = Reference("file", f"{prod.root}/secrets/lake")
    assert bronze.options.values["secret_access_key"] == secret
    gold = prod.place(DatasetKey("gold.events"))
    assert isinstance(gold, RemoteLocation)
    assert (gold.options.kind, gold.options.mode) == ("azure", "ambient")
    assert prod.place(DatasetKey("silver.orders")) == MemoryLocation("silver")
    events = FolderLocation(prod.root / "lake/events")
    assert prod.place(DatasetKey("silver.events")) == events
    assert prod.place(DatasetKey("silver.events__bad_rows")) == events


def test_a_namespace_is_apart_in_every_place(write_project: Write) -> None:
    prod = environment(write_project, WHOLE.replace("[env.prod]", '[env.prod]\nnamespace = "me"'))
    keys = map(DatasetKey, ["bronze.a", "gold.a", "silver.a", "silver.events"])
    assert [prod.place(key).uri for key in keys] == [
        "s3://lake/shop/_ns/me",
        "abfss://gold@acme.dfs.core.windows.net/shop/_ns/me",
        "memory://silver_ns_me",
        (prod.root / "lake/events/_ns/me").as_uri(),
    ]


def test_datasets_are_told_apart_by_their_places(write_project: Write) -> None:
    prod = environment(write_project, WHOLE)
    keys = [DatasetKey(key) for key in ("silver.a", "silver.events", "silver.b")]
    found = {place.uri: keys for place, keys in prod.by_place(keys).items()}
    assert list(found.values()) == [["silver.a", "silver.b"], ["silver.events"]]
    assert len(prod.places) == 4


def test_another_store_takes_the_place_of_all(write_project: Write) -> None:
    config = read_config(write_project({"flowforge.toml": WHOLE}))
    other = Environment.of(config, "prod", store="memory://test")
    assert other.places == [MemoryLocation("test")]
    assert other.place(DatasetKey("gold.a")) == MemoryLocation("test")


def test_tables_lie_in_the_places_of_their_datasets(write_project: Write) -> None:
    text = (
        '[env.dev]\nstore = "lake"\n[env.dev.stores]\ngold = "marts"\n"silver.a" = "memory://r"\n'
    )
    dev = environment(write_project, text, "dev")
    store = dev.open_store()
    tables = {key: store.table(spec(key)).uri for key in ("bronze.a", "silver.a", "gold.a")}
    assert tables == {
        "bronze.a": f"{(dev.root / 'lake').as_uri()}/bronze/a",
        "silver.a": "memory://r/silver.a",
        "gold.a": f"{(dev.root / 'marts').as_uri()}/gold/a",
    }
    assert store.uri == (dev.root / "lake").as_uri()
    assert store.table(spec("gold.a")) is store.table(spec("gold.a"))
    assert store.artifact(spec("gold.a")).uri.startswith((dev.root / "marts").as_uri())


def test_a_place_that_nobody_asks_for_is_not_opened(write_project: Write) -> None:
    text = """\
[env.dev]
store = "memory://x"
[env.dev.stores.gold]
url = "gs://gold"
service_account = { env = "NOBODY_HAS_SET_THIS" }
"""
    store = environment(write_project, text, "dev").open_store()
    assert store.table(spec("silver.a")).version() is None
    with pytest.raises(FlowForgeError, match="NOBODY_HAS_SET_THIS"):
        store.table(spec("gold.a"))


@pytest.mark.parametrize(
    ("text", "code", "line", "said"),
    [
        ("[env.p]\nstore = 3\n", "FF-805", 2, "`store` in `[env.p]` is not"),
        ("[env.p.store]\nformat = 'delta'\n", "FF-805", 1, "`url` in `[env.p.store]` is not"),
        ("[env.p.store]\nurl = 'x'\nformat = 'csv'\n", "FF-805", 3, '"delta" or "parquet"'),
        ("[env.p.store]\nurl = 'x'\nregion = 'r'\n", "FF-803", 3, "unknown key `region`"),
        ("[env.p]\nstore = 's3://lake'\n", "FF-864", 2, "`s3://lake` has no credentials"),
        ("[env.p.store]\nurl = 's3://lake'\n", "FF-864", 1, "has no credentials"),
        ("[env.p]\nstore = 's3://me:canary@lake'\n", "FF-601", 2, "a user or a password"),
        ("[env.p.store]\nurl = 'gs://lake?sig=canary'\n", "FF-601", 2, "has a query"),
        ("[env.p]\nstore = 'nfs://lake'\n", "FF-601", 2, "no kind of store"),
        (
            "[env.p.store]\nurl = 's3://lake'\nambient = true\naws_region = 'x'\n",
            "FF-860",
            4,
            "unknown option `aws_region` in `[env.p.store]`",
        ),
        (
            "[env.p]\nstore = { url = 's3://lake', ambient = 1 }\n",
            "FF-861",
            2,
            "`ambient` in `[env.p.store]` is not",
        ),
        (
            '[env.p.stores."gold.x"]\nurl = "gs://lake"\nservice_account = "canary"\n',
            "FF-862",
            3,
            "`service_account` in `[env.p.stores.gold.x]` holds a secret",
        ),
        ("[env.p.stores]\ngoold = 'x'\n", "FF-865", 2, "neither a layer nor a key"),
        ("[env.p.stores]\n'uses/gold.x' = 'x'\n", "FF-865", 2, "neither a layer nor a key"),
        ("[env.p.store]\nurl = 'ftp://host'\n", "FF-861", 2, "Parquet tables only"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    write_project: Write, text: str, code: str, line: int, said: str
) -> None:
    [error] = problems(write_project, text)
    assert error.code == code
    assert error.place is not None
    assert (error.place.file, error.place.line) == ("flowforge.toml", line)
    assert said in error.message
    assert error.hint
    assert "canary" not in error.render()


def test_reading_the_project_file_looks_up_no_secret(write_project: Write) -> None:
    text = WHOLE.replace("LAKE_KEY_ID", "NOBODY_HAS_SET_THIS")
    assert environment(write_project, text).places


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("silver.ordrs", "did you mean `silver.orders`?"),
        ("gold.sales", "write `gold.revenue`: a dataset that was renamed stays where it is"),
    ],
)
def test_a_place_of_what_is_stored_under_no_such_name_is_refused(
    write_project: Write, name: str, hint: str
) -> None:
    text = f'[project]\nmodules = ["stores_shop"]\n[env.dev.stores]\n"{name}" = "lake"\n'
    module = """\
from flowforge_assets import Col, Gold, Rows, Silver, Table, asset, key


class Orders(Silver):
    id: Col[int] = key()


class Sales(Gold, aliases=["gold.revenue"]):
    id: Col[int] = key()


@asset
def orders() -> Rows[Orders]:
    return []


@asset
def sales(orders: Table[Orders]) -> Table[Sales]:
    return orders
"""
    root = write_project({"flowforge.toml": text, "stores_shop.py": module})
    with pytest.raises(UnknownStoreKeyError) as caught:
        Project.load(root)
    assert caught.value.hint == hint


def spec(key: str) -> TableSpec:
    """A dataset without columns: its table is not opened."""
    return TableSpec(DatasetKey(key), Schema(()), ())
