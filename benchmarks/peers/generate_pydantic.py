"""generate_pydantic.py COUNT COLUMNS: as many pydantic models made by calls."""

from __future__ import annotations

import sys
from typing import Any

from pydantic import create_model
from workloads.clock import measured, say

count, width = map(int, sys.argv[1:])
# Any: what pydantic takes for a field
columns: dict[str, Any] = {
    f"c{n}": (int, ...) if n % 2 else (str | None, ...) for n in range(width)
}
create_model("warm", **columns)
with measured() as cost:
    made = [create_model(f"t{n}", **columns) for n in range(count)]
if len({id(each) for each in made}) != count:
    raise SystemExit("not as many models as calls")
say(cost)
