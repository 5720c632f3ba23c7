from typing import Any

from snowflake.connector import errors as errors

def connect(**options: Any) -> Any: ...
