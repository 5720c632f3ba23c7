"""`flowforge sync`: classes for the datasets of SQL files and seeds, for Python to read them."""

from __future__ import annotations

import os

from flowforge_assets.cli.options import COMMON, Common
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import counted
from flowforge_assets.project.config import read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.sync import sync as synced_module
from flowforge_assets.sql.analysis import SqlAnalysis


def sync(*, common: Common = COMMON) -> int:
    """Write the module of classes for the datasets that SQL files and seeds make."""
    terminal = common.terminal()
    config = read_config(common.project)
    environment = Environment.of(config, common.env)
    with SqlAnalysis(environment.cache_folder / "sql.json") as sql:
        found = synced_module(config, sql)
    if terminal.json:
        data = {"file": found.path.resolve(), "classes": found.classes, "changed": found.is_changed}
        terminal.data(data)
        return 0
    classes = counted(len(found.classes), "dataset")
    where = os.path.relpath(found.path)
    if found.is_changed:
        terminal.say(Text("new ", "green"), f"{where}: {classes}")
    else:
        terminal.say(f"{where} is up to date: {classes}")
    return 0
