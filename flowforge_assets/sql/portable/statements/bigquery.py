"""BigQuery: one statement puts a copy with its description into the place of a table.

Read for it: the GoogleSQL reference (data definition language, data manipulation language, data
control language, multi-statement transactions), 2026-11. Transactions take no DDL on tables, so
that what changes rows in place is done to a copy first; copies are jobs without a charge for
bytes. The state is the table's description. A dataset is what others call a schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flowforge_assets.sql.portable.statements.postgres import MERGE
from flowforge_assets.sql.portable.statements.statements import Layout, Statements, TableColumn
from flowforge_assets.sql.portable.targets.bigquery import BIGQUERY as TARGET
from flowforge_assets.sql.portable.types import Kind

_MOST_CLUSTERED: Final = 4
_TRUNCATED: Final = {"week": "ISOWEEK", "month": "MONTH", "day": "DAY", "hour": "HOUR"}
_CLUSTERS: Final = frozenset(Kind) - {Kind.DOUBLE, Kind.INTERVAL, Kind.OTHER}


def _cut(statements: Statements, layout: Layout, known: Mapping[str, TableColumn]) -> str:
    """Cut by the column of time, clustered by the others; at most 4 columns cluster."""
    said, column = "", known.get(layout.cut)
    if column is not None and layout.unit in _TRUNCATED:
        name = statements.name(column.name)
        unit = _TRUNCATED[layout.unit]
        if column.is_instant:
            said = f"\nPARTITION BY TIMESTAMP_TRUNC({name}, {_whole(unit)})"
        elif column.type.kind is Kind.TIMESTAMP:
            said = f"\nPARTITION BY DATETIME_TRUNC({name}, {_whole(unit)})"
        elif column.type.kind is Kind.DATE:
            said = f"\nPARTITION BY {name}"
            if unit == "MONTH":
                said = f"\nPARTITION BY DATE_TRUNC({name}, MONTH)"
    sort = [each for each in layout.sort if each in known and known[each].type.kind in _CLUSTERS]
    if sort:
        named = ", ".join(statements.name(each) for each in sort[:_MOST_CLUSTERED])
        said += f"\nCLUSTER BY {named}"
    return said


def _whole(unit: str) -> str:
    """Tables are cut by hours, days, months and years, not by weeks."""
    return "DAY" if unit == "ISOWEEK" else unit


BIGQUERY: Final = Statements(
    target=TARGET,
    publishing="replace",
    instant="TIMESTAMP",
    instant_value="TIMESTAMP '{moment}'",
    not_a_number="IS_NAN({0})",
    merge=MERGE,
    replace="CREATE OR REPLACE TABLE {table}\nCOPY {other}\nOPTIONS (description = {text})",
    copy="CREATE OR REPLACE TABLE {table}\nCOPY {other}",
    rename="ALTER TABLE {table} RENAME TO {name}",
    view=("CREATE OR REPLACE VIEW {table}\nOPTIONS (description = {text}) AS\n{query}",),
    comment=("ALTER TABLE {table} SET OPTIONS (description = {text})",),
    view_comment=(),
    find_comment="SELECT option_value FROM {schema}.INFORMATION_SCHEMA.TABLE_OPTIONS"
    " WHERE table_name = {name_text} AND option_name = 'description'",
    column_comment="ALTER TABLE {table} ALTER COLUMN {column} SET OPTIONS (description = {text})",
    tag="ALTER TABLE {table} SET OPTIONS (labels = [({name}, {text})])",
    grant="GRANT {privilege} ON TABLE {table} TO {member}",
    privileges={
        "select": "`roles/bigquery.dataViewer`",
        "insert": "`roles/bigquery.dataEditor`",
        "update": "`roles/bigquery.dataEditor`",
        "delete": "`roles/bigquery.dataEditor`",
    },
    layout=_cut,
    laid_by=frozenset({"cluster_by", "partition_by"}),
)
