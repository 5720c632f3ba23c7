"""Writes the files of an imported project, where none of them is yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.project import FolderInUseError, NotWritableError
from flowforge_assets.project.bring.assemble import assemble
from flowforge_assets.project.bring.found import Finding, FoundProject
from flowforge_assets.project.bring.place_names import refuse_meetings
from flowforge_assets.project.bring.report import REPORT, report_text


@dataclass(frozen=True, slots=True)
class Imported:
    """The project that was written: its folder, files, datasets, and what is to be said."""

    folder: Path
    files: tuple[Path, ...]
    datasets: tuple[DatasetKey, ...]
    findings: tuple[Finding, ...]


def write_project(project: FoundProject, folder: Path, *, source: Path) -> Imported:
    """Writes the project into `folder`, with its report.

    Raises:
        NamesMeetError: two things would become one dataset (FF-143).
        FolderInUseError: one of the files is there already; nothing was written (FF-810).
        NotWritableError: the folder cannot be written (FF-811).
    """
    refuse_meetings(project)
    made = assemble(project)
    page = report_text(project.tool, made.datasets, made.findings, source=source.resolve().name)
    files = {folder / name: text for name, text in {**made.files, REPORT: page}.items()}
    _write(files)
    return Imported(folder, tuple(files), made.datasets, made.findings)


def _write(files: Mapping[Path, str]) -> None:
    for path in files:
        if path.exists():
            hint = "name a folder of its own: `-o DIR`"
            raise FolderInUseError(f"`{path}` is there already", hint=hint)
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            said = (error.strerror or type(error).__name__).lower()
            raise NotWritableError(f"`{path}` cannot be written: {said}") from error
