from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.project import (
    ConfigSyntaxError,
    NoProjectError,
    UnknownEnvironmentError,
)
from flowforge_assets.project.config import EnvironmentConfig, FromVariable, read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.sampling import Sampling
from flowforge_assets.storage.memory import MemoryStore

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
WHOLE = """\
[project]
name = "shop"
modules = ["shop", "more.assets"]

[env.prod]
store = "memory://here"
format = "parquet"
workers = 4
memory_mb = 0

[env.prod.resources.Crm]
url = "https://crm"
"""


def problems(root: Path) -> list[FlowForgeError]:
    with pytest.raises(FlowForgeError) as caught:
        read_config(root)
    error = caught.value
    return error.errors if isinstance(error, Problems) else [error]


def test_a_whole_file_is_read(write_project: Write) -> None:
    root = write_project({"flowforge.toml": WHOLE})
    config = read_config(root)
    assert (config.name, config.modules) == ("shop", ("shop", "more.assets"))
    prod = config.environment("prod")
    assert (prod.format, prod.workers, prod.memory_mb) == ("parquet", 4, 0)
    assert prod.resources == {"Crm": {"url": "https://crm"}}


def test_an_empty_file_is_a_project_named_like_its_folder(write_project: Write) -> None:
    root = write_project({"flowforge.toml": ""})
    config = read_config(root)
    assert (config.name, config.modules) == (root.name, ())
    assert config.environment("dev") == EnvironmentConfig()


def test_a_folder_without_the_file_is_no_project(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoProjectError) as caught:
            read_config(root)
        assert caught.value.code == "FF-801"
        assert caught.value.exit_code == 2
        assert f"`{root}` holds no `flowforge.toml`" in caught.value.message
        assert "`flowforge init`" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('[project]\nname = "a\n', 2, 10, "illegal character"),
        ("[project]\nname shop\n", 2, 6, "expected '=' after a key"),
        ('[project]\nname = "a"\nname = "b"\n', 3, 11, "cannot overwrite a value"),
        ("[project", 1, 0, "expected ']' at the end of a table declaration"),
    ],
)
def test_what_is_no_toml_is_refused_where_reading_stopped(
    write_project: Write, text: str, line: int, column: int, said: str
) -> None:
    with pytest.raises(ConfigSyntaxError) as caught:
        read_config(write_project({"flowforge.toml": text}))
    place = caught.value.place
    assert caught.value.code == "FF-802"
    assert place is not None
    assert (place.file, place.line, place.column) == ("flowforge.toml", line, column)
    assert said in caught.value.message
    assert "TOML" in (caught.value.hint or "")


def test_a_file_in_another_encoding_is_refused_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "flowforge.toml").write_bytes(b'[project]\nname = "\xfcber"\n')
    (error,) = problems(tmp_path)
    assert error.render() == (
        "error[FF-802]: the project file is not UTF-8\n"
        "  --> flowforge.toml:2\nhint: save it in UTF-8"
    )


def test_a_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flowforge.toml").mkdir()
    (error,) = problems(tmp_path)
    assert (error.code, error.hint) == ("FF-802", "it must be a file that you may read")


