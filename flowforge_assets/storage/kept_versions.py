"""Since which version a table is whole: `_flowforge/kept-N.json`.

It is written before files of older versions are removed. The greatest number counts; one that
belongs to another incarnation of the table does not.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from flowforge_assets.storage.state_file import FOLDER

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import Folder

_NAME: Final = re.compile(r"kept-(\d+)\.json")


def kept_since(folder: Folder, table_id: str) -> int:
    """The oldest version whose files were not removed; 0 where none ever were."""
    for version in reversed(_marks(folder)):
        if folder.read_all([_path(version)]).get(_path(version), b"") == _content(table_id):
            return version
    return 0


def keep_since(folder: Folder, version: int, table_id: str) -> None:
    """Says that files of versions before `version` may be gone from now on."""
    marks = _marks(folder)
    if not folder.create(_path(version), _content(table_id)):
        known = folder.read_all([_path(version)]).get(_path(version))
        if known != _content(table_id):  # that of a table which was here before
            folder.remove([_path(version)])
            folder.create(_path(version), _content(table_id))
    # a later one that another machine wrote says more than this
    later = folder.read_all(_path(each) for each in marks if each > version)
    stays = {path for path, said in later.items() if said == _content(table_id)}
    folder.remove({_path(each) for each in marks if each != version} - stays)


def _marks(folder: Folder) -> list[int]:
    found = (_NAME.fullmatch(name) for name in folder.names(FOLDER))
    return sorted(int(match[1]) for match in found if match)


def _path(version: int) -> str:
    return f"{FOLDER}/kept-{version}.json"


def _content(table_id: str) -> bytes:
    return json.dumps({"format": 1, "table_id": table_id}).encode()
