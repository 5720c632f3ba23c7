"""hints_typing.py FOLDER COUNT: the same annotations, read by the standard library."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_type_hints

from workloads.clock import measured, say
from workloads.many_functions import functions_of, imported

folder, count = Path(sys.argv[1]), int(sys.argv[2])
functions = functions_of(imported(folder, count), count)
with measured() as cost:
    hints = [get_type_hints(each, include_extras=True) for each in functions]
if any(len(each) != 4 for each in hints):
    raise SystemExit("not all was read")
say(cost)