@pytest.mark.parametrize(
    ("text", "code", "line", "message", "hint"),
    [
        ("[projct]\nname = 'a'\n", "FF-803", 1, "unknown key `projct`", "did you mean `project`?"),
        ("[project]\nname = 'a'\nmodule = ['x']\n", "FF-803", 3,
         "unknown key `module` in `[project]`", "did you mean `modules`?"),
        ("[project]\nzzz = 1\n", "FF-803", 2, "unknown key `zzz` in `[project]`",
         "known are `name`, `id`, `modules`, `sync`"),
        ("[env.a]\nworkers = 1\n\n[env.dev]\nworkrs = 2\n", "FF-803", 5,
         "unknown key `workrs` in `[env.dev]`", "did you mean `workers`?"),
        ("env.dev.workrs = 2\n", "FF-803", 1, "unknown key `workrs` in `[env.dev]`",
         "did you mean `workers`?"),
        ("[env]\ndev = { workrs = 2 }\n", "FF-803", 2, "unknown key `workrs` in `[env.dev]`",
         "did you mean `workers`?"),
        ('[env."my env"]\n"workrs" = 2\n', "FF-803", 2, "unknown key `workrs` in `[env.my env]`",
         "did you mean `workers`?"),
        ("[project]\nmodules = 'shop'\n", "FF-805", 2,
         "`modules` in `[project]` is not a list of names", 'write `modules = ["name", ...]`'),
        ("[project]\nmodules = ['a', 3]\n", "FF-805", 2,
         "`modules` in `[project]` is not a list of names", 'write `modules = ["name", ...]`'),
        ("[project]\nname = 3\n", "FF-805", 2, "`name` in `[project]` is not a string",
         'write `name = "..."`'),
        ("[project]\nid = 'My Shop'\n", "FF-805", 2, "`id` in `[project]` is not an id",
         'use 4 to 40 lower-case letters, digits and `-`: `id = "3f9ac04e"`'),
        ("project = 3\n", "FF-805", 1, "`project` is not a table",
         "write it as `[project]`, with its keys below"),
        ("[env]\ndev = 3\n", "FF-805", 2, "`dev` in `[env]` is not a table",
         "write it as `[env.dev]`, with its keys below"),
        ("[env.dev]\nworkers = 0\n", "FF-805", 2,
         "`workers` in `[env.dev]` is not a whole number from 1", "write `workers = 2`"),
        ("[env.dev]\nworkers = true\n", "FF-805", 2,
         "`workers` in `[env.dev]` is not a whole number from 1", "write `workers = 2`"),
        ("[env.dev]\nmemory_mb = '1 GB'\n", "FF-805", 2,
         "`memory_mb` in `[env.dev]` is not a whole number from 0", "write `memory_mb = 1024`"),
        ("[env.dev]\nformat = 'detla'\n", "FF-805", 2,
         '`format` in `[env.dev]` is not "delta" or "parquet"', "did you mean `delta`?"),
        ("[env.dev.resources]\nCrm = 'x'\n", "FF-805", 2,
         "`Crm` in `[env.dev.resources]` is not a table",
         "write it as `[env.dev.resources.Crm]`, with its keys below"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_on_its_line(
    write_project: Write, text: str, code: str, line: int, message: str, hint: str
) -> None:
    (error,) = problems(write_project({"flowforge.toml": text}))
    assert error.place is not None
    assert (error.code, error.place.line, error.message, error.hint) == (code, line, message, hint)


def test_all_mistakes_are_named_at_once_in_their_order(write_project: Write) -> None:
    text = "[env.dev]\nworkers = 0\n[project]\nnam = 'a'\nmodules = 'x'\n"
    found = problems(write_project({"flowforge.toml": text}))
    assert [(error.code, error.place.line if error.place else 0) for error in found] == [
        ("FF-805", 2),
        ("FF-803", 4),
        ("FF-805", 5),
    ]


@pytest.mark.parametrize(
    ("name", "hint"), [("prdo", "did you mean `prod`?"), ("xyz", "the project has `dev`, `prod`")]
)
def test_an_unknown_environment_is_refused(write_project: Write, name: str, hint: str) -> None:
    config = read_config(write_project({"flowforge.toml": WHOLE}))
    with pytest.raises(UnknownEnvironmentError) as caught:
        Environment.of(config, name)
    assert caught.value.code == "FF-804"
    assert str(caught.value.place) == "flowforge.toml"
    assert caught.value.hint == hint


def test_an_environment_keeps_all_below_one_folder(write_project: Write) -> None:
    root = write_project({"flowforge.toml": WHOLE + '[env.disk]\nstore = "tables"\n'})
    config = read_config(root)
    dev, prod, disk = (Environment.of(config, name) for name in ("dev", "prod", "disk"))
    assert dev.ledger_path == root / ".flowforge/dev/ledger.db"
    assert dev.cache_folder == prod.cache_folder == root / ".flowforge/cache"
    assert dev.location == str(root / ".flowforge/dev/lake")
    assert disk.location == str(root / "tables")
    assert prod.location == "memory://here"
    assert isinstance(prod.open_store(), MemoryStore)


def test_what_an_environment_borrows_and_samples_is_read(write_project: Write) -> None:
    text = """\
[env.dev]
read_from = "prod"
sample = 0.01
[env.shared]
namespace = { env = "SOMEONE" }
[env.shared.sample]
"silver.flights" = 0.1
"*" = 0.5
[env.prod]
[uses.finance]
path = "../finance"
[uses.sales]
package = "sales_pipeline"
env = "test"
"""
    config = read_config(write_project({"flowforge.toml": text}))
    dev, shared = config.environment("dev"), config.environment("shared")
    assert (dev.read_from, dev.sample) == ("prod", Sampling(0.01))
    assert shared.namespace == FromVariable("SOMEONE")
    assert shared.sample == Sampling(0.5, {"silver.flights": 0.1})
    assert [(use.name, use.package, use.path, use.env) for use in config.uses] == [
        ("finance", None, "../finance", "prod"),
        ("sales", "sales_pipeline", None, "test"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[env.dev]\nsample = 0", "`sample` in `[env.dev]` is not a share"),
        ("[env.dev]\nsample = 2", "`sample` in `[env.dev]` is not a share"),
        ('[env.dev.sample]\n"*" = "all"', "`*` in `[env.dev.sample]` is not a share"),
        ('[env.dev]\nnamespace = { enw = "USER" }', "unknown key `enw`"),
        ('[uses.finance]\nenv = "prod"', "`finance` in `[uses]` is not a word with either"),
        ('[uses."Fi nance"]\npath = "x"', "is not a word with either `package` or `path`"),
    ],
)
def test_a_wrong_way_to_borrow_is_refused(write_project: Write, text: str, message: str) -> None:
    (problem,) = problems(write_project({"flowforge.toml": text}))
    assert message in problem.message
