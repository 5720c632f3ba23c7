"""`store` and `stores` of an environment: where its tables are, and with which options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, cast, get_args

from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.errors.base import FlowForgeError, Place, Problems, did_you_mean
from flowforge_assets.errors.project import ConfigValueError, UnknownConfigKeyError
from flowforge_assets.errors.stores import StoreOptionValueError, UnknownStoreKeyError
from flowforge_assets.storage.remote_url import is_remote
from flowforge_assets.storage.store_options import StoreOptions, read_options

TableFormat: TypeAlias = Literal["delta", "parquet"]
FindKey: TypeAlias = Callable[[str, str], Place]
"""The line of a key by its table and name."""

_BAD_ROWS: Final = "__bad_rows"
"""What the quarantine of a dataset is called behind its name; it lies beside the dataset."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """One place of tables: a folder or a URL; only a remote one has options.

    Without `format` its tables have that of the environment.
    """

    url: str
    format: TableFormat | None = None
    options: StoreOptions | None = None


def store_for(
    key: DatasetKey, stores: Mapping[str, StoreConfig], default: StoreConfig | None
) -> StoreConfig | None:
    """The place of a dataset: its own, or its layer's, or the one for all."""
    dataset = key.removesuffix(_BAD_ROWS)
    return stores.get(dataset) or stores.get(key.layer) or default


@dataclass(frozen=True, slots=True)
class StoreReader:
    """Reads the places of one environment, whose table `where` is, and collects what is wrong."""

    where: str
    format: TableFormat
    root: Path
    find: FindKey
    problems: list[FlowForgeError]

    def store(self, value: object) -> StoreConfig | None:
        """What stands under `store`."""
        return None if value is None else self._place("store", value)

    def stores(self, tables: Mapping[str, object]) -> Mapping[str, StoreConfig]:
        """What stands under `stores`, by layer or dataset."""
        found: dict[str, StoreConfig] = {}
        for name, value in tables.items():
            if not _is_name(name):
                self._unknown(name)
            elif (place := self._place(f"stores.{name}", value)) is not None:
                found[name] = place
        return found

    def _place(self, name: str, value: object) -> StoreConfig | None:
        if isinstance(value, str):
            return self._read(name, {"url": value})
        if isinstance(value, dict):
            return self._read(name, cast("dict[str, object]", value))
        self._wrong(name, "a folder, a URL or a table", f'write `{name} = "lake"`')
        return None

    def _read(self, name: str, raw: Mapping[str, object]) -> StoreConfig | None:
        url, table_format = raw.get("url"), raw.get("format")
        if not isinstance(url, str) or not url:
            self._wrong(f"{name}.url", "a folder or a URL", 'write `url = "s3://bucket/lake"`')
            return None
        if table_format is not None and table_format not in get_args(TableFormat):
            hint = 'write `format = "delta"`'
            self._wrong(f"{name}.format", '"delta" or "parquet"', hint)
            return None
        chosen: TableFormat | None = None
        if table_format is not None:
            chosen = "parquet" if table_format == "parquet" else "delta"
        if is_remote(url):
            return self._remote(name, url, raw, chosen)
        beyond = [option for option in raw if option not in {"url", "format"}]
        if beyond:
            message = f"unknown key `{beyond[0]}` in `[{self.where}.{name}]`"
            hint = "a folder has a `url` and a `format` alone; a remote store takes options"
            place = self.find(f"{self.where}.{name}", beyond[0])
            self.problems.append(UnknownConfigKeyError(message, place=place, hint=hint))
        return StoreConfig(url, chosen)

    def _remote(
        self, name: str, url: str, raw: Mapping[str, object], chosen: TableFormat | None
    ) -> StoreConfig | None:
        where = f"{self.where}.{name}"

        def place(option: str) -> Place:
            return self.find(where, option) if option in raw else self.find(where, "")

        try:
            options = read_options(url, raw, where=where, place=place, root=self.root)
        except Problems as found:
            self.problems.extend(found.errors)
            return None
        except FlowForgeError as error:
            at = place("url")
            error.place = error.place or Place(at.file, at.line)  # the line may hold a password
            self.problems.append(error)
            return None
        if options.kind == "other" and (chosen or self.format) != "parquet":
            message = f"`{where}` can hold Parquet tables only: no engine of Delta speaks to it"
            hint = 'write `format = "parquet"` there'
            self.problems.append(StoreOptionValueError(message, place=place("url"), hint=hint))
        return StoreConfig(url, chosen, options)

    def _wrong(self, name: str, wanted: str, hint: str) -> None:
        table, _, key = f"{self.where}.{name}".rpartition(".")
        message = f"`{key}` in `[{table}]` is not {wanted}"
        place = self.find(self.where, name)
        place = place if place.line else self.find(table, "")  # what lacks has no line
        self.problems.append(ConfigValueError(message, place=place, hint=hint))

    def _unknown(self, name: str) -> None:
        message = f"`{name}` in `[{self.where}.stores]` is neither a layer nor a key"
        hint = did_you_mean(name, LAYERS) or 'write a layer (`gold`) or a key (`"silver.events"`)'
        place = self.find(f"{self.where}.stores", name)
        self.problems.append(UnknownStoreKeyError(message, place=place, hint=hint))


def unknown_stores(
    stores: Iterable[str], env: str, datasets: Mapping[DatasetKey, DatasetDefinition]
) -> Iterator[FlowForgeError]:
    """An error for each place of what is no dataset, or goes by another name (FF-865)."""
    first = {str(first_key(dataset)): key for key, dataset in datasets.items()}
    for name in stores:
        if name in first or name in LAYERS:
            continue
        message = f"`{name}` in `[env.{env}.stores]` is no dataset"
        hint = did_you_mean(name, first) or "write a layer, or the key of a dataset"
        stored = [old for old, key in first.items() if key == name]
        if stored:
            message = f"`{name}` in `[env.{env}.stores]` is stored under its first name"
            hint = f"write `{stored[0]}`: a dataset that was renamed stays where it is"
        yield UnknownStoreKeyError(message, place=Place("flowforge.toml"), hint=hint)


def _is_name(name: str) -> bool:
    if name in LAYERS:
        return True
    try:
        return DatasetKey.parse(name).project is None
    except ValueError:
        return False
