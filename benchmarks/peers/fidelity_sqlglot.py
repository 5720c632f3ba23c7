"""sqlglot's text for the queries of ours/fidelity.py, from the tree with its types.

python fidelity_sqlglot.py TPC EVERY [CORPUS]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ours"))

from fidelity import main  # beside our own
from sqlglot import parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from workloads.sql_worlds import World

from flowforge_assets.sql import Emitted, Refusal

_DIALECTS = {"synapse": "tsql"}


def written(sql: str, world: World, target: str) -> Emitted:
    """The transpiled text; what sqlglot gives up, or breaks down at, counts as refused."""
    try:
        tree = qualify(parse_one(sql, read="duckdb"), schema=world.schema, dialect="duckdb")
        typed = annotate_types(tree, schema=world.schema, dialect="duckdb")
        return Emitted(typed.sql(_DIALECTS.get(target, target)), (), ())
    except (SqlglotError, AttributeError) as error:
        return Emitted(None, (Refusal(1, 1, "", str(error), ""),), ())


if __name__ == "__main__":
    main(written, sys.argv[1:], tells=False)
