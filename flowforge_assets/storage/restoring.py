"""Says that an older version is about to come back: `_flowforge/restoring-TOKEN.tmp`.

Upkeep on another machine must not remove files that a restore is about to name. Each of the two
first says what it does, and looks at the other only then. A restore says that it goes on, looks
whether its version is still kept, and commits. Upkeep says which versions are no longer kept,
looks for restores, reads what was named since, and removes. Whichever looked last saw the other:
the restore is refused before it has named anything, or upkeep leaves all files for the next time.
What a killed restore leaves hinders until it is old, and is swept away like a staged file.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flowforge_assets.storage.state_file import FOLDER

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.upkeep import Upkeep

_NAME = f"{FOLDER}/restoring-"


@contextmanager
def restoring(folder: Folder) -> Generator[None]:
    """Keeps the files of all versions in a folder, of those too that are not kept any more."""
    path = f"{_NAME}{uuid.uuid4().hex}.tmp"
    folder.create(path, b"{}")
    try:
        yield
    finally:
        folder.remove([path])


def is_restoring(folder: Folder, upkeep: Upkeep) -> bool:
    """Whether a restore is going on in a folder, or was killed in it not long ago."""
    found = (entry for entry in folder.entries(FOLDER) if entry.path.startswith(_NAME))
    return not all(map(upkeep.is_left, found))
