"""How old files are, where another clock than this machine's says when they were written."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flowforge_assets.storage.state_file import FOLDER

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.upkeep import Upkeep


def by_its_clock(upkeep: Upkeep, folder: Folder) -> Upkeep:
    """An upkeep that takes no file for old since this machine's clock is ahead of the folder's.

    Costs three requests: it makes a file to see when that was.
    """
    if upkeep.is_dry:
        return upkeep
    path = f"{FOLDER}/clock-{uuid.uuid4().hex}.tmp"
    folder.create(path, b"{}")
    entry = folder.entry(path)
    folder.remove([path])
    ahead_seconds = 0.0 if entry is None else max(0.0, time.time() - entry.modified)
    swept_before = upkeep.swept_before - timedelta(seconds=ahead_seconds)
    return replace(upkeep, swept_before=swept_before)
