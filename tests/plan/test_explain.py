from __future__ import annotations

from dataclasses import replace

from flowforge_assets.declare.mapping import Lag
from flowforge_assets.plan.explain import Explanation, explain
from planned_lake import DAYS, FINGERPRINT, NOW, Lake, dataset, graph, key, maker, read


def lake() -> Lake:
    """Days of `orders`, made of days of `raw`, added up in `total`."""
    datasets = [dataset("raw", DAYS), dataset("orders", DAYS), dataset("total")]
    assets = [
        maker("raw"),
        maker("orders", reads=[read("raw")]),
        maker("total", reads=[read("orders")]),
    ]
    return Lake(graph(datasets, assets))


def fates(lake: Lake, name: str, partitions: str = "") -> list[Explanation]:
    partitioning = lake.graph.datasets[key(name)].partitioning
    wanted = partitioning.parse(partitions, NOW) if partitions else partitioning.all(NOW)
    fingerprints = {id_: lake.today.get(id_, FINGERPRINT) for id_ in lake.graph.assets}
    return explain(lake.graph, lake.history, fingerprints, key(name), wanted, now=NOW)


def test_what_was_never_made_has_no_commit() -> None:
    (fate,) = fates(lake(), "raw")
    assert (fate.state, fate.reason, fate.made) == ("stale", "never made", ())
    assert fate.partitions.count() == 5


def test_what_is_up_to_date_is_told_with_what_made_it() -> None:
    made = lake()
    made.make_all()
    (fate,) = fates(made, "orders")
    assert (fate.state, fate.reason, fate.changed, fate.newer) == ("fresh", None, (), ())
    assert len(fate.made) == 5
    versions = [commit.table.version for commit in fate.made]
    assert versions == sorted(versions, reverse=True)


def test_every_part_of_the_fingerprint_that_differs_is_named() -> None:
    made = lake()
    made.make_all()
    made.today[key("orders")] = replace(FINGERPRINT, code="new", config="new")
    (fate,) = fates(made, "orders")
    assert (fate.state, fate.reason) == ("stale", "code")
    assert fate.changed == ("code", "config")


def test_another_way_of_hashing_is_a_matter_of_the_engine() -> None:
    made = lake()
    made.make_all()
    made.today[key("orders")] = replace(FINGERPRINT, algorithm=2, code="new")
    (fate,) = fates(made, "orders")
    assert fate.changed == ("engine",)


def test_partitions_of_different_fates_are_told_apart() -> None:
    made = lake()
    made.make_all()
    made.remake("raw", "2026-01-02..2026-01-03")
    stale, fresh = fates(made, "orders")
    assert (stale.state, stale.partitions.render()) == ("stale", "2026-01-02..2026-01-03")
    assert (fresh.state, fresh.partitions.count()) == ("fresh", 3)


def test_an_input_that_was_made_later_is_named_with_its_commit() -> None:
    made = lake()
    made.make_all()
    made.remake("raw", "2026-01-02")
    stale, _ = fates(made, "orders")
    (newer,) = stale.newer
    assert (newer.dataset, newer.partitions.render()) == (key("raw"), "2026-01-02")
    assert newer.made is not None
    assert newer.made.step_id == "silver.raw#5"


def test_an_input_that_will_be_made_first_has_no_commit() -> None:
    made = lake()
    made.make_all()
    made.today[key("raw")] = replace(FINGERPRINT, code="new")
    (fate,) = fates(made, "total")
    (newer,) = fate.newer
    assert (fate.reason, newer.dataset, newer.made) == ("input newer", key("orders"), None)
    assert newer.partitions.count() == 5


def test_an_input_that_was_never_read_is_newer() -> None:
    made = lake()
    made.make_all()
    made.commits = [
        replace(commit, inputs={}) if commit.dataset == key("total") else commit
        for commit in made.commits
    ]
    (fate,) = fates(made, "total")
    assert [each.dataset for each in fate.newer] == [key("orders")]


def test_only_the_partitions_that_are_asked_for_are_told() -> None:
    made = lake()
    made.make_all()
    (fate,) = fates(made, "orders", "2026-01-04")
    assert fate.partitions.render() == "2026-01-04"
    assert len(fate.made) == 1


def test_a_dataset_that_an_asset_makes_beside_another_has_its_own_commits() -> None:
    both = Lake(graph([dataset("a"), dataset("b")], [maker("a", "b")]))
    both.make_all()
    both.today[key("a")] = replace(FINGERPRINT, schema="new")
    (fate,) = fates(both, "b")
    assert fate.made[0].dataset == key("b")
    assert (fate.reason, fate.changed) == ("schema", ("schema",))


def test_own_earlier_partitions_are_inputs_too() -> None:
    own = Lake(graph([dataset("days", DAYS)], [maker("days", reads=[read("days", Lag(1))])]))
    own.make_all()
    own.remake("days", "2026-01-02")
    fates_by_day = {fate.partitions.render(): fate for fate in fates(own, "days")}
    (newer,) = [each for each in fates_by_day["2026-01-03"].newer if each.made is not None]
    assert (newer.dataset, newer.partitions.render()) == (key("days"), "2026-01-02")


def test_commits_of_one_run_are_told_together_and_of_two_apart() -> None:
    made = lake()
    made.make_all()
    made.commits = [
        replace(commit, run_id="first")
        if commit.dataset == key("raw") and commit.table.version < 2
        else commit
        for commit in made.commits
    ]
    counts = sorted((fate.made[0].run_id, len(fate.made)) for fate in fates(made, "raw"))
    assert counts == [("first", 2), ("run", 3)]
