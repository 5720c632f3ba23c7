"""A SQLMesh project as its files have it: models, audits, tables outside, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.bring import ForeignFileError, ForeignProjectError
from flowforge_assets.project.bring.found import Finding
from flowforge_assets.project.bring.words import Words, table, tables, text
from flowforge_assets.project.bring.yaml_text import read_yaml
from flowforge_assets.project.from_sqlmesh.blocks import Block, read_blocks

_CONFIGS: Final = ("config.yaml", "config.yml")
_JINJA: Final = "JINJA_QUERY_BEGIN"


@dataclass(frozen=True, slots=True)
class MeshModel:
    """A model: its block, and the file that it stands in. With a `failure` it has no query."""

    block: Block
    path: Path
    folders: tuple[str, ...]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class MeshTest:
    """A unit test: rows by table, and rows expected."""

    name: str
    model: str
    given: Mapping[str, tuple[Mapping[str, object], ...]]
    expect: tuple[Mapping[str, object], ...]
    place: Place


@dataclass(slots=True)
class MeshProject:
    """All of it. `outside` are the columns and types of tables that someone else makes."""

    root: Path
    name: str
    dialect: str
    start: str
    variables: Mapping[str, str]
    models: list[MeshModel] = field(default_factory=list[MeshModel])
    audits: dict[str, Block] = field(default_factory=dict[str, Block])
    outside: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    tests: list[MeshTest] = field(default_factory=list[MeshTest])
    findings: list[Finding] = field(default_factory=list[Finding])


def read_project(root: Path) -> MeshProject:
    """The project in the folder `root`.

    Raises:
        ForeignProjectError: it has no settings, or no folder of models (FF-140).
        ForeignFileError: a file cannot be read (FF-141).
    """
    config = next((root / name for name in _CONFIGS if (root / name).is_file()), None)
    has_python = (root / "config.py").is_file()
    if (config is None and not has_python) or not (root / "models").is_dir():
        message = f"`{root}` holds no SQLMesh project"
        raise ForeignProjectError(message, hint="name the folder of `config.yaml` and `models`")
    words: Words = {} if config is None else read_yaml(config, shown_as=config.name)
    defaults = table(words.get("model_defaults"))
    variables = {
        name.lower(): _literal(value)
        for name, value in table(words.get("variables")).items()
        if not name.startswith("__")
    }
    found = MeshProject(
        root=root,
        name=text(words.get("project")) or root.resolve().name,
        dialect=text(defaults.get("dialect")).partition(",")[0] or "duckdb",
        start=text(defaults.get("start")) or "1970-01-01",
        variables=variables,
    )
    if has_python and config is None:
        said, remedy = "its settings are Python, which is not run", "give variables by `--var`"
        found.findings.append(Finding("left", "config.py", said, remedy, Place("config.py")))
    _read_models(found)
    _read_audits(found)
    _read_outside(found)
    _read_tests(found)
    _tell_of_code(found)
    return found


def _read_models(found: MeshProject) -> None:
    for path in _below(found.root / "models", ".sql"):
        content, shown = _text(path, found.root), _shown(path, found.root)
        failure = "it is written in Jinja" if _JINJA in content else ""
        folders = path.relative_to(found.root / "models").parts[:-1]
        for block in read_blocks(content, shown_as=shown, dialect=found.dialect):
            if block.kind == "audit":
                found.audits[block.properties.get("name", "").lower()] = block
            else:
                found.models.append(MeshModel(block, path, folders, failure))


def _read_audits(found: MeshProject) -> None:
    for path in _below(found.root / "audits", ".sql"):
        shown = _shown(path, found.root)
        for block in read_blocks(_text(path, found.root), shown_as=shown, dialect=found.dialect):
            found.audits[block.properties.get("name", "").lower()] = block


def _read_outside(found: MeshProject) -> None:
    files = [found.root / name for name in ("external_models.yaml", "schema.yaml")]
    files += _below(found.root / "external_models", ".yaml")
    for path in files:
        if path.is_file():
            listed = table_list(path, found.root)
            for each in listed:
                columns = table(each.get("columns"))
                found.outside[text(each.get("name"))] = {
                    name: text(kind) for name, kind in columns.items() if not name.startswith("__")
                }


def table_list(path: Path, root: Path) -> list[Mapping[str, object]]:
    """The tables of a YAML file that is a list."""
    import yaml  # an extra

    try:
        return list(tables(yaml.safe_load(_text(path, root))))
    except yaml.YAMLError as error:
        message, hint = "the file is not YAML", "mend it there"
        raise ForeignFileError(message, place=Place(_shown(path, root)), hint=hint) from error


def _read_tests(found: MeshProject) -> None:
    for path in (*_below(found.root / "tests", ".yaml"), *_below(found.root / "tests", ".yml")):
        shown = _shown(path, found.root)
        for name, value in read_yaml(path, shown_as=shown).items():
            words = table(value)
            if not words:
                continue
            outputs = table(words.get("outputs")).get("query")
            given = {
                key: _rows(rows)
                for key, rows in table(words.get("inputs")).items()
                if not key.startswith("__")
            }
            test = MeshTest(name, text(words.get("model")), given, _rows(outputs), Place(shown))
            found.tests.append(test)


def _rows(value: object) -> tuple[Mapping[str, object], ...]:
    rows = table(value).get("rows") if table(value) else value
    return tuple(
        {name: cell for name, cell in row.items() if not name.startswith("__")}
        for row in tables(rows)
    )


def _tell_of_code(found: MeshProject) -> None:
    """Names the Python that is not run."""
    for folder, what in (
        ("models", "a model"),
        ("macros", "a file of macros"),
        ("signals", "signals"),
    ):
        for path in _below(found.root / folder, ".py"):
            if path.name != "__init__.py" and _text(path, found.root).strip():
                said = f"it is {what} in Python, which is not run"
                remedy = (
                    "write it as an asset in Python"
                    if folder == "models"
                    else "write what it gives as SQL"
                )
                place = Place(_shown(path, found.root))
                found.findings.append(Finding("left", path.stem, said, remedy, place))


def _literal(value: object) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return "'{}'".format(text(value).replace("'", "''"))


def _below(folder: Path, suffix: str) -> Iterator[Path]:
    return iter(sorted(folder.rglob(f"*{suffix}"))) if folder.is_dir() else iter(())


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _text(path: Path, root: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = (getattr(error, "strerror", None) or "it is not UTF-8").lower()
        shown = _shown(path, root)
        message, hint = f"`{shown}` cannot be read: {said}", "save it in UTF-8"
        raise ForeignFileError(message, place=Place(shown), hint=hint) from error
