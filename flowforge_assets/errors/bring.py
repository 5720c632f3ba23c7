"""FF-14x: a project of another tool that is to be brought here."""

from __future__ import annotations

from flowforge_assets.errors.declaration import DeclarationError


class ForeignProjectError(DeclarationError):
    """The folder holds no project of the tool that `flowforge import` was told to read.

    Name the folder of `dbt_project.yml`, or that of SQLMesh's `config.yaml` and `models`.
    """

    code = "FF-140"
    exit_code = 2


class ForeignFileError(DeclarationError):
    """A file of the project to be imported cannot be read.

    Mend the line that is named, so that its own tool can read it too. A manifest of dbt is read in
    its versions from 10 on: let a newer dbt write it, or remove it, and the files are read.
    """

    code = "FF-141"
    exit_code = 2


class ImportLibraryMissingError(DeclarationError):
    """The libraries that read another tool's files are not installed.

    Install the extra: `pip install 'flowforge-assets[import]'`.
    """

    code = "FF-142"
    exit_code = 2


class NamesMeetError(DeclarationError):
    """Two things of the project to be imported would become one dataset.

    Dataset keys are in lower case, and have no database. Rename one of the two, or put it into
    another layer: `--layer FOLDER=LAYER`.
    """

    code = "FF-143"
    exit_code = 2
