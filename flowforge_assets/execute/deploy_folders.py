"""The compiled folders that this machine keeps for deployments, until none needs them any more."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock

from flowforge_assets.compile.build_folder import BUNDLE, BuildFolder, is_build, write_build
from flowforge_assets.compile.bundle import read_bundle
from flowforge_assets.compile.deployment import Owner

_PLACES: Final = ".places"
_GONE: Final = ".gone"
_NEW: Final = ".new"  # what `write_build` calls a folder that is not whole yet


@dataclass(frozen=True, slots=True)
class DeployFolders:
    """Those of one environment, below `root` by their versions, and the `place` in question.

    A place is the address of a server, and the name that the project has there. Beside each folder
    lies a file with the places that it was deployed to: what another may know is never removed.
    """

    root: Path
    place: str

    @classmethod
    def of(cls, home: Path, owner: Owner, *, server: str) -> DeployFolders:
        """Those below the project's `.flowforge`."""
        return cls(home / ".flowforge" / "deploy" / owner.env, f"{server} {owner.project}")

    def of_version(self, version: str) -> Path:
        """Where the folder of that version is, or will be."""
        return self.root / version

    @contextmanager
    def held(self) -> Generator[None]:
        """Nobody else keeps or removes folders here meanwhile: waits for who does."""
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / ".lock"):
            yield

    def keep(self, build: BuildFolder) -> None:
        """Writes the compiled folder where it is not yet: runs of that version may be using it.

        Raises:
            BuildFolderError: it cannot be written (FF-890).
        """
        folder = self.of_version(build.version)
        bundle = folder / BUNDLE
        if not bundle.is_dir() or read_bundle(bundle).version != build.version:
            write_build(build, folder)
        known = self._places(build.version)
        if self.place not in known:
            note = "".join(f"{each}\n" for each in sorted({*known, self.place}))
            self._note(build.version).write_text(note, encoding="utf-8")

    def versions(self) -> list[str]:
        """Those that were deployed to this place and to no other, sorted."""
        noted = (path.name.removesuffix(_PLACES) for path in self.root.glob(f"*{_PLACES}"))
        return [
            version
            for version in sorted(noted)
            if self._places(version) == {self.place} and is_build(self.of_version(version))
        ]

    def sweep(self, used: Iterable[str]) -> tuple[str, ...]:
        """Removes those of `versions` that are not `used` there any more; gives which."""
        for half in (*self.root.glob(f".*{_GONE}"), *self.root.glob(f".*{_NEW}")):
            shutil.rmtree(half)
        kept = set(used)
        gone = [version for version in self.versions() if version not in kept]
        for version in gone:
            # out of the way at once: half a folder would be in the way of a later deployment
            half = self.root / f".{version}{_GONE}"
            self.of_version(version).rename(half)
            self._note(version).unlink()
            shutil.rmtree(half)
        return tuple(gone)

    def _note(self, version: str) -> Path:
        return self.root / f"{version}{_PLACES}"

    def _places(self, version: str) -> set[str]:
        """The places that the version was deployed to, as far as that is noted."""
        try:
            return set(self._note(version).read_text(encoding="utf-8").splitlines())
        except FileNotFoundError:
            return set()
