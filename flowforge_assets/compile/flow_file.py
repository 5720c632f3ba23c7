"""`flow.py`: the few lines by which Prefect finds the flow of a compiled project."""

from __future__ import annotations

import json
from typing import Final

MARK: Final = "Written by `flowforge compile`"
ENTRYPOINT: Final = "flow.py:make"
"""Where Prefect finds the flow, from the compiled folder."""


def flow_text(project: str, *, env: str, version: str) -> str:
    """The file: a flow of the project's name that runs in `env`, by default."""
    name, environment = (json.dumps(each, ensure_ascii=False) for each in (project, env))
    return f'''\
"""The flow of the project in `bundle/`: it plans when it runs. {MARK}."""

from flowforge_assets import Project, bundle_flow

make = bundle_flow(
    __file__,
    load=Project.load,
    name={name},
    env={environment},
    version="{version}",
)
'''
