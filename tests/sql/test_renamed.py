from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.sql.file import read_sql_file
from flowforge_assets.sql.renamed import with_tables_named

NAMES = {
    DatasetKey("silver.sold"): DatasetKey("silver.orders"),
    DatasetKey("silver.sold.old"): DatasetKey("silver.past"),
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from silver.sold as s", "from silver.orders as s"),
        ("from silver.sold, silver.sold.old", "from silver.orders, silver.past"),
        ("from silver.sold_goods, x.silver.sold", "from silver.sold_goods, x.silver.sold"),
    ],
)
def test_tables_are_named_otherwise(tmp_path: Path, query: str, found: str) -> None:
    path = tmp_path / "x.sql"
    path.write_text(query)
    file = read_sql_file(path, shown_as="x.sql")
    renamed = with_tables_named(file, NAMES)
    assert renamed.query == found
    assert renamed.digest != file.digest
