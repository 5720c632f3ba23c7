"""A dbt project from `target/manifest.json`, in which dbt has worked all configuration out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.bring import ForeignFileError
from flowforge_assets.project.bring.found import Finding
from flowforge_assets.project.bring.words import Words, table, tables, text, texts, without
from flowforge_assets.project.from_dbt.dbt_project import (
    DbtColumn,
    DbtNode,
    DbtProject,
    DbtTest,
    Kind,
    MacroFile,
    UnitTest,
)
from flowforge_assets.project.from_dbt.files import PROJECT_FILE, read_head

MANIFEST: Final = "target/manifest.json"
_OLDEST: Final = 10
_VERSION: Final = re.compile(r"/v(\d+)\.json$")
_KINDS: Final[dict[str, Kind]] = {"model": "model", "seed": "seed", "snapshot": "snapshot"}
_OWN_PACKAGES: Final = ("dbt", "dbt_utils")
_ELSEWHERE: Final = ("exposures", "metrics", "semantic_models", "saved_queries", "functions")


def read_manifest(root: Path, adapter: str = "") -> DbtProject:
    """The project in the folder `root`, as dbt last parsed it; `adapter` overrules the manifest.

    Raises:
        ForeignProjectError: there is no dbt project (FF-140).
        ForeignFileError: the manifest cannot be read, or is too old (FF-141).
    """
    whole = _load(root / MANIFEST)
    metadata = table(whole.get("metadata"))
    version = _VERSION.search(text(metadata.get("dbt_schema_version")))
    if version is None or int(version[1]) < _OLDEST:
        message = f"the manifest is not of version {_OLDEST} or later"
        hint = "let a newer dbt write it (`dbt parse`), or say `--from-files`"
        raise ForeignFileError(message, place=Place(MANIFEST), hint=hint)
    head = read_head(root)
    spoken = adapter or text(metadata.get("adapter_type")) or "duckdb"
    nodes = [table(each) for each in table(whole.get("nodes")).values()]
    tests = _tests_by_node(nodes)
    found = [_node(root, each, tests) for each in nodes if _kind(each) is not None]
    found += [_source(table(each), tests) for each in table(whole.get("sources")).values()]
    return DbtProject(
        root=root,
        name=text(metadata.get("project_name")) or text(head.get("name")),
        adapter=spoken,
        variables=table(head.get("vars")),
        nodes=tuple(found),
        macros=tuple(_macros(table(whole.get("macros")), spoken)),
        unit_tests=tuple(_unit_tests(table(whole.get("unit_tests")))),
        findings=(*_left(whole, head), *_changed(root, nodes)),
    )


def _load(path: Path) -> Words:
    try:
        return table(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        message, hint = "the manifest cannot be read", "write it anew: `dbt parse`"
        raise ForeignFileError(message, place=Place(MANIFEST), hint=hint) from error


def _kind(node: Words) -> Kind | None:
    kind = text(node.get("resource_type"))
    if kind == "test" and not node.get("test_metadata"):
        return "singular"
    return _KINDS.get(kind)


def _node(root: Path, node: Words, tests: dict[str, list[DbtTest]]) -> DbtNode:
    file, package = text(node.get("original_file_path")), text(node.get("package_name"))
    version = text(node.get("version"))
    kind = _kind(node)
    assert kind is not None  # noqa: S101 - the caller asked
    installed = root / "dbt_packages" / package
    return DbtNode(
        kind=kind,
        name=text(node.get("name")),
        package=package,
        place=Place(file),
        code=text(node.get("raw_code")),
        compiled=text(node.get("compiled_code")),
        folders=PurePosixPath(file).parts[1:-1],
        config={**_config(node), "tags": list(texts(node.get("tags")))},
        description=text(node.get("description")),
        columns=tuple(_columns(node)),
        tests=tuple(tests.get(text(node.get("unique_id")), ())),
        constraints=tuple(tables(node.get("constraints"))),
        version=version,
        is_latest=not version or version == text(node.get("latest_version")),
        relation=text(node.get("relation_name")),
        path=(installed if installed.is_dir() else root) / file,
    )


def _source(node: Words, tests: dict[str, list[DbtTest]]) -> DbtNode:
    config = {**_config(node), "freshness": None}
    thresholds = table(node.get("freshness"))
    if any(table(each).get("count") for each in thresholds.values()):
        config["freshness"] = thresholds
    meta = {
        **table(node.get("source_meta")),
        **table(node.get("meta")),
        **table(config.get("meta")),
    }
    return DbtNode(
        kind="source",
        name=text(node.get("name")),
        package=text(node.get("package_name")),
        place=Place(text(node.get("original_file_path"))),
        config={**config, "meta": meta},
        description=text(node.get("description")),
        columns=tuple(_columns(node)),
        tests=tuple(tests.get(text(node.get("unique_id")), ())),
        group=text(node.get("source_name")),
        identifier=text(node.get("identifier")),
        relation=text(node.get("relation_name")),
    )


def _config(node: Words) -> dict[str, object]:
    """What was said; the manifest has defaults, too."""
    config = without(table(node.get("config")), "docs", "quoting", "packages", "access")
    return {name: value for name, value in config.items() if value not in (None, [], {})}


def _columns(node: Words) -> Iterator[DbtColumn]:
    for each in table(node.get("columns")).values():
        column = table(each)
        yield DbtColumn(
            name=text(column.get("name")),
            doc=text(column.get("description")),
            type=text(column.get("data_type")),
            tags=texts(column.get("tags")),
            constraints=tuple(tables(column.get("constraints"))),
        )


def _tests_by_node(nodes: Iterable[Words]) -> dict[str, list[DbtTest]]:
    found: dict[str, list[DbtTest]] = {}
    for node in nodes:
        about = table(node.get("test_metadata"))
        if text(node.get("resource_type")) != "test" or not about:
            continue
        attached = text(node.get("attached_node")) or _tested(node)
        kind = ".".join(
            each for each in (text(about.get("namespace")), text(about.get("name"))) if each
        )
        arguments = without(table(about.get("kwargs")), "model", "column_name")
        column = text(node.get("column_name")) or text(
            table(about.get("kwargs")).get("column_name")
        )
        config = {k: v for k, v in _config(node).items() if not _is_default(k, v)}
        place = Place(text(node.get("original_file_path")))
        found.setdefault(attached, []).append(DbtTest(kind, column, arguments, config, place))
    return found


def _is_default(name: str, value: object) -> bool:
    default = {"severity": "ERROR", "error_if": "!= 0", "warn_if": "!= 0", "fail_calc": "count(*)"}
    return default.get(name) == value


def _tested(node: Words) -> str:
    """What a test is of, where the manifest does not say it: the last thing that it reads."""
    return next(reversed(texts(table(node.get("depends_on")).get("nodes"))), "")


def _macros(macros: Words, adapter: str) -> Iterator[MacroFile]:
    for each in map(table, macros.values()):
        package = text(each.get("package_name"))
        if package not in (*_OWN_PACKAGES, f"dbt_{adapter}"):
            place = Place(text(each.get("original_file_path")))
            yield MacroFile(package, place, text(each.get("macro_sql")))


def _unit_tests(tests: Words) -> Iterator[UnitTest]:
    for each in map(table, tests.values()):
        given = (
            (text(one.get("input")), tuple(tables(one.get("rows"))))
            for one in tables(each.get("given"))
        )
        yield UnitTest(
            name=text(each.get("name")),
            model=text(each.get("model")),
            given=tuple(given),
            expect=tuple(tables(table(each.get("expect")).get("rows"))),
            place=Place(text(each.get("original_file_path"))),
        )


def _left(whole: Words, head: Words) -> Iterator[Finding]:
    for group in _ELSEWHERE:
        for each in map(table, table(whole.get(group)).values()):
            said = f"{group.replace('_', ' ')} have no counterpart"
            place = Place(text(each.get("original_file_path")))
            yield Finding("left", text(each.get("name")), said, "keep it beside the project", place)
    for versions in table(whole.get("disabled")).values():
        for each in tables(versions):
            place = Place(text(each.get("original_file_path")))
            said, remedy = "it is disabled", "bring it when it is wanted"
            yield Finding("left", text(each.get("name")), said, remedy, place)
    for name in ("on-run-start", "on-run-end"):
        if texts(head.get(name)):
            said, remedy = "statements around a run have no counterpart", "run them beside it"
            yield Finding("left", name, said, remedy, Place(PROJECT_FILE))


def _changed(root: Path, nodes: Iterable[Words]) -> Iterator[Finding]:
    """Files that are other now than when the manifest was written."""
    for node in nodes:
        checksum = table(node.get("checksum"))
        path = root / text(node.get("original_file_path"))
        if text(node.get("resource_type")) != "model" or text(checksum.get("name")) != "sha256":
            continue
        if not path.is_file():
            continue
        now = sha256(path.read_text(encoding="utf-8").strip().encode()).hexdigest()
        if now != text(checksum.get("checksum")):
            said = "its file is newer than the manifest, which was read"
            remedy = "run `dbt parse` first, or say `--from-files`"
            yield Finding(
                "look",
                text(node.get("name")),
                said,
                remedy,
                Place(text(node.get("original_file_path"))),
            )
