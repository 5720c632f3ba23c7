from __future__ import annotations

from flowforge_assets import Bronze, Col, Frame, Out, Ref, Silver, Written, asset, col
from flowforge_assets.errors.declaration import FormMismatchError
from flowforge_assets.plan.fit import misfits
from pipelines import graph_of


class Raw(Bronze):
    n: Col[int] = col()


class Seen(Silver):
    n: Col[int] = col()


class Wide(Silver):
    n: Col[int] = col()


class Viewed(Silver):
    n: Col[int] = col()


@asset
def raw() -> Frame[Raw]:
    raise AssertionError


@asset(write="view")
def seen(rows: Frame[Raw]) -> Frame[Seen]:
    return rows


@asset
def wide(src: Ref[Seen], out: Out[Wide]) -> Written[Wide]:
    raise AssertionError(src)


@asset(write="view")
def viewed(src: Ref[Raw], out: Out[Viewed]) -> Written[Viewed]:
    raise AssertionError(src)


def test_a_view_has_no_place_to_read_from() -> None:
    (error,) = misfits(graph_of(raw, seen, wide))
    assert isinstance(error, FormMismatchError)
    assert error.message == "`wide` reads `silver.seen` by its place, and a view has none"


def test_a_view_is_not_written_elsewhere() -> None:
    (error,) = misfits(graph_of(raw, viewed))
    assert isinstance(error, FormMismatchError)
    assert error.message == "`viewed` is a view, and a job elsewhere is to write it"
