from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import UNPARTITIONED
from flowforge_assets.core.rule import References
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Definitions,
    Input,
    Output,
)
from flowforge_assets.declare.mapping import Lag, Same
from flowforge_assets.errors.base import FlowForgeError, Place, Problems
from flowforge_assets.errors.graph import (
    CycleError,
    DuplicateAssetError,
    NoMakerError,
    TwoMakersError,
)
from flowforge_assets.graph.build import Graph, build_graph


def inputs(reads: Iterable[str]) -> tuple[Input, ...]:
    return tuple(Input(f"p{n}", DatasetKey(key), "frame", Same()) for n, key in enumerate(reads))


def dataset(key: str, *, refers_to: str | None = None, line: int = 1) -> DatasetDefinition:
    rules = () if refers_to is None else (References("id", DatasetKey(refers_to), "id"),)
    place = Place("shop.py", line)
    return DatasetDefinition(DatasetKey(key), (), Schema(()), rules, UNPARTITIONED, place)


def asset(makes: str, *reads: str, name: str = "", line: int = 1) -> AssetDefinition:
    return AssetDefinition(
        name=name or makes.replace(".", "_"),
        makes=tuple(Output(DatasetKey(key), "frame") for key in makes.split("+")),
        place=Place("shop.py", line),
        inputs=inputs(reads),
    )


def check(guards: str, *reads: str) -> CheckDefinition:
    return CheckDefinition(
        "good", DatasetKey(guards), inputs([guards, *reads]), lambda: None, Place("checks.py", 7)
    )


def graph(
    *assets: AssetDefinition,
    checks: Iterable[CheckDefinition] = (),
    datasets: Iterable[DatasetDefinition] = (),
) -> Graph:
    made = {output.dataset: dataset(output.dataset) for each in assets for output in each.makes}
    made |= {each.key: each for each in datasets}
    return build_graph(Definitions(made, assets, tuple(checks)))


def test_each_asset_comes_after_what_it_needs_and_ties_go_by_key() -> None:
    found = graph(
        asset("gold.top", "silver.b", "silver.a"),
        asset("silver.b", "bronze.raw"),
        asset("silver.a", "bronze.raw"),
        asset("bronze.raw"),
        asset("bronze.alone"),
    )
    assert list(found.assets) == [
        "bronze.alone", "bronze.raw", "silver.a", "silver.b", "gold.top",
    ]  # fmt: skip
    assert found.parents[DatasetKey("gold.top")] == ("silver.a", "silver.b")
    assert found.children[DatasetKey("bronze.raw")] == ("silver.a", "silver.b")


def test_the_order_of_declaration_does_not_matter() -> None:
    assets = [asset(f"silver.n{n}", *(f"silver.n{m}" for m in range(n) if n % (m + 2) == 0))
              for n in range(40)]  # fmt: skip
    expected = list(graph(*assets).assets)
    for seed in range(5):
        random.Random(seed).shuffle(assets)  # noqa: S311 - any order will do
        assert list(graph(*assets).assets) == expected


def test_what_a_check_reads_and_a_key_refers_to_is_made_before() -> None:
    found = graph(
        asset("gold.a"),
        asset("gold.b"),
        asset("silver.z"),
        checks=[check("gold.a", "silver.z")],
        datasets=[dataset("gold.b", refers_to="gold.a")],
    )
    assert list(found.assets) == ["silver.z", "gold.a", "gold.b"]
    assert [each.name for each in found.checks[DatasetKey("gold.a")]] == ["good"]


def test_an_asset_may_make_several_and_read_its_own_past() -> None:
    past = Input("before", DatasetKey("silver.a"), "frame", Lag(1), optional=True)
    several = asset("silver.a+silver.b")
    several = AssetDefinition(several.name, several.makes, several.place, inputs=(past,))
    found = graph(several, asset("gold.c", "silver.b"))
    assert found.parents[DatasetKey("silver.a")] == ()
    assert found.parents[DatasetKey("gold.c")] == ("silver.a",)
    assert found.maker[DatasetKey("silver.b")] == "silver.a"


