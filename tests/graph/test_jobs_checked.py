from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flowforge_assets import Bronze, Col, Frame, Gold, Out, Ref, Silver, Written, asset, col
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.fingerprint import fingerprints
from flowforge_assets.graph.typecheck import check_assets
from flowforge_assets.project.source import SourceCache
from flowforge_assets.sql.analysis import SqlAnalysis
from pipelines import graph_of


class Raw(Bronze):
    n: Col[int] = col()


class Wide(Silver):
    n: Col[int] = col()


class Near(Silver):
    n: Col[int] = col()


class Wrong(Gold):
    text: Col[str] = col(regex="(")


@asset
def raw(out: Out[Raw]) -> Written[Raw]:
    return out.written()


@asset
def wide(src: Ref[Raw], out: Out[Wide]) -> Written[Wide]:
    raise AssertionError(src, out)


@asset
def near(src: Ref[Raw]) -> Frame[Near]:
    raise AssertionError(src)


@asset
def wrong(out: Out[Wrong]) -> Written[Wrong]:
    raise AssertionError(out)


WIDE = DatasetKey("silver.wide")


def test_what_a_job_does_is_not_looked_into(tmp_path: Path) -> None:
    graph = graph_of(raw, wide, near)
    with SqlAnalysis() as sql:
        report = check_assets(graph, graph.assets, root=tmp_path, sql=sql)
    assert report.errors == ()
    assert report.not_checked == {
        "raw": "a job elsewhere writes it",
        "wide": "a job elsewhere writes it",
        "near": "it reads data by its place",
    }


def test_the_rules_of_what_a_job_writes_are_checked(tmp_path: Path) -> None:
    graph = graph_of(wrong)
    with SqlAnalysis() as sql:
        report = check_assets(graph, graph.assets, root=tmp_path, sql=sql)
    assert [error.code for error in report.errors] == ["FF-714"]


def config_of(graph: Graph, changed: AssetDefinition) -> str:
    assets = {**graph.assets, WIDE: changed}
    found = fingerprints(
        replace(graph, assets=assets),
        [WIDE],
        sources=SourceCache(),
        modules=(),
        sql_digest=lambda _: "",
    )
    return found[WIDE].config


def test_writing_in_place_and_the_forms_are_part_of_the_config() -> None:
    graph = graph_of(raw, wide)
    plain = graph.assets[WIDE]
    (read,), (made,) = plain.inputs, plain.makes
    configs = {
        config_of(graph, plain),
        config_of(graph, replace(plain, in_place=True)),
        config_of(graph, replace(plain, inputs=(replace(read, form="frame"),))),
        config_of(graph, replace(plain, makes=(replace(made, form="frame"),))),
    }
    assert len(configs) == 4
