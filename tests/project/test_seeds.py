from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.sql.header_read import SEED_KEYS

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
TOML = {"flowforge.toml": '[project]\nname = "shop"\n'}
SEED = "assets/bronze/customers.csv"
BESIDE = "assets/bronze/customers.toml"
ROWS = "id,name,since,fee\n1,Ada,2026-01-01,1.5\n2,,2026-01-02,2\n"
CLASSES = """\
from datetime import date
from flowforge_assets import Bronze, Col, col, key

class Customers(Bronze{options}):
    id: Col[int] = key()
    name: Col[str | None] = col()
    since: Col[date] = col()
"""


def with_class(options: str = "") -> dict[str, str]:
    return {
        "flowforge.toml": '[project]\nname = "shop"\nmodules = ["shop"]\n',
        "shop.py": CLASSES.format(options=options),
    }


def problems(root: Path) -> list[tuple[str, str, str, str | None]]:
    """Code, place, message and hint of all that is wrong."""
    with pytest.raises(FlowForgeError) as caught:
        Project.load(root)
    error = caught.value
    found = error.errors if isinstance(error, Problems) else [error]
    return [(each.code, str(each.place), each.message, each.hint) for each in found]


def test_a_seed_alone_has_the_columns_of_its_values(write_project: Write) -> None:
    project = Project.load(write_project({**TOML, SEED: ROWS}))
    dataset = project.dataset("bronze.customers")
    assert str(dataset.schema) == "id: int64?, name: string?, since: date?, fee: float64?"
    assert project.graph.assets[dataset.key].kind == "seed"
    assert project.run().made == 1
    assert project.read("customers").rows() == [
        (1, "Ada", date(2026, 1, 1), 1.5),
        (2, None, date(2026, 1, 2), 2.0),
    ]


def test_what_is_said_beside_a_seed_holds(write_project: Write) -> None:
    beside = (
        'description = "who buys"\nowners = ["crm"]\ntags = ["pii"]\nkey = ["id"]\n'
        'extra = "drop"\naliases = ["bronze.clients", "buyers"]\nbad_rows = "quarantine"\n'
        "max_bad = 0.5\nrules.early = \"since < DATE '2030-01-01'\"\n"
        'columns.fee = { type = "DECIMAL(9, 2)", ge = 0, doc = "a month", unit = "eur" }\n'
        "columns.since = { not_null = true, ref = 'bronze.days.day' }\n"
    )
    days = {"assets/bronze/days.csv": "day\n2026-01-01\n2026-01-02\n"}
    project = Project.load(write_project({**TOML, **days, SEED: ROWS, BESIDE: beside}))
    dataset = project.dataset("bronze.customers")
    assert str(dataset.schema) == "id: int64, name: string?, since: date, fee: decimal(9,2)?"
    assert [str(rule) for rule in dataset.rules] == [
        "id is not null",
        "since is not null",
        "fee >= 0",
        "since is in bronze.days.day",
        "id is unique",
        "early: since < DATE '2030-01-01'",
    ]
    assert (dataset.description, dataset.owners, dataset.tags) == ("who buys", ("crm",), ("pii",))
    assert (dataset.columns[3].doc, dataset.columns[3].unit) == ("a month", "eur")
    assert (dataset.extra, dataset.aliases) == ("drop", ("bronze.clients", "bronze.buyers"))
    asset = project.graph.assets[dataset.key]
    assert (asset.bad_rows, asset.max_bad) == ("quarantine", 0.5)
    assert project.run().made == 2
    assert project.read("customers")["fee"].to_list() == [Decimal("1.50"), Decimal("2.00")]


def test_a_seed_is_made_again_when_its_content_changes(write_project: Write) -> None:
    root = write_project({**TOML, SEED: ROWS})
    Project.load(root).run()
    assert not Project.load(root).plan().steps
    (root / SEED).write_text(ROWS.replace("Ada", "Bea"), encoding="utf-8")
    project = Project.load(root)
    (step,) = project.plan().steps
    assert (step.reason, step.detail) == ("code", "the file of `customers` changed")
    assert project.run().made == 1
    assert project.read("customers")["name"].to_list() == ["Bea", None]


def test_a_seed_that_is_known_is_not_looked_at_again(write_project: Write) -> None:
    root = write_project({**TOML, SEED: ROWS})
    first = Project.load(root).dataset("bronze.customers")
    cache = root / ".flowforge" / "cache" / "sql.json"
    before = cache.stat().st_mtime_ns
    assert Project.load(root).dataset("bronze.customers") == first
    assert cache.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbfid,name\r\n1,Ada\r\n",
        b'id,name\n"1","Ada"\n',
        b"id,name\n\n1,Ada",
    ],
)
def test_a_seed_may_come_from_anywhere(write_project: Write, raw: bytes) -> None:
    root = write_project({**TOML, SEED: ""})
    (root / SEED).write_bytes(raw)
    project = Project.load(root)
    assert project.run().made == 1
    assert project.read("customers").rows() == [(1, "Ada")]