def test_reach_goes_up_and_down_as_far_as_told() -> None:
    found = graph(
        asset("bronze.a"),
        asset("silver.b", "bronze.a"),
        asset("silver.c", "silver.b"),
        asset("gold.d", "silver.c"),
    )
    middle = [DatasetKey("silver.c")]
    assert found.ancestors(middle) == {"silver.c", "silver.b", "bronze.a"}
    assert found.ancestors(middle, depth=1) == {"silver.c", "silver.b"}
    assert found.descendants([DatasetKey("bronze.a")], depth=2) == {
        *("bronze.a", "silver.b", "silver.c"),
    }
    assert found.descendants(middle, depth=0) == {"silver.c"}


def test_a_chain_of_10_000_works_in_any_order() -> None:
    assets = [asset(f"silver.n{n}", *([f"silver.n{n - 1}"] if n else [])) for n in range(10_000)]
    random.Random(1).shuffle(assets)  # noqa: S311 - any order will do
    found = graph(*assets)
    assert list(found.assets) == [f"silver.n{n}" for n in range(10_000)]
    assert len(found.ancestors([DatasetKey("silver.n9999")])) == 10_000


def test_a_circle_of_10_000_is_told() -> None:
    assets = [asset(f"silver.n{n}", f"silver.n{(n + 1) % 10_000}") for n in range(10_000)]
    with pytest.raises(CycleError):
        graph(*assets)


def test_two_makers_are_refused_with_both_places() -> None:
    with pytest.raises(TwoMakersError) as caught:
        graph(asset("gold.a", name="one", line=3), asset("gold.a", name="two", line=9))
    assert caught.value.render() == (
        "error[FF-201]: `two` makes `gold.a`, which `one` makes too\n"
        "  --> shop.py:9\n"
        "hint: `one` stands at shop.py:3; a dataset has one maker"
    )


def test_two_assets_of_one_name_are_refused() -> None:
    with pytest.raises(DuplicateAssetError) as caught:
        graph(asset("gold.a", name="one", line=3), asset("gold.b", name="one", line=9))
    assert caught.value.render() == (
        "error[FF-206]: two assets are called `one`\n"
        "  --> shop.py:9\n"
        'hint: the other stands at shop.py:3; give one `@asset(name="...")`'
    )


def test_a_circle_is_shown_from_its_first_key_on() -> None:
    with pytest.raises(CycleError) as caught:
        graph(
            asset("silver.b", "silver.a", line=2),
            asset("silver.c", "silver.b", "bronze.raw", line=3),
            asset("silver.a", "silver.c", line=4),
            asset("gold.below", "silver.c"),
            asset("bronze.raw"),
        )
    assert caught.value.code == "FF-203"
    assert "`silver.a` -> `silver.b` -> `silver.c` -> `silver.a`" in caught.value.message
    assert str(caught.value.place) == "shop.py:4"
    assert "Lag(1)" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("reads", "hint"),
    [
        ("bronze.ordres", "did you mean `bronze.orders`?"),
        ("gold.zzzzzzzzzzz", "declare an asset that returns `Frame[gold.zzzzzzzzzzz]`"),
    ],
)
def test_what_nobody_makes_is_refused(reads: str, hint: str) -> None:
    with pytest.raises(NoMakerError) as caught:
        graph(asset("bronze.orders"), asset("gold.top", reads, name="top", line=5))
    assert caught.value.render() == (
        f"error[FF-204]: no asset makes `{reads}`, which `top` reads\n  --> shop.py:5\nhint: {hint}"
    )


def test_what_a_check_or_a_reference_needs_must_be_made() -> None:
    with pytest.raises(Problems) as caught:
        graph(
            asset("gold.a"),
            checks=[check("silver.unmade")],
            datasets=[dataset("gold.a", refers_to="bronze.gone", line=4)],
        )
    assert [(each.code, str(each.place)) for each in caught.value.errors] == [
        ("FF-204", "checks.py:7"),
        ("FF-204", "shop.py:4"),
    ]


def test_all_that_does_not_fit_is_told_at_once() -> None:
    with pytest.raises(FlowForgeError) as caught:
        graph(
            asset("gold.a", "gold.b", line=1),
            asset("gold.b", "gold.a", line=2),
            asset("gold.c", "gold.gone", line=3),
            asset("gold.c", name="other", line=4),
        )
    assert isinstance(caught.value, Problems)
    assert [each.code for each in caught.value.errors] == ["FF-203", "FF-204", "FF-201"]
