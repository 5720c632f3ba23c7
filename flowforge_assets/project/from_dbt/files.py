"""A dbt project from its files: what dbt itself would read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Final

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.bring import ForeignFileError, ForeignProjectError
from flowforge_assets.project.bring.found import Finding
from flowforge_assets.project.bring.words import Words, table, tables, text, texts
from flowforge_assets.project.bring.yaml_text import line_of, read_yaml
from flowforge_assets.project.from_dbt.dbt_project import (
    DbtNode,
    DbtProject,
    Kind,
    MacroFile,
    UnitTest,
)
from flowforge_assets.project.from_dbt.properties import (
    columns_of,
    sources_of,
    tests_of,
    unit_tests_of,
)

PROJECT_FILE: Final = "dbt_project.yml"
_SNAPSHOT: Final = re.compile(
    r"\{%-?\s*snapshot\s+(\w+)\s*-?%\}(.*?)\{%-?\s*endsnapshot\s*-?%\}", re.DOTALL
)
_DOCS: Final = re.compile(r"\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)
_DOC: Final = re.compile(r"\{\{\s*doc\(\s*(?:'[^']*'\s*,\s*)?['\"](\w+)['\"]\s*\)\s*\}\}")
_ELSEWHERE: Final[Mapping[str, str]] = {
    "exposures": "say who uses a dataset in its description",
    "metrics": "write it as a query of gold",
    "semantic_models": "write what it gives as queries of gold",
    "saved_queries": "write it as a query of gold",
    "functions": "write it as a macro, or into the queries",
    "groups": "say `owners` in the headers of its files",
}
"""What has no counterpart, and what to do."""
_KINDS: Final[Mapping[str, Kind]] = {
    "models": "model",
    "seeds": "seed",
    "snapshots": "snapshot",
}


def read_files(root: Path, *, adapter: str) -> DbtProject:
    """The project in the folder `root`, with the packages that are installed there.

    Raises:
        ForeignProjectError: there is no `dbt_project.yml` (FF-140).
        ForeignFileError: a file cannot be read (FF-141).
    """
    head = read_head(root)
    reader = _Reader(root, root, head)
    reader.read()
    installed = root / (text(head.get("packages-install-path")) or "dbt_packages")
    for package in sorted(installed.glob(f"*/{PROJECT_FILE}")):
        below = _Reader(root, package.parent, read_yaml(package, shown_as=package.name))
        below.read()
        reader.take(below)
    return DbtProject(
        root=root,
        name=text(head.get("name")) or root.resolve().name,
        adapter=adapter,
        variables=table(head.get("vars")),
        nodes=tuple(reader.nodes),
        macros=tuple(reader.macros),
        unit_tests=tuple(reader.unit_tests),
        findings=tuple(reader.findings),
    )


def read_head(root: Path) -> Words:
    """The project file.

    Raises:
        ForeignProjectError: there is none (FF-140).
        ForeignFileError: it cannot be read (FF-141).
    """
    path = root / PROJECT_FILE
    if not path.is_file():
        message = f"`{root}` holds no `{PROJECT_FILE}`"
        raise ForeignProjectError(message, hint="name the folder of the dbt project")
    return read_yaml(path, shown_as=PROJECT_FILE)


@dataclass(slots=True)
class _Reader:
    """Reads one package in `folder`, below the project's `root`."""

    root: Path
    folder: Path
    head: Words
    nodes: list[DbtNode] = field(default_factory=list[DbtNode])
    macros: list[MacroFile] = field(default_factory=list[MacroFile])
    unit_tests: list[UnitTest] = field(default_factory=list[UnitTest])
    findings: list[Finding] = field(default_factory=list[Finding])
    said: dict[tuple[str, str], tuple[Words, str]] = field(
        default_factory=dict[tuple[str, str], tuple[Words, str]]
    )
    docs: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def package(self) -> str:
        return text(self.head.get("name"))

    def read(self) -> None:
        """Reads all: what describes comes before what is described."""
        tops = {
            kind: self.paths(kind, default)
            for kind, default in (
                *(("model", "models"), ("seed", "seeds"), ("snapshot", "snapshots")),
                *(("test", "tests"), ("macro", "macros")),
            )
        }
        for path in _all_below(dict.fromkeys(chain.from_iterable(tops.values())), ".md"):
            self.docs |= {name: body.strip() for name, body in _DOCS.findall(_text(path))}
        described = dict.fromkeys((*tops["model"], *tops["seed"], *tops["snapshot"], *tops["test"]))
        for path in _all_below(described, ".yml", ".yaml"):
            self.properties(path)
        for top in tops["model"]:
            for path in _below(top, ".sql", ".py"):
                self.model(path, top)
        for top in tops["seed"]:
            for path in _below(top, ".csv"):
                self.add("seed", path, top, code="")
        self.snapshots(tops["snapshot"])
        for top in tops["test"]:
            for path in _below(top, ".sql"):
                generic = path.relative_to(top).parts[0] == "generic"
                self.macro(path) if generic else self.add("singular", path, top, code=_text(path))
        for path in _all_below(tops["macro"], ".sql"):
            self.macro(path)
        self.snapshots_in_yaml()
        self.hooks()

    def snapshots(self, tops: Iterable[Path]) -> None:
        """The blocks in SQL files."""
        for top in tops:
            for path in _below(top, ".sql"):
                content = _text(path)
                for found in _SNAPSHOT.finditer(content):
                    line = content.count("\n", 0, found.start()) + 1
                    self.add("snapshot", path, top, code=found[2], name=found[1], line=line)

    def take(self, other: _Reader) -> None:
        """Adds what another package has; its findings are its own business."""
        self.nodes += (each for each in other.nodes if each.kind != "singular")
        self.macros += other.macros

    def paths(self, kind: str, default: str) -> list[Path]:
        given = texts(self.head.get(f"{kind}-paths")) or (default,)
        return [self.folder / name for name in given if (self.folder / name).is_dir()]

    def shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def properties(self, path: Path) -> None:
        words, shown = read_yaml(path, shown_as=self.shown(path)), self.shown(path)
        for group, kind in _KINDS.items():
            for each in tables(words.get(group)):
                self.said[kind, text(each.get("name"))] = (each, shown)
        config = _folder_config(self.head, "sources", self.package, ())
        self.nodes += (self.documented(n) for n in sources_of(words, shown, self.package, config))
        self.unit_tests += unit_tests_of(words, shown)
        for group, remedy in _ELSEWHERE.items():
            for each in tables(words.get(group)):
                name, place = text(each.get("name")), Place(shown, line_of(each))
                said = f"{group.replace('_', ' ')} have no counterpart"
                self.findings.append(Finding("left", name, said, remedy, place))

    def model(self, path: Path, top: Path) -> None:
        """The model of a file; one of several versions by the name of all."""
        for name, (words, shown) in [(k[1], v) for k, v in self.said.items() if k[0] == "model"]:
            versions = list(tables(words.get("versions")))
            for each in versions:
                version = text(each.get("v"))
                file = text(each.get("defined_in")) or f"{name}_v{version}"
                if path.stem == file:
                    newest = text(words.get("latest_version"))
                    newest = newest or max(text(one.get("v")) for one in versions)
                    self.said["model", name] = (words, shown)
                    self.add(
                        "model", path, top, code=_text(path), name=name,
                        version=version, is_latest=version == newest,
                    )  # fmt: skip
                    return
        self.add("model", path, top, code=_text(path))

    def add(
        self,
        kind: Kind,
        path: Path,
        top: Path,
        *,
        code: str,
        name: str = "",
        line: int = 0,
        version: str = "",
        is_latest: bool = True,
    ) -> None:
        name = name or path.stem
        folders = path.relative_to(top).parts[:-1]
        words, shown = self.said.get((kind, name), ({}, ""))
        group = "data_tests" if kind == "singular" else f"{kind}s"
        config = _folder_config(self.head, group, self.package, (*folders, name))
        config = merged(config, table(words.get("config")))
        config = merged(config, {k: words[k] for k in ("tags", "meta") if k in words})
        node = DbtNode(
            kind=kind,
            name=name,
            package=self.package,
            place=Place(self.shown(path), line),
            code=code,
            folders=folders,
            config=config,
            description=text(words.get("description")),
            columns=columns_of(words),
            tests=tests_of(words, shown),
            constraints=tuple(tables(words.get("constraints"))),
            version=version,
            is_latest=is_latest,
            path=path,
        )
        self.nodes.append(self.documented(node))

    def snapshots_in_yaml(self) -> None:
        """Snapshots that are all in YAML: `relation: ref('orders')`."""
        for (kind, name), (words, shown) in self.said.items():
            if kind == "snapshot" and words.get("relation") is not None:
                node = DbtNode(
                    kind="snapshot",
                    name=name,
                    package=self.package,
                    place=Place(shown, line_of(words)),
                    code="select * from {{ " + text(words.get("relation")) + " }}",  # noqa: S608
                    config=merged(
                        _folder_config(self.head, "snapshots", self.package, (name,)),
                        table(words.get("config")),
                    ),
                    description=text(words.get("description")),
                    columns=columns_of(words),
                    tests=tests_of(words, shown),
                )
                self.nodes.append(self.documented(node))

    def macro(self, path: Path) -> None:
        self.macros.append(MacroFile(self.package, Place(self.shown(path)), _text(path)))

    def hooks(self) -> None:
        for name in ("on-run-start", "on-run-end"):
            if texts(self.head.get(name)):
                said, remedy = "statements around a run have no counterpart", "run them beside it"
                self.findings.append(Finding("left", name, said, remedy, Place(PROJECT_FILE)))
        for top in self.paths("analysis", "analyses"):
            for path in _below(top, ".sql"):
                said, remedy = "an analysis makes nothing", "keep the file where you need it"
                place = Place(self.shown(path))
                self.findings.append(Finding("left", path.stem, said, remedy, place))

    def documented(self, node: DbtNode) -> DbtNode:
        """The node with its `{{ doc(...) }}` filled in."""
        columns = tuple(replace(column, doc=self.doc(column.doc)) for column in node.columns)
        return replace(node, description=self.doc(node.description), columns=columns)

    def doc(self, said: str) -> str:
        return _DOC.sub(lambda found: self.docs.get(found[1], ""), said)


