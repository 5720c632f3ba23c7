"""hints.py FOLDER COUNT: what the signatures of declared functions mean, read once.

That is more than the annotations: what is read and made, how, and by which key.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workloads.clock import measured, say
from workloads.many_functions import functions_of, imported

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import DECLARED
from flowforge_assets.declare.signature import read_asset

folder, count = Path(sys.argv[1]), int(sys.argv[2])
functions_of(imported(folder, count), count)
classes: dict[DatasetKey, type] = {}
declared = list(DECLARED.values())
with measured() as cost:
    assets = [read_asset(each, classes) for each in declared]
if len(assets) != count or any(len(each.inputs) + len(each.keys) != 3 for each in assets):
    raise SystemExit("not all was read")
say(cost)
