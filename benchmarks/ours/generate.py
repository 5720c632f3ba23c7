"""generate.py COUNT COLUMNS: datasets made by calls, as a loop over a file of schemas has it."""

from __future__ import annotations

import sys

from workloads.clock import measured, say

from flowforge_assets import Bronze, dataset  # the clock starts after the import

count, width = map(int, sys.argv[1:])
columns: dict[str, object] = {f"c{n}": int if n % 2 else str | None for n in range(width)}
with measured() as cost:
    made = [dataset(f"crm.t{n}", Bronze, columns=columns, extra="keep") for n in range(count)]
if len({id(each) for each in made}) != count:
    raise SystemExit("not as many datasets as calls")
say(cost)
