from __future__ import annotations

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Out, Ref, Silver, Written, asset, col
from flowforge_assets.errors.run import RulesBrokenError
from flowforge_assets.sdk.fake import FakeJobs
from flowforge_assets.testing import materialize, rows


class Orders(Bronze):
    price: Col[int] = col()


class Wide(Silver):
    price: Col[int] = col(ge=0)


@asset
def wide(src: Ref[Orders], out: Out[Wide], jobs: FakeJobs) -> Written[Wide]:
    jobs.run("wide", src=src.url, out=out.url)
    return out.written()


def write_wide(src: str, out: str) -> None:
    pl.scan_delta(src).with_columns(pl.col("price") * 2).collect().write_delta(out)


def test_a_job_is_tested_with_given_rows() -> None:
    orders, jobs = rows(Orders, [{"price": 7}]), FakeJobs(wide=write_wide)
    ran = materialize(Wide, given={Orders: orders}, resources=[jobs])
    assert ran[Wide]["price"].to_list() == [14]


def test_what_a_job_writes_is_held_to_the_rules() -> None:
    orders, jobs = rows(Orders, [{"price": -7}]), FakeJobs(wide=write_wide)
    with pytest.raises(RulesBrokenError):
        materialize(Wide, given={Orders: orders}, resources=[jobs])
