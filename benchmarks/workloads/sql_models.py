"""1,000 SQL assets in 10 layers: the lowest clean raw tables, the others join two and group."""

from __future__ import annotations

import random
from dataclasses import dataclass

LAYERS = 10
RAW_TABLES = 10
RAW_COLUMNS = {"id": "BIGINT", "grp": "VARCHAR", "val": "BIGINT", "amt": "DOUBLE", "dt": "DATE"}


@dataclass(frozen=True, slots=True)
class SqlModel:
    """One query; `key` is the dataset that it makes, `reads` are those that it names in FROM."""

    key: str
    reads: tuple[str, ...]
    sql: str


def raw_key(number: int) -> str:
    """The dataset key of a raw table."""
    return f"bronze.raw_{number}"


def sql_models(count: int) -> list[SqlModel]:
    """`count` queries in an order in which each reads only earlier ones; always the same."""
    dice = random.Random(7)  # noqa: S311 - a workload, no secret
    width = max(count // LAYERS, 2)
    models: list[SqlModel] = []
    below: list[str] = []
    for number in range(count):
        depth, place = divmod(number, width)
        if place == 0:
            below = [m.key for m in models[-width:]]
        layer = "silver" if depth < LAYERS // 2 else "gold"
        key = f"{layer}.layer{depth:02d}_q{place:03d}"
        models.append(_cleaning(key, place, dice) if depth == 0 else _joining(key, below, dice))
    return models


def _cleaning(key: str, place: int, dice: random.Random) -> SqlModel:
    raw = raw_key(place % RAW_TABLES)
    sql = (
        "select id, grp, cast(val as bigint) as val, cast(amt as double) as amt, dt\n"
        f"from {raw}\nwhere val % {dice.randint(7, 29)} <> 0\n"
    )
    return SqlModel(key, (raw,), sql)


def _joining(key: str, below: list[str], dice: random.Random) -> SqlModel:
    left, right = dice.sample(below, 2)
    sql = (
        "select\n  a.id,\n  max(a.grp) as grp,\n"
        "  sum(a.val + coalesce(b.val, 0)) % 1000003 as val,\n"
        f"  avg(a.amt) + {dice.randint(1, 9)} as amt,\n  max(a.dt) as dt\n"
        f"from {left} as a\nleft join {right} as b on a.id = b.id\n"
        f"where a.val % {dice.randint(7, 29)} <> 0\ngroup by a.id\n"
    )
    return SqlModel(key, (left, right), sql)
