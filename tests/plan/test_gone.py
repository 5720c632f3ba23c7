from __future__ import annotations

from flowforge_assets.plan.gone import held_back
from flowforge_assets.plan.stale import Asked, Found, find_stale
from planned_lake import DAYS, FINGERPRINT, NOW, Lake, dataset, graph, key, maker, read


def lake() -> Lake:
    """Days of `orders`, made of days of `raw`, added up in `total`; all made."""
    made = Lake(
        graph(
            [dataset("raw", DAYS), dataset("orders", DAYS), dataset("total")],
            [
                maker("raw"),
                maker("orders", reads=[read("raw")]),
                maker("total", reads=[read("orders")]),
            ],
        )
    )
    made.make_all()
    return made


def held(made: Lake, *gone: str, days: str = "") -> Found:
    fingerprints = dict.fromkeys(made.graph.assets, FINGERPRINT)
    limit = {key("orders"): DAYS.parse(days, NOW)} if days else {}
    asked = Asked(frozenset(made.graph.assets), limit)
    found = find_stale(made.graph, made.history, fingerprints, asked, now=NOW)
    return held_back(found, made.graph, asked, [key(name) for name in gone], now=NOW)


def test_readers_of_what_is_gone_wait_for_it() -> None:
    (waiting,) = held(lake(), "raw").waiting
    assert (waiting.asset, waiting.missing) == (key("orders"), key("raw"))
    assert waiting.partitions.count() == 5


def test_readers_of_what_is_gone_are_not_fresh_and_those_behind_them_are() -> None:
    assert held(lake(), "raw").fresh == (key("raw"), key("total"))


def test_only_partitions_that_are_asked_for_wait() -> None:
    (waiting,) = held(lake(), "raw", days="2026-01-01..2026-01-02").waiting
    assert waiting.partitions.count() == 2


def test_nothing_waits_where_nothing_is_gone() -> None:
    assert held(lake()).waiting == ()
