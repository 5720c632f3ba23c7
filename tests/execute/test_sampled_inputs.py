from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import polars as pl
import pytest

from flowforge_assets import Project
from flowforge_assets.errors.project import ConfigValueError
from flowforge_assets.execute.sample import Sample
from flowforge_assets.graph.fingerprint import SAMPLED

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
CONFIG = '[project]\nmodules = ["sampled"]\n[env.dev]\n{dev}\n[env.prod]\n'
SAMPLED_SHOP = """
import polars as pl

from flowforge_assets import Bronze, Col, Frame, Gold, Silver, Table, asset, check, col, key
from flowforge_assets import BadRows


class Orders(Bronze):
    order_id: Col[int] = key()


class Lines(Bronze):
    order_id: Col[int] = key()
    line: Col[int] = key()


class Joined(Silver):
    order_id: Col[int] = key()
    line: Col[int] = key()


class Total(Gold):
    lines: Col[int] = col()
    orders: Col[int] = col()


@asset
def orders() -> Table[Orders]:
    return pl.DataFrame({"order_id": range(2000)})


@asset
def lines() -> Table[Lines]:
    return pl.DataFrame({"order_id": [n // 2 for n in range(4000)], "line": range(4000)})


@asset
def joined(orders: Frame[Orders], lines: Frame[Lines]) -> Frame[Joined]:
    return lines.join(orders, on="order_id")


@asset
def total(joined: Frame[Joined]) -> Frame[Total]:
    return joined.select(
        lines=pl.len().cast(pl.Int64), orders=pl.col("order_id").n_unique().cast(pl.Int64)
    )
"""


@pytest.fixture
def shop(write_project: Write) -> Callable[..., Project]:
    def load(dev: str, env: str = "dev") -> Project:
        files = {"flowforge.toml": CONFIG.format(dev=dev), "sampled.py": SAMPLED_SHOP}
        return Project.load(write_project(files), env=env)

    return load


def counts(project: Project) -> tuple[int, int]:
    lines, orders = project.read("gold.total").row(0)
    return lines, orders


def test_sources_are_read_in_part_and_keys_that_they_share_stay_together(
    shop: Callable[..., Project],
) -> None:
    project = shop("sample = 0.1")
    project.run()
    lines, orders = counts(project)
    assert 100 < orders < 300
    assert lines == 2 * orders


def test_the_same_rows_are_read_each_time(shop: Callable[..., Project]) -> None:
    project = shop("sample = 0.1")
    project.run()
    first = project.read("silver.joined").sort("line")
    project.run(force=True)
    assert project.read("silver.joined").sort("line").equals(first)


def test_a_larger_sample_holds_the_smaller_one() -> None:
    rows = pl.LazyFrame({"id": range(5000)})
    small = set(Sample(0.05, ("id",)).of(rows).collect()["id"])
    large = set(Sample(0.2, ("id",)).of(rows).collect()["id"])
    assert small < large


def test_a_key_is_in_or_out_whatever_its_width() -> None:
    wide = pl.LazyFrame({"id": range(5000)})
    narrow = wide.cast(pl.Int32)
    sample = Sample(0.1, ("id",))
    assert set(sample.of(wide).collect()["id"]) == set(sample.of(narrow).collect()["id"])


def test_rows_without_a_key_are_told_apart_by_all_that_they_hold() -> None:
    rows = pl.LazyFrame({"a": range(5000), "b": [[n] for n in range(5000)]})
    assert 300 < Sample(0.1).of(rows).collect().height < 700


def test_a_changed_sample_makes_its_readers_anew(shop: Callable[..., Project]) -> None:
    shop("sample = 0.1").run()
    other = shop("sample = 0.2")
    assert [(step.asset, step.reason) for step in other.plan().steps] == [
        ("joined", "config"),
        ("total", "input newer"),
    ]


def test_a_dataset_may_have_a_share_of_its_own(shop: Callable[..., Project]) -> None:
    project = shop('[env.dev.sample]\n"*" = 0.1\n"bronze.lines" = 1\n"silver.joined" = 0.5')
    assert project.plan().notes == (
        "a sample of 10% is read of `bronze.orders`",
        "a sample of 50% is read of `silver.joined`",
    )


def test_commits_of_sampled_rows_say_so_near_and_far(shop: Callable[..., Project]) -> None:
    project = shop("sample = 0.1")
    project.run()
    marks = {
        key: project.table(project.dataset(key)).made()[-1].fingerprint.config.endswith(SAMPLED)
        for key in ("bronze.orders", "silver.joined", "gold.total")
    }
    assert marks == {"bronze.orders": False, "silver.joined": True, "gold.total": True}


def test_another_environment_reads_everything(shop: Callable[..., Project]) -> None:
    project = shop("sample = 0.1", env="prod")
    project.run()
    assert counts(project) == (4000, 2000)
    assert project.plan().notes == ()


def test_what_another_environment_lends_is_sampled(shop: Callable[..., Project]) -> None:
    shop("", env="prod").run()
    dev = shop('read_from = "prod"\nsample = 0.1')
    assert dev.plan("total").notes == (
        "`silver.joined` from `prod`",
        "a sample of 10% is read of `silver.joined`",
    )
    dev.run("total")
    lines, orders = counts(dev)
    assert 100 < orders < 300
    assert lines == 2 * orders


def test_a_share_of_an_unknown_dataset_is_refused(shop: Callable[..., Project]) -> None:
    with pytest.raises(ConfigValueError, match=r"`bronze\.order` in `\[env\.dev\.sample\]`"):
        shop('[env.dev.sample]\n"bronze.order" = 0.1')
