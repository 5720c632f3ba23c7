"""The SQL assets as a project of ours: `assets/<layer>/<name>.sql`, and classes for raw tables."""

from __future__ import annotations

from collections.abc import Iterable

from workloads.sql_models import RAW_TABLES, SqlModel, raw_key

_HEAD = (
    "from __future__ import annotations\n\nfrom datetime import date\n\n"
    "from flowforge_assets import Bronze, Col, Rows, asset, col\n"
)
_RAW = """

class Raw{n}(Bronze, name="{name}"):
    id: Col[int | None] = col()
    grp: Col[str | None] = col()
    val: Col[int | None] = col()
    amt: Col[float | None] = col()
    dt: Col[date | None] = col()


@asset
def raw_{n}() -> Rows[Raw{n}]:
    return []
"""


def raw_tables() -> dict[str, str]:
    """The module of the tables that the lowest layer reads."""
    names = [raw_key(n).partition(".")[2] for n in range(RAW_TABLES)]
    return {"raw": _HEAD + "".join(_RAW.format(n=n, name=name) for n, name in enumerate(names))}


def query_files(models: Iterable[SqlModel]) -> dict[str, str]:
    """The queries by path below the project: the path is the dataset's key."""
    return {f"assets/{model.key.replace('.', '/')}.sql": model.sql for model in models}
