from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import DecimalType, Field, Plain, Schema
from flowforge_assets.sql.file import SqlFile, read_sql_text
from flowforge_assets.sql.infer import Binder
from flowforge_assets.sql.parse import ParsedSql, parse


@pytest.fixture
def schemas() -> Mapping[DatasetKey, Schema]:
    return {
        DatasetKey("silver.flights"): Schema(
            (
                Field("flight_id", Plain("string")),
                Field("day", Plain("date")),
                Field("delay", Plain("int64"), nullable=True),
                Field("fare", DecimalType(10, 2)),
                Field("departed", Plain("timestamp")),
            )
        ),
        DatasetKey("silver.odd"): Schema(
            (Field("Order ID", Plain("int32")), Field("copy", Plain("string")))
        ),
        DatasetKey("bronze.crm.customers"): Schema((Field("id", Plain("int64")),)),
    }


@pytest.fixture
def sql_file() -> Callable[[str], SqlFile]:
    def read(text: str) -> SqlFile:
        return read_sql_text(text, path=Path("delays.sql"), shown_as="gold/delays.sql")

    return read


@pytest.fixture
def parsed(
    sql_file: Callable[[str], SqlFile], schemas: Mapping[DatasetKey, Schema]
) -> Callable[[str], ParsedSql]:
    def read(text: str) -> ParsedSql:
        return parse(sql_file(text), known=schemas)

    return read


@pytest.fixture(scope="module")
def binder() -> Iterator[Binder]:
    with Binder() as opened:
        yield opened