def test_a_query_reads_a_seed(write_project: Write) -> None:
    query = {"assets/silver/names.sql": "SELECT id, upper(name) AS name FROM bronze.customers"}
    project = Project.load(write_project({**TOML, SEED: ROWS, **query}))
    assert project.check().errors == ()
    assert project.check().not_checked == {}
    assert project.run().made == 2
    assert project.read("names").rows() == [(1, "ADA"), (2, None)]


def test_a_class_declares_a_seed(write_project: Write) -> None:
    rows = "since,id,name\n2026-01-01,1,Ada\n"
    project = Project.load(write_project({**with_class(), SEED: rows}))
    assert project.dataset("customers").cls is not None
    assert project.run().made == 1
    assert project.read("customers").columns == ["id", "name", "since"]


@pytest.mark.parametrize(
    ("extra", "columns"),
    [("drop", ["id", "name", "since"]), ("keep", ["id", "name", "since", "fee"])],
)
def test_other_columns_of_a_seed_are_dropped_or_kept(
    write_project: Write, extra: str, columns: list[str]
) -> None:
    project = Project.load(write_project({**with_class(f', extra="{extra}"'), SEED: ROWS}))
    assert project.run().made == 1
    table = project.table(project.dataset("customers"))
    assert table.scan(None).collect().columns == columns


@pytest.mark.parametrize(
    ("rows", "code", "line", "message", "hint"),
    [
        ("id,name,since\n1,Ada,2026-01-01\nx,Bea,2026-01-01\n", "FF-446", 3,
         "the value of `id` is no `int64`",
         "write a whole number of 64 bits, or declare another type"),
        ('id,name,since\n1,"A\nda",2026-01-01\n2,Bea,\n', "FF-446", 4,
         "the value of `since` is empty", "write a value, or declare that it may be null"),
        ("id,nmae,since\n", "FF-445", 1,
         "the column `name`, which `Customers` declares, is not there",
         "did you mean `nmae` in the first line?"),
        ("id,since\n", "FF-445", 1,
         "the column `name`, which `Customers` declares, is not there",
         "add it, or take it out there"),
        ("id,name,since,fee\n", "FF-445", 1,
         "the column `fee` is not one that `Customers` declares",
         'declare it, or say `extra = "drop"`'),
        ("id,name,since\n1,Ada\n", "FF-444", 2, "a row has 2 values, and there are 3 columns",
         'put a value that holds a comma in quotes: `"a, b"`'),
        ('id,name,since\n1,"A"d,2026-01-01\n', "FF-444", 2,
         "the file cannot be read as rows: ',' expected after '\"'",
         'a quote in a value is written twice: `"12"" wide"`'),
    ],
)  # fmt: skip
def test_a_seed_that_does_not_fit_its_class_is_told_with_its_line(
    write_project: Write, rows: str, code: str, line: int, message: str, hint: str
) -> None:
    found = problems(write_project({**with_class(), SEED: rows}))
    assert (code, f"{SEED}:{line}", message, hint) in found