def merged(below: Words, above: Words) -> dict[str, object]:
    """Two configurations: the upper wins, tags and meta add up; a leading `+` means nothing."""
    found = {name.removeprefix("+"): value for name, value in below.items()}
    for raw, value in above.items():
        name = raw.removeprefix("+")
        if name == "tags":
            found[name] = [*texts(found.get(name)), *texts(value)]
        elif name == "meta":
            found[name] = {**table(found.get(name)), **table(value)}
        else:
            found[name] = value
    return found


def _folder_config(head: Words, group: str, package: str, path: tuple[str, ...]) -> Words:
    """What the project file says of a thing at `path`, the folders above it first."""
    found: dict[str, object] = {}
    levels = [table(head.get(group))]
    for name in (package, *path):
        levels.append(table(levels[-1].get(name)))
    for number, level in enumerate(levels):
        step = (package, *path)[number] if number <= len(path) else ""
        own = {
            name: value
            for name, value in level.items()
            if name.startswith("+") or (name != step and not isinstance(value, Mapping))
        }
        found = merged(found, own)
    return {name: value for name, value in found.items() if not name.startswith("__")}


def _below(folder: Path, *suffixes: str) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in suffixes and p.is_file())


def _all_below(folders: Iterable[Path], *suffixes: str) -> Iterator[Path]:
    return (path for folder in folders for path in _below(folder, *suffixes))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = (getattr(error, "strerror", None) or "it is not UTF-8").lower()
        message, hint = f"`{path.name}` cannot be read: {said}", "save it in UTF-8"
        raise ForeignFileError(message, place=Place(path.name), hint=hint) from error
