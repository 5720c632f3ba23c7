"""What dbt can say of a model that has no counterpart, or another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from flowforge_assets.project.bring.found import Level
from flowforge_assets.project.bring.words import Words, text
from flowforge_assets.project.from_dbt.dbt_project import Kind

_HANDLED: Final = frozenset({
    "materialized", "unique_key", "incremental_strategy", "tags", "meta", "enabled", "group",
    "contract", "strategy", "updated_at", "check_cols", "hard_deletes", "invalidate_hard_deletes",
    "snapshot_meta_column_names", "column_types", "quote_columns", "delimiter", "severity",
    "docs", "access", "packages", "quoting", "schema", "database", "target_schema",
    "target_database", "alias", "static_analysis", "freshness", "batch_size", "begin",
    "event_time", "lookback", "concurrent_batches", "unique_tmp_table_suffix", "name",
    "file_format", "location_root", "external_location", "persist_docs", "dbt_valid_to_current",
    "full_refresh_on_change", "on_configuration_change", "node_color",
})  # fmt: skip
"""Keys that are told of where they are used, or mean nothing outside of dbt."""
_ELSEWHERE: Final[Mapping[str, tuple[Level, str, str]]] = {
    "pre-hook": ("left", "statements before it are not run", "write an asset for what they do"),
    "post-hook": ("left", "statements after it are not run", "write an asset for what they do"),
    "pre_hook": ("left", "statements before it are not run", "write an asset for what they do"),
    "post_hook": ("left", "statements after it are not run", "write an asset for what they do"),
    "grants": ("left", "who may read it is not brought", "grant it where the table is"),
    "on_schema_change": (
        *("note", "columns that come and go are handled as everywhere here"),
        "`flowforge plan` says what a change of columns means",
    ),
    "full_refresh": ("left", "`full_refresh` is not brought", "say `--rebuild` when it is wanted"),
    "incremental_predicates": (
        *("left", "the rows that a merge looks at are not narrowed"),
        "cut it by `partition` if that is slow",
    ),
    "merge_exclude_columns": ("left", "a merge replaces all columns", "select only those wanted"),
    "merge_update_columns": ("left", "a merge replaces all columns", "select only those wanted"),
    "partition_by": (
        *("look", "how the warehouse cuts it is not brought"),
        "say `partition` in its header, with the first day",
    ),
    "sql_header": ("left", "its `sql_header` is not brought", "write it into the query"),
    "indexes": ("left", "its indexes are not brought", "a lake has none"),
}


def other_config(kind: Kind, config: Words) -> Iterator[tuple[Level, str, str]]:
    """Level, words and remedy for each key that is not simply there now."""
    for raw, value in config.items():
        name = raw.removeprefix("+")
        if (
            name in _HANDLED
            or name.startswith("__")
            or value in (None, [], {}, "", "ignore", False)
        ):
            continue
        if name in _ELSEWHERE:
            yield _ELSEWHERE[name]
        else:
            yield "left", f"`{name}` of its configuration is not brought", "see whether it matters"
    alias = text(config.get("alias"))
    if kind in {"model", "snapshot"} and alias:
        yield "note", f"its table is called `{alias}` there; here by the model's name", "nothing"
