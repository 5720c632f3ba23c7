"""fakesnow as a server, in a process of its own: `snowflake_server.py FOLDER PORT`.

FOLDER holds fakesnow and what it needs. What it lacks of Snowflake is added here, as the vendor's
manual has it: a clone that replaces a table, `COPY GRANTS` behind it, the comment that it takes
over, columns that match by names of any case, and times that are null. Comments of columns are
passed over.
"""

# ruff: noqa: ANN401, S608 - what fakesnow takes and gives has no types here

from __future__ import annotations

import re
import sys
from typing import Any

sys.path.insert(0, sys.argv[1])

import fakesnow.arrow  # type: ignore[import-not-found]
import pyarrow as pa
from fakesnow.cli import main  # type: ignore[import-not-found]
from fakesnow.cursor import FakeSnowflakeCursor  # type: ignore[import-not-found]

_NAME = r'((?:"[^"]+"\.)?"[^"]+")'
_CLONE = re.compile(rf"CREATE OR REPLACE TABLE {_NAME}\s+CLONE {_NAME}( COPY GRANTS)?", re.DOTALL)
_execute = FakeSnowflakeCursor.execute
_as_struct = fakesnow.arrow.timestamp_to_sf_struct


def _struct_or_null(times: Any) -> Any:
    made = _as_struct(times)
    parts = [made.field(at) for at in range(made.type.num_fields)]
    nulls = (
        times.combine_chunks().is_null() if isinstance(times, pa.ChunkedArray) else times.is_null()
    )
    return pa.StructArray.from_arrays(parts, fields=list(made.type), mask=nulls)


def _comment(cursor: Any, path: str) -> str:
    schema, name = (part.strip('"') for part in path.split('"."'))
    query = (
        "SELECT COMMENT FROM INFORMATION_SCHEMA.TABLES"
        f" WHERE TABLE_SCHEMA = '{schema}' AND TABLE_NAME = '{name}'"
    )
    found = _execute(cursor, query).fetchone()
    return str(found[0] or "") if found else ""


def _executed(cursor: Any, command: str, *args: Any, **more: Any) -> Any:
    if command.startswith("COMMENT ON COLUMN"):
        command = "SELECT 1"  # a server of fakesnow reads no such statement
    clone = _CLONE.search(command)
    command = command.replace("CASE_SENSITIVE", "CASE_INSENSITIVE")
    command = command.replace(" USE_LOGICAL_TYPE = TRUE", "")
    if clone is None:
        return _execute(cursor, command, *args, **more)
    comment = _comment(cursor, clone[2])
    copied = f"CREATE OR REPLACE TABLE {clone[1]} AS SELECT * FROM {clone[2]}"
    done = _execute(cursor, copied, *args, **more)
    if comment:
        return _execute(cursor, f"COMMENT ON TABLE {clone[1]} IS '{comment}'")
    return done


if __name__ == "__main__":
    FakeSnowflakeCursor.execute = _executed
    fakesnow.arrow.timestamp_to_sf_struct = _struct_or_null
    sys.exit(main(["-s", "--host", "127.0.0.1", "-p", sys.argv[2]]))
