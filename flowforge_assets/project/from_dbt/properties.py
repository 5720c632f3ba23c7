"""What `.yml` files say of models, seeds, snapshots and sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flowforge_assets.errors.base import Place
from flowforge_assets.project.bring.words import Words, items, table, tables, text, texts, without
from flowforge_assets.project.bring.yaml_text import LINE, line_of
from flowforge_assets.project.from_dbt.dbt_project import (
    DbtColumn,
    DbtNode,
    DbtTest,
    UnitTest,
)

_CONFIG: Final = (
    *(
        "severity",
        "where",
        "limit",
        "error_if",
        "warn_if",
        "fail_calc",
        "store_failures",
        "enabled",
    ),
    *("tags", "meta", "store_failures_as", "alias", "database", "schema"),
)
"""Keys of a test that are no arguments, wherever they stand."""
_ABOUT: Final = ("name", "test_name", "description", "config", "arguments", LINE)


def tests_of(words: Words, file: str) -> tuple[DbtTest, ...]:
    """The generic tests of a model and of its columns."""
    found = [*_tests(words, "", file)]
    for column in tables(words.get("columns")):
        found += _tests(column, text(column.get("name")), file)
    return tuple(found)


def columns_of(words: Words) -> tuple[DbtColumn, ...]:
    """The columns that are described."""
    return tuple(
        DbtColumn(
            name=text(column.get("name")),
            doc=text(column.get("description")),
            type=text(column.get("data_type")),
            tags=(*texts(column.get("tags")), *texts(table(column.get("config")).get("tags"))),
            constraints=tuple(tables(column.get("constraints"))),
        )
        for column in tables(words.get("columns"))
        if column.get("name") is not None
    )


def sources_of(words: Words, file: str, package: str, config: Words) -> Iterator[DbtNode]:
    """The tables of the sources in a file; `config` is what the project says of all."""
    for source in tables(words.get("sources")):
        group, shared = text(source.get("name")), {**config, **table(source.get("config"))}
        schema = text(source.get("schema")) or group
        meta = table(source.get("meta"))
        for each in tables(source.get("tables")):
            own = {**shared, **table(each.get("config"))}
            own["meta"] = {**meta, **table(own.get("meta")), **table(each.get("meta"))}
            if "freshness" in each or "freshness" in source:
                own.setdefault("freshness", each.get("freshness") or source.get("freshness"))
            yield DbtNode(
                kind="source",
                name=text(each.get("name")),
                package=package,
                place=Place(file, line_of(each)),
                config=own,
                description=text(each.get("description")),
                columns=columns_of(each),
                tests=tests_of(each, file),
                group=group,
                identifier=text(each.get("identifier")) or text(each.get("name")),
                relation=f"{schema}.{text(each.get('identifier')) or text(each.get('name'))}",
            )


def unit_tests_of(words: Words, file: str) -> Iterator[UnitTest]:
    """The unit tests in a file."""
    for each in tables(words.get("unit_tests")):
        given = (
            (text(one.get("input")), tuple(tables(one.get("rows"))))
            for one in tables(each.get("given"))
        )
        yield UnitTest(
            name=text(each.get("name")),
            model=text(each.get("model")),
            given=tuple(given),
            expect=tuple(tables(table(each.get("expect")).get("rows"))),
            place=Place(file, line_of(each)),
        )


def _tests(words: Words, column: str, file: str) -> Iterator[DbtTest]:
    line = line_of(words)
    for each in (*items(words.get("tests")), *items(words.get("data_tests"))):
        said = table(each)
        if not said:
            yield DbtTest(text(each), column, {}, {}, Place(file, line))
            continue
        place = Place(file, line_of(said) or line)
        names = [name for name in said if name not in (*_ABOUT, *_CONFIG)]
        if "test_name" in said:
            kind, inner = text(said["test_name"]), without(said, "test_name")
        elif names:
            kind, inner = names[0], {**without(said, names[0]), **table(said[names[0]])}
        else:
            continue
        config = {name: value for name, value in inner.items() if name in _CONFIG}
        config |= table(inner.get("config"))
        arguments = without(inner, *_ABOUT, *_CONFIG)
        yield DbtTest(kind, column, {**arguments, **table(inner.get("arguments"))}, config, place)
