"""hints.py FOLDER COUNT forms|assets: what the annotations of declared functions mean, read once.

`forms` reads each annotation: which dataset in which form, which key. `assets` does all that
collecting a project does with a function: it goes on to the definition of an asset.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workloads.clock import measured, say
from workloads.many_functions import functions_of, imported

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import DECLARED
from flowforge_assets.declare.form import read_forms
from flowforge_assets.declare.parameters import Parameters
from flowforge_assets.declare.signature import read_asset

folder, count, wanted = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
functions_of(imported(folder, count), count)
classes: dict[DatasetKey, type] = {}
declared = list(DECLARED.values())
if wanted == "assets":
    with measured() as cost:
        assets = [read_asset(each, classes) for each in declared]
    found = [len(each.inputs) + len(each.keys) + len(each.makes) for each in assets]
else:
    found = []
    with measured() as cost:
        for each in declared:
            reader = Parameters(each, classes)
            hints = [reader.hint_and_form(name) for name in reader.parameters]
            made = read_forms(reader.resolved(reader.hints["return"]), reader.resolved)
            found.append(len(hints) + len(made or ()))
if found != [4] * count:
    raise SystemExit("not all was read")
say(cost)
