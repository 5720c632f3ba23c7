"""The statements of each target by its name."""

from __future__ import annotations

from typing import Final

from flowforge_assets.sql.portable.statements.bigquery import BIGQUERY
from flowforge_assets.sql.portable.statements.databricks import DATABRICKS
from flowforge_assets.sql.portable.statements.duckdb import DUCKDB
from flowforge_assets.sql.portable.statements.fabric import FABRIC
from flowforge_assets.sql.portable.statements.postgres import POSTGRES
from flowforge_assets.sql.portable.statements.redshift import REDSHIFT
from flowforge_assets.sql.portable.statements.snowflake import SNOWFLAKE
from flowforge_assets.sql.portable.statements.synapse import SYNAPSE

STATEMENTS: Final = {
    each.target.name: each
    for each in (
        *(DUCKDB, SNOWFLAKE, BIGQUERY, REDSHIFT, SYNAPSE),
        *(POSTGRES, DATABRICKS, FABRIC),
    )
}
