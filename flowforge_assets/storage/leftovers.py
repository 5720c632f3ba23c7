"""Removes data files of writes that came to nothing, and never one that a version may name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.storage.data_files import remove_files

if TYPE_CHECKING:
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.folder import Folder


@dataclass(frozen=True, slots=True, eq=False)
class Leftovers:
    """The files that a table's writer leaves; `named` gives those that versions name.

    A request to a store that failed may still be carried out after the last look at it. So what a
    failed commit to one offered stays, and is swept away when it is old.
    """

    folder: Folder
    named: Callable[[], Collection[str]]
    in_doubt: set[str] = field(default_factory=set[str])

    def remove(self, files: Sequence[DataFile]) -> None:
        """Removes those that no version names, save those of which it is not sure."""
        if not files:
            return
        named = {*self.named(), *self.in_doubt}
        remove_files(self.folder, [file for file in files if file.path not in named])

    @contextmanager
    def of_failure(self, written: list[DataFile], staged: Sequence[DataFile]) -> Generator[None]:
        """Removes what was `written` when the commit inside fails, where that is sure."""
        try:
            yield
        except BaseException as error:
            if not (self.folder.is_local or isinstance(error, FlowForgeError)):
                self.in_doubt.update(file.path for file in (*written, *staged))
                raise
            try:
                self.remove(written)
            except OSError as failed:  # the disk may be the cause of both
                error.add_note(f"files of it stay behind in {self.folder.shown}: {failed}")
            raise