@pytest.mark.parametrize(
    ("rows", "beside", "code", "place", "message", "hint"),
    [
        (ROWS, "kye = ['id']", "FF-403", f"{BESIDE}:1", "no header key `kye`",
         "did you mean `key`?"),
        (ROWS, "\nretries = {}", "FF-403", f"{BESIDE}:2", "no header key `retries`",
         f"use one of {', '.join(f'`{key}`' for key in SEED_KEYS)}"),
        (ROWS, "tags = []\ncolumns.nmae.doc = 'x'", "FF-403", f"{BESIDE}:2",
         "the header describes `nmae`, which `customers.csv` does not give",
         "did you mean `name`?"),
        (ROWS, "key = ['name']", "FF-446", f"{SEED}:3", "the value of `name` is empty",
         "write a value, or declare that it may be null"),
        (ROWS, "columns.fee.type = 'BIGINT'", "FF-446", f"{SEED}:2",
         "the value of `fee` is no `int64`",
         "write a whole number of 64 bits, or declare another type"),
        (ROWS, "columns = ", "FF-402", f"{BESIDE}:1", "the file is not TOML: invalid value",
         'write `key = ["id"]`, `columns.id = { doc = "..." }`'),
        ("id,at\n1,2026-01-01\n2,7\n", "", "FF-446", f"{SEED}:3",
         "column `at` has a date as `YYYY-MM-DD` in line 2 and an `int` in line 3",
         'say its type in `customers.toml`: `columns.NAME.type = "VARCHAR"`'),
        ("id;at\n1;2026-01-01\n", "", "FF-444", f"{SEED}:1", "the values are separated by `;`",
         "save the file with commas between the values"),
        ("", "", "FF-444", f"{SEED}:1", "the first line names no columns",
         "write the names of all columns in the first line: `id,name`"),
        ("id,\n1,2\n", "", "FF-444", f"{SEED}:1", "a column has no name",
         "write the names of all columns in the first line: `id,name`"),
        ("id,name\n1,a\n2,b,c\n", "", "FF-444", f"{SEED}:3",
         "a row has 3 values, and there are 2 columns",
         'put a value that holds a comma in quotes: `"a, b"`'),
        ("id,ID\n1,2\n", "", "FF-444", f"{SEED}:1", "two columns are called `id`",
         "give one of them another name"),
        (ROWS, "aliases = ['Old']", "FF-105", f"{BESIDE}:1",
         "`Old` cannot have been the name of a dataset",
         "write the key that it had: `silver.orders`"),
    ],
)  # fmt: skip
def test_a_mistake_in_or_beside_a_seed_is_told_with_its_line(
    write_project: Write, rows: str, beside: str, code: str, place: str, message: str, hint: str
) -> None:
    (found,) = problems(write_project({**TOML, SEED: rows, BESIDE: beside}))
    assert found[0] == code
    assert found[1].startswith(place)
    assert found[2].startswith(message)
    assert found[3] == hint


def test_a_seed_is_not_cut_into_partitions(write_project: Write) -> None:
    cut = with_class(', partition=Daily("2026-01-01").on("since")')
    cut["shop.py"] = cut["shop.py"].replace("Col, col", "Col, Daily, col")
    found = problems(write_project({**cut, SEED: "id,name,since\n"}))
    assert found[0][:3] == (
        "FF-447",
        f"{SEED}:1",
        "`Customers` is cut into partitions, and a seed is made whole",
    )


def test_a_class_and_a_file_beside_the_seed_do_not_both_say_it(write_project: Write) -> None:
    rows = "id,name,since\n"
    (found,) = problems(write_project({**with_class(), SEED: rows, BESIDE: "key = ['id']\n"}))
    assert found[0] == "FF-403"
    assert found[1] == f"{BESIDE}:1"
    assert found[2] == "`key` stands in a header, but `Customers` says it"


@pytest.mark.parametrize(
    ("others", "hint"),
    [
        ({}, "put it beside `customers.csv`, or take it away"),
        (
            {"assets/bronze/customers.sql": "SELECT 1 AS id"},
            "what is said of a query stands in its first comment, `/* ... */`",
        ),
    ],
)
def test_a_file_that_says_something_of_no_seed_is_told(
    write_project: Write, others: Mapping[str, str], hint: str
) -> None:
    (found,) = problems(write_project({**TOML, **others, BESIDE: "key = ['id']\n"}))
    assert found == (
        "FF-444",
        f"{BESIDE}:1",
        "there is no `customers.csv` for what this file says",
        hint,
    )


def test_a_seed_in_another_encoding_is_told_with_its_line(write_project: Write) -> None:
    root = write_project({**TOML, SEED: ROWS})
    (root / SEED).write_bytes(b"id\n1\n\xff\n")
    (found,) = problems(root)
    assert found[:3] == ("FF-444", f"{SEED}:3", f"`{SEED}` is not UTF-8")


def test_a_seed_that_may_not_be_read_is_told(write_project: Write) -> None:
    root = write_project({**TOML, "assets/bronze/others.csv": "id\n1\n"})
    (root / SEED).mkdir()
    (found,) = problems(root)
    assert found[:3] == ("FF-444", SEED, f"`{SEED}` cannot be read: is a directory")


def test_the_first_mistakes_of_a_long_seed_are_told(write_project: Write) -> None:
    rows = "id,name,since\n" + "x,Ada,2026-01-01\n" * 50
    assert len(problems(write_project({**with_class(), SEED: rows}))) == 20


def test_types_that_are_all_said_need_no_values(write_project: Write) -> None:
    project = Project.load(
        write_project({**TOML, SEED: "id\n", BESIDE: "columns.id.type = 'BIGINT'"})
    )
    assert project.run().made == 1
    assert project.read("customers").height == 0


def test_a_file_whose_path_names_no_dataset_is_told(write_project: Write) -> None:
    (found,) = problems(write_project({**TOML, "assets/Customers.csv": ROWS}))
    assert found[0] == "FF-105"
