from __future__ import annotations

from flowforge_assets import BadRows, Bronze, Col, Frame, Gold, Silver, asset, check, col, key
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import References
from flowforge_assets.graph.first_names import first_names, under_first_names
from pipelines import graph_of


class Airlines(Bronze, aliases=["carriers"]):
    code: Col[str] = key()


class Trips(Silver, aliases=["flights"]):
    carrier: Col[str] = col(ref=Airlines)


class Best(Gold):
    carrier: Col[str] = col(ref=Airlines)


@asset
def airlines() -> Frame[Airlines]:
    raise NotImplementedError


@asset
def trips(airlines: Frame[Airlines]) -> Frame[Trips]:
    return airlines


@asset
def best(trips: Frame[Trips]) -> Frame[Best]:
    return trips


@check
def is_known(best: Frame[Best], trips: Frame[Trips]) -> BadRows[Best]:
    return best


GRAPH = graph_of(airlines, trips, best, is_known)
NAMES = {
    DatasetKey("bronze.airlines"): DatasetKey("bronze.carriers"),
    DatasetKey("silver.trips"): DatasetKey("silver.flights"),
}


def test_the_names_are_those_of_what_was_renamed() -> None:
    assert first_names(GRAPH) == NAMES


def test_inputs_rules_and_checks_have_first_names() -> None:
    graph = under_first_names(GRAPH, NAMES)
    made = graph.assets[DatasetKey("gold.best")]
    assert [read.dataset for read in made.inputs] == ["silver.flights"]
    rules = graph.datasets[DatasetKey("gold.best")].rules
    assert [r.target for r in rules if isinstance(r, References)] == ["bronze.carriers"]
    reads = graph.checks[DatasetKey("gold.best")][0].inputs
    assert [read.dataset for read in reads] == ["gold.best", "silver.flights"]


def test_what_is_renamed_is_found_by_both_names() -> None:
    graph = under_first_names(GRAPH, NAMES)
    found = [graph.datasets[DatasetKey(name)] for name in ("silver.trips", "silver.flights")]
    assert [dataset.key for dataset in found] == ["silver.flights", "silver.flights"]
    assert graph.assets[DatasetKey("silver.trips")].id == "silver.flights"
