"""Artifacts: files named by their content, and a pointer a version that says which is whose.

On local disk a file is first a hidden copy, then bears its digest as its name, then is pointed to;
elsewhere it is uploaded under that name. A kill between any two leaves what was there, and at most
a file that nobody points to. Who reads a file of a remote store gets a copy, which is kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace as replaced
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.storage import (
    DamagedFileError,
    NoFileError,
    NotATableError,
    NoVersionError,
)
from flowforge_assets.storage import artifact_pointer as pointers
from flowforge_assets.storage.artifact_pointer import NamedFile, Pointer
from flowforge_assets.storage.attempts import until_made
from flowforge_assets.storage.failure import guarded
from flowforge_assets.storage.folder_versions import KEPT_VERSIONS
from flowforge_assets.storage.latest import latest
from flowforge_assets.storage.made_json import read_made, write_made
from flowforge_assets.storage.maintain_versions import maintain_versions
from flowforge_assets.storage.manifest import versions_in
from flowforge_assets.storage.request import Request
from flowforge_assets.storage.restoring import restoring
from flowforge_assets.storage.store import ArtifactFile, StagedFile, TableSpec
from flowforge_assets.storage.store_clock import by_its_clock
from flowforge_assets.storage.upkeep import Upkept

if TYPE_CHECKING:
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.past import Version
    from flowforge_assets.storage.upkeep import Upkeep

_KEPT_STEPS: Final = 1000
_BLOCK_BYTES: Final = 1 << 20
_READ_ONLY: Final = 0o444
_Mark: TypeAlias = tuple[int, int, int]


class ArtifactFolder:
    """The files of one artifact; its last ten versions can be read."""

    def __init__(self, spec: TableSpec, folder: Folder, copies: Path) -> None:
        """The artifact of `spec` in `folder`, which need not be there.

        Copies of files of a remote folder are kept in `copies`.
        """
        self._spec = spec
        self._folder = folder
        self._copies = Path(folder.target()) if folder.is_local else copies
        self._versions = pointers.versions_in(folder)
        self._held_against: dict[str, _Mark] = {}

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        return self._spec

    @property
    def uri(self) -> str:
        """`file:///lake/gold/churn`."""
        return self._folder.uri

    def version(self) -> TableVersion | None:
        """The newest version, or None before the first commit."""
        with guarded(self._spec.key, self._folder.shown):
            pointer = self._current()
            return None if pointer is None else TableVersion(pointer.table_id, pointer.version)

    def files(self, *, version: int | None = None) -> Mapping[str, ArtifactFile]:
        """Each partition's file by the partition's key, in order.

        The files are not looked at, and a `path` is not yet there where it is that of a copy.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
            DamagedLogError: the pointer cannot be read (FF-607).
        """
        with guarded(self._spec.key, self._folder.shown):
            pointer = self._at(version)
            return {} if pointer is None else {k: self._file(f) for k, f in pointer.files.items()}

    def file(self, partition: PartitionSet, *, version: int | None = None) -> ArtifactFile:
        """The file of one partition, held against its digest.

        It is read for that, once for as long as it stays as it is; of a remote store it is copied.

        Raises:
            NoFileError: the partition has none (FF-630).
            DamagedFileError: it is gone, or holds something else (FF-631).
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        key = _key(partition)
        found = self.files(version=version).get(key)
        if found is None:
            of = f"`{self._spec.key}`" + (f" of {key}" if key else "")
            message = f"{of} has no file yet at `{self._folder.shown}`"
            raise NoFileError(message, hint=f"make it: `flowforge run -s {self._spec.key}`")
        with guarded(self._spec.key, self._folder.shown):
            self._refuse_damaged(found)
        return found

    def stage(self, path: Path) -> StagedFile:
        """Copies the file at `path` to where nobody reads it; the copy is on the disk then."""
        with guarded(self._spec.key, self._folder.shown):
            self._current()  # refuses a folder that holds something else
            if not self._folder.is_local:
                digest, size_bytes = _digest(path)
                name = digest + self._spec.suffix
                self._folder.upload(path, name)
                return StagedFile(name, digest, size_bytes)
            name = f".{uuid.uuid4().hex}.tmp"
            try:
                self._folder.upload(path, name)
                digest, size_bytes = _digest(Path(self._folder.target(name)))
            except BaseException:
                self._folder.remove([name])
                raise
        return StagedFile(name, digest, size_bytes)

    def commit(
        self,
        staged: Mapping[PartitionSet, StagedFile],
        *,
        made: Made,
        base: TableVersion | None = None,
    ) -> Made:
        """Makes each staged file the one of its partition and records `made`, in one act.

        When others commit first, it is done after theirs.

        Raises:
            CommitConflictError: others were first each time (FF-609).
            BaseMovedError: the newest version is not `base` (FF-621).
        """

        def attempt() -> Made | None:
            before = self._current()
            if before is not None and made.step_id in before.steps:
                return self._again(before, made)
            at = None if before is None else TableVersion(before.table_id, before.version)
            Request.of_record(made, base).refuse_moved(at, self._spec)
            for file in staged.values():
                self._publish(file)
            after, done = self._after(before, staged, made)
            step_id = made.step_id
            is_mine = pointers.write_pointer(self._versions, after, self._spec, step_id=step_id)
            return done if is_mine else None

        with guarded(self._spec.key, self._folder.shown):
            self._folder.refuse_unsafe()
            return until_made(attempt, self._spec.key)

    def discard(self, staged: StagedFile) -> None:
        """Removes the staged copy; one that bears its lasting name may be pointed to, and stays."""
        if staged.name != self._name(staged):
            with guarded(self._spec.key, self._folder.shown):
                self._folder.remove([staged.name])

    def made(self) -> Sequence[Made]:
        """What was made, as the pointer says: each partition once, oldest first."""
        with guarded(self._spec.key, self._folder.shown):
            pointer = self._current()
            return [] if pointer is None else self._made(pointer)

    def versions(self) -> Sequence[Version]:
        """The versions that are kept, oldest first; reads each."""
        with guarded(self._spec.key, self._folder.shown):
            return pointers.versions_kept(self._versions, self._spec)

    def made_by(self, version: int) -> Sequence[Made]:
        """What was made by a version.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        with guarded(self._spec.key, self._folder.shown):
            pointer = self._at(version)
            return [] if pointer is None else self._made(pointer)

    def restore(self, version: int, made: Made) -> Made:
        """Makes a new version with the files of an older one.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
            CommitConflictError: others were first each time (FF-609).
        """

        def attempt() -> Made | None:
            old, now = self._at(version), self._current()
            assert old is not None and now is not None  # noqa: S101, PT018 - it has the version
            if made.step_id in now.steps:
                return self._again(now, made)
            known = PartitionSet.none(self._spec.dimensions)
            for each in (*self._made(old), *self._made(now)):
                known |= each.changed
            after, done = pointers.restored(old, now, made, known=known)
            step_id = made.step_id
            is_mine = pointers.write_pointer(self._versions, after, self._spec, step_id=step_id)
            return done if is_mine else None

        with guarded(self._spec.key, self._folder.shown):
            self._folder.refuse_unsafe()
            with restoring(self._folder):
                return until_made(attempt, self._spec.key)

    def maintain(self, upkeep: Upkeep) -> Upkept:
        """Forgets versions that are not to be kept, with their files, and removes leftovers."""
        with guarded(self._spec.key, self._folder.shown):
            found = pointers.versions_kept(self._versions, self._spec)
            if not found:
                return Upkept()
            upkeep = by_its_clock(upkeep, self._folder)
            return maintain_versions(
                self._versions,
                found,
                lambda version: pointers.names_in(self._versions, version, self._spec),
                upkeep,
                is_ours=lambda path: "/" not in path or path.endswith(".tmp"),
                comes_again=True,
            )

    def _current(self) -> Pointer | None:
        newest = self._versions.newest(
            lambda version, _: pointers.read_pointer(self._versions, version, self._spec)
        )
        if newest is not None:
            return newest
        if versions_in(self._folder).kept() or self._folder.names("_delta_log"):
            raise NotATableError(
                f"`{self._folder.shown}` holds a table, and `{self._spec.key}` is an artifact",
                hint="move the table away, or give one of them another name",
            )
        return None

    def _at(self, version: int | None) -> Pointer | None:
        """The pointer of a version, the newest without one."""
        newest = self._current()
        if version is None or (newest is not None and newest.version == version):
            return newest
        found = None
        if newest is not None and version < newest.version:
            found = pointers.read_pointer(self._versions, version, self._spec)
        if found is None:
            shown = "nothing was made yet"
            if newest is not None:
                kept = f"the last {KEPT_VERSIONS} are kept"
                shown = f"the newest is {newest.version}, and {kept}"
            raise NoVersionError(f"`{self._spec.key}` has no version {version}", hint=shown)
        return found

    def _file(self, file: NamedFile) -> ArtifactFile:
        return ArtifactFile(
            uri=f"{self._folder.uri}/{file.name}",
            path=self._copies / file.name,
            digest=file.digest,
            size_bytes=file.size_bytes,
            version=file.version,
        )

    def _refuse_damaged(self, file: ArtifactFile) -> None:
        """Passes a file whose content is what was committed; copies it where it is elsewhere."""
        is_copy = not self._folder.is_local
        what = self._damage(file, copies=is_copy and not file.path.exists())
        if what and is_copy:  # it may be the copy's alone
            what = self._damage(file, copies=True)
        if what:
            key = self._spec.key
            hint = f"make it again: `flowforge run -s {key} --force`, or restore it from a copy"
            where = file.path if self._folder.is_local else file.uri
            raise DamagedFileError(f"the file `{where}` of `{key}` {what}", hint=hint)

    def _damage(self, file: ArtifactFile, *, copies: bool) -> str:
        """What is wrong with a file, copied anew first where it `copies`; empty for nothing."""
        try:
            if copies:
                self._copy(file)
            status = file.path.stat()
            mark = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._held_against.get(file.path.name) == mark:
                return ""
            digest, _ = _digest(file.path)
        except FileNotFoundError:
            return "is gone"
        if digest != file.digest:
            return "holds something else than was committed"
        self._held_against[file.path.name] = mark
        return ""

    def _copy(self, file: ArtifactFile) -> None:
        """Copies a file from where it is; what is there under its name is whole."""
        self._copies.mkdir(parents=True, exist_ok=True)
        half = self._copies / f".{uuid.uuid4().hex}.tmp"
        try:
            self._folder.fetch(file.path.name, half)
            half.chmod(_READ_ONLY)
            half.replace(file.path)
        finally:
            half.unlink(missing_ok=True)

    def _publish(self, staged: StagedFile) -> None:
        """Gives a copy its lasting name; in the place of a file that may have been damaged."""
        name = self._name(staged)
        if staged.name == name:
            return
        copy, named = Path(self._folder.target(staged.name)), Path(self._folder.target(name))
        if copy.exists() or not named.exists():  # else an earlier try came thus far
            copy.chmod(_READ_ONLY)
            copy.replace(named)
            self._folder.sync("")

    def _name(self, staged: StagedFile) -> str:
        return staged.digest + self._spec.suffix

    def _after(
        self, before: Pointer | None, staged: Mapping[PartitionSet, StagedFile], made: Made
    ) -> tuple[Pointer, Made]:
        """The pointer after the commit, and what it says of the commit."""
        version = 0 if before is None else before.version + 1
        table = TableVersion(uuid.uuid4().hex if before is None else before.table_id, version)
        files = {} if before is None or made.restart else dict(before.files)
        touched = PartitionSet.none(self._spec.dimensions)
        for partition, file in staged.items():
            known = files.get(_key(partition))
            if known is None or known.name != self._name(file):
                named = NamedFile(self._name(file), file.digest, file.size_bytes, version)
                files[_key(partition)] = named
                touched |= partition
        if made.touched is None and staged:
            made = replaced(made, touched=None if touched == made.partitions else touched)
        size = sum(file.size_bytes for file in staged.values())
        made = replaced(made, table=table, bytes_written=size if staged else None)
        steps = {} if before is None else dict(list(before.steps.items())[1 - _KEPT_STEPS :])
        records = () if before is None else before.records
        after = Pointer(
            table_id=table.table_id,
            version=version,
            files=files,
            records=(*records, (version, write_made(made))),
            steps={**steps, made.step_id: version},
        )
        last = {each.table.version for each in self._made(after)}
        return replaced(after, records=tuple(r for r in after.records if r[0] in last)), made

    def _again(self, pointer: Pointer, made: Made) -> Made:
        """What this step committed before; where its record is gone, later ones made it again."""
        version = pointer.steps[made.step_id]
        table = TableVersion(pointer.table_id, version)
        record = dict(pointer.records).get(version)
        found = None if record is None else read_made(record, self._spec, table)
        if found is not None:
            made = replaced(made, touched=found.touched, bytes_written=found.bytes_written)
        return replaced(made, table=table)

    def _made(self, pointer: Pointer) -> list[Made]:
        found = (
            read_made(record, self._spec, TableVersion(pointer.table_id, version))
            for version, record in pointer.records
        )
        return latest(found, self._spec.dimensions, self._spec.by_step)


def _key(partition: PartitionSet) -> str:
    """The key of the one partition in a set; the empty text where there are no dimensions."""
    (key,) = partition.keys()
    return key


def _digest(path: Path) -> tuple[str, int]:
    """The digest and size of a file."""
    digest, size_bytes = sha256(), 0
    with path.open("rb") as source:
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            size_bytes += len(block)
    return digest.hexdigest(), size_bytes
