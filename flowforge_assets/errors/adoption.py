"""FF-82x: data that was there before the project."""

from __future__ import annotations

from flowforge_assets.errors.project import ProjectError


class AmbiguousColumnError(ProjectError):
    """The values of a column, as `infer` found them, are not of one type.

    The message names two lines whose values differ in kind. Mend the file, or write the column
    yourself; `--lenient` writes it as text that may be null.
    """

    code = "FF-820"


class UnreadableDataError(ProjectError):
    """A file of data is missing, broken, or of a form that cannot be looked into.

    Name a `.csv`, `.tsv`, `.parquet`, `.json` (a list of objects) or `.ndjson` file, or the folder
    of a Delta table.
    """

    code = "FF-821"


class NothingDeclaredError(ProjectError):
    """The project file is there, but names no modules, and no files of assets are there.

    Name the package that declares the datasets under `modules`, or write SQL files below
    `assets/`.
    """

    code = "FF-822"


class DeclaredAlreadyError(ProjectError):
    """A new dataset has the key of one that the project declares already.

    Take another name, or edit the declaration that is named.
    """

    code = "FF-823"


class TableUnfitError(ProjectError):
    """A table that was to be adopted has other columns than its dataset declares.

    The message names each. Declare the columns that are there, or let the asset make the table
    anew in another place.
    """

    code = "FF-824"
    exit_code = 1


class NotAdoptableError(ProjectError):
    """A dataset was to be adopted for which nothing is stored, or not in its place.

    Tables are adopted where they lie: copy one into the dataset's place first, or declare it
    with `external` where someone else goes on making it.
    """

    code = "FF-825"
