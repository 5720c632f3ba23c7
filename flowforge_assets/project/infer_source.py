"""A dataset class, and an asset that reads its file, as source."""

from __future__ import annotations

import os
from pathlib import Path

from flowforge_assets.core.key import DatasetKey, Layer
from flowforge_assets.core.schema import Field
from flowforge_assets.errors.adoption import UnreadableDataError
from flowforge_assets.project.class_source import (
    ClassSource,
    SourceColumn,
    polars_type_source,
    quoted,
)
from flowforge_assets.project.inferred import InferredFile


def infer_key(path: Path, layer: Layer, name: str | None) -> DatasetKey:
    """The dataset's key: of `name`, or of the file's own.

    Raises:
        UnreadableDataError: the name cannot be that of a dataset (FF-821).
    """
    text = name if name is not None else _name_of_file(path)
    try:
        return DatasetKey.of(layer, text)
    except ValueError as error:
        message = f"`{text}` cannot be the name of a dataset"
        hint = "say `--name` with lower-case words: `orders`, `crm.orders`"
        raise UnreadableDataError(message, hint=hint) from error


def dataset_source(found: InferredFile, key: DatasetKey, *, root: Path, with_asset: bool) -> str:
    """The module that declares the file's dataset, and if asked for the asset that reads it.

    The asset finds a file below the project's folder `root` from a module of that folder.
    """
    source = ClassSource()
    columns = (
        SourceColumn(
            Field(column.name, column.type, column.nullable),
            is_key=column.name == found.key,
            remark=_remark(found, column.name) or column.remark,
        )
        for column in found.columns
    )
    seen = f"{found.rows:,} row{'' if found.rows == 1 else 's'}"
    name = source.add_dataset(key, columns, description=f"One row of `{found.path.name}`.")
    if with_asset:
        _add_asset(source, found, key, class_name=name, root=root)
    doc = f"Inferred from the {seen} of `{found.path.name}`: look it over."
    return source.text(doc, uses_polars=with_asset)


def _remark(found: InferredFile, name: str) -> str:
    if name == found.key:
        return "unique in what was seen"
    if name in found.partitioned_by:
        return "the table's folders are named by it: a `partition=` would fit"
    return ""


def _add_asset(
    source: ClassSource, found: InferredFile, key: DatasetKey, *, class_name: str, root: Path
) -> None:
    source.use("pathlib", "Path")
    source.ours |= {"asset", "Frame"}
    function = f"read_{key.name.replace('.', '_')}"
    schema = "".join(
        f"\n        {quoted(column.name)}: {polars_type_source(column.type)},"
        for column in found.columns
    )
    match found.format:
        case "csv":
            apart = "" if found.separator == "," else f", separator={quoted(found.separator)}"
            read = f"pl.scan_csv(FILE{apart}, schema=SCHEMA)"
        case "ndjson":
            read = "pl.scan_ndjson(FILE, schema=SCHEMA)"
        case "json":
            read = "pl.read_json(FILE, schema=SCHEMA).lazy()"
        case "parquet":
            read, schema = "pl.scan_parquet(FILE)", ""
        case "delta":
            read, schema = "pl.scan_delta(FILE)", ""
    file = _path_source(found.path, root)
    constants = f"FILE = {file}"
    if schema:
        constants += f"\nSCHEMA = pl.Schema(\n    {{{schema}\n    }}\n)"
    lines = ["@asset", f"def {function}() -> Frame[{class_name}]:"]
    lines += [f'    """`{found.path.name}`, as it is."""', f"    return {read}"]
    source.blocks[-1] += f"\n\n\n{constants}"
    source.blocks.append("\n".join(lines))


def _path_source(path: Path, root: Path) -> str:
    """The file as an expression: below the project seen from a module of its folder."""
    whole, top = path.resolve(), root.resolve()
    if whole.is_relative_to(top):
        parts = [quoted(part) for part in whole.relative_to(top).parts]
        return " / ".join(["Path(__file__).parent", *parts])
    return f"Path({quoted(os.fspath(whole))})"


def _name_of_file(path: Path) -> str:
    stem = path.resolve().name.partition(".")[0].lower()
    name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in stem)
    name = name.strip("_")
    return name if name[:1].isalpha() else f"data_{name}".rstrip("_")
