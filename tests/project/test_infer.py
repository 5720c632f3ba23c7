from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets.api import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.adoption import AmbiguousColumnError, UnreadableDataError
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.project.infer import infer_file
from flowforge_assets.project.infer_source import dataset_source, infer_key

ORDERS = """\
Order ID,day,placed at,zip,price,gift,note
1,2026-01-05,2026-01-05T10:00:00Z,01234,1.5,true,"first
and second line"
2,2026-01-06,2026-01-06T10:00:00+01:00,99999,,false,
"""


def types(path: Path, *, lenient: bool = False) -> dict[str, str]:
    """The columns' types as `type`, with `?` where they may be null."""
    columns = infer_file(path, lenient=lenient).columns
    return {column.name: f"{column.type}{'?' if column.nullable else ''}" for column in columns}


def csv(folder: Path, *values: str) -> Path:
    """A file of one column `x` beside a number that makes every line a row."""
    path = folder / "x.csv"
    lines = [f"{value},{number}" for number, value in enumerate(values)]
    path.write_text("\n".join(["x,n", *lines]) + "\n")
    return path


def refused(path: Path) -> FlowForgeError:
    with pytest.raises(AmbiguousColumnError) as caught:
        infer_file(path)
    return caught.value


def test_a_csv_file_has_the_types_of_its_values(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    assert types(path) == {
        "Order ID": "int64",
        "day": "date",
        "placed at": "timestamp",
        "zip": "string",
        "price": "float64?",
        "gift": "bool",
        "note": "string?",
    }


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", "-2"], "int64"),
        (["1", "2.5", "1e3"], "float64"),
        (["9223372036854775808", "1"], "string"),
        (["007", "12"], "string"),
        (["A1", "007"], "string"),
        (["2026-01-05 10:00", "2026-01-05T10:00:00.5"], "timestamp_ntz"),
        (["31.01.2026", "1.2.2026"], "string"),
        (["TRUE", "False"], "bool"),
        (["2026-02-30", "a"], "string"),
        (['""', "2"], "int64?"),
        (['""', "a"], "string"),
    ],
)
def test_values_of_these_forms_have_one_type(tmp_path: Path, values: list[str], found: str) -> None:
    assert types(csv(tmp_path, *values))["x"] == found


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["1", "2", "many"], "an `int` in line 2 and text in line 4"),
        (["2026-01-05", "05.01.2026"], "a date as `YYYY-MM-DD` in line 2 and a date as `D.M.Y`"),
        (["5/1/2026", "5-1-2026"], "`D/M/Y` or `M/D/Y` in line 2 and a date as `D-M-Y`"),
        (["2026-01-05T10:00:00Z", "2026-01-05T10:00:00"], "without a zone in line 3"),
        (["true", "1"], "a `bool` in line 2 and an `int` in line 3"),
        (["", ""], "`x` has no value"),
    ],
)
def test_a_column_of_two_types_is_refused(tmp_path: Path, values: list[str], said: str) -> None:
    assert said in refused(csv(tmp_path, *values)).message


def test_the_lines_are_those_of_the_file_where_values_span_several(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('\nx,note\n1,"a\nb\nc"\nfew,d\n')
    error = refused(path)
    assert error.message == "column `x` has an `int` in line 3 and text in line 6"
    assert error.place is not None
    assert error.place.line == 6


def test_no_value_is_shown(tmp_path: Path) -> None:
    assert "4711" not in refused(csv(tmp_path, "4711", "secret word")).render()


def test_all_columns_in_doubt_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,x\ny,2\n")
    with pytest.raises(Problems) as caught:
        infer_file(path)
    assert [error.code for error in caught.value.errors] == ["FF-820", "FF-820"]


def test_lenient_takes_a_column_in_doubt_as_text(tmp_path: Path) -> None:
    path = csv(tmp_path, "1", "many")
    assert types(path, lenient=True) == {"x": "string?", "n": "int64"}
    found = infer_file(path, lenient=True)
    source = dataset_source(found, DatasetKey("bronze.x"), root=tmp_path, with_asset=False)
    assert "x: Col[str | None] = col()  # an `int` in line 2 and text in line 3" in source


def test_a_separator_is_found_in_the_header(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a;b,c;d\n1;2;3\n")
    assert list(types(path)) == ["a", "b,c", "d"]


def test_objects_a_line_give_nested_types(tmp_path: Path) -> None:
    path = tmp_path / "users.ndjson"
    rows = [
        {"id": 1, "who": {"name": "a", "tags": ["x", None]}, "v": 1, "s": "2026-01-05"},
        {"id": 2, "who": {"tags": []}, "v": 2.5, "s": "2026-01-06", "extra": True},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert types(path) == {
        "id": "int64",
        "who": "struct<name: string?, tags: list<string?>>",
        "v": "float64",
        "s": "date",
        "extra": "bool?",
    }


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"a": 1}, {"a": "1"}], "column `a` has an `int` in row 1 and text in row 2"),
        ([{"a": {"b": 1}}, {"a": [1]}], "an object in row 1 and a list in row 2"),
        ([{"a": {"b": 1}}, {"a": {"b": True}}], "`a.b` has an `int` in row 1 and a `bool`"),
        ([{"a": []}, {"a": None}], "column `a` has only empty lists"),
        ([{"a": None}], "column `a` has no value"),
    ],
)
def test_json_of_two_types_is_refused(tmp_path: Path, rows: object, said: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(rows))
    assert said in refused(path).message


def test_a_parquet_file_keeps_its_types_and_tells_its_nulls(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame(
        {
            "small": [1, 2],
            "price": [Decimal("1.50"), None],
            "at": [datetime(2026, 1, 5, tzinfo=UTC)] * 2,
        },
        schema={"small": pl.UInt8, "price": pl.Decimal(9, 2), "at": pl.Datetime("ms", "UTC")},
    ).write_parquet(path)
    assert types(path) == {"small": "int16", "price": "decimal(9,2)?", "at": "timestamp"}


def test_a_type_that_cannot_be_stored_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"big": pl.Series([1], dtype=pl.UInt64)}).write_parquet(path)
    with pytest.raises(TypeNotStoredError, match="big"):
        infer_file(path)


def test_a_delta_folder_tells_its_partition_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame({"day": [date(2026, 1, 5), date(2026, 1, 6)], "n": [1, 1]})
    frame.write_delta(tmp_path / "lake", delta_write_options={"partition_by": ["day"]})
    found = infer_file(tmp_path / "lake")
    assert found.partitioned_by == ("day",)
    assert (found.format, found.rows, found.key) == ("delta", 2, None)


@pytest.mark.parametrize(
    ("names", "key"),
    [(["a", "price"], "a"), (["a", "b"], None), (["a", "b_id"], "b_id")],
)
def test_the_key_is_the_one_unique_column(
    tmp_path: Path, names: list[str], key: str | None
) -> None:
    path = tmp_path / "x.csv"
    seconds = ["1.5", "2.5"] if "price" in names else ["x", "y"]
    path.write_text("\n".join([",".join(names), f"1,{seconds[0]}", f"2,{seconds[1]}"]) + "\n")
    assert infer_file(path).key == key


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.txt", "a", "of no form"),
        ("x.csv", "", "cannot be read as a table"),
        ("x.csv", "a,b\n1,2,3\n", "cannot be read as a table"),
        ("x.csv", "\xff\xfe,b\n1,2\n", "is not UTF-8"),
        ("x.csv", "ID,id\n1,2\n", "differ in capitals only"),
        ("x.parquet", "PAR1", "cannot be read as a table"),
        ("x.json", "{}", "no list of objects"),
        ("x.json", "[1]", "row 1 of its list is no object"),
        ("x.ndjson", '{"a": 1}\n{"a"', "line 2 is no JSON"),
        ("x.ndjson", "[]", "line 1 holds no object"),
        ("x.ndjson", "\n", "it holds no row"),
        ("x.json", "[1", "it is no JSON"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="latin-1")
    with pytest.raises(UnreadableDataError, match=said):
        infer_file(path)


def test_a_folder_that_is_called_like_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(UnreadableDataError, match="no Delta table"):
        infer_file(tmp_path / "x.csv")


def test_a_file_elsewhere_is_named_in_full(tmp_path: Path) -> None:
    path = file_of_rows(tmp_path, ".csv")
    key = DatasetKey("bronze.x")
    source = dataset_source(infer_file(path), key, root=tmp_path / "shop", with_asset=True)
    assert f'FILE = Path("{path}")' in source


def test_texts_of_several_forms_are_texts_in_json(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"a": "2026-01-05", "b": "2026-13-05"}, {"a": "soon", "b": "x"}]))
    assert types(path) == {"a": "string", "b": "string"}


def test_a_folder_without_a_delta_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDataError, match="no Delta table"):
        infer_file(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDataError, match="there is no file"):
        infer_file(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("file", "name", "key"),
    [
        ("Raw-Orders 2026.csv", None, "bronze.raw_orders_2026"),
        ("2026.csv", None, "bronze.data_2026"),
        ("x.csv", "crm.orders", "bronze.crm.orders"),
    ],
)
def test_a_dataset_is_called_like_its_file(file: str, name: str | None, key: str) -> None:
    assert infer_key(Path(file), "bronze", name) == key


def test_a_name_that_is_no_datasets_is_refused() -> None:
    with pytest.raises(UnreadableDataError, match="`Orders`"):
        infer_key(Path("x.csv"), "bronze", "Orders")


def written(folder: Path, file: Path) -> Path:
    """A project whose only module was inferred from the file."""
    (folder / "flowforge.toml").write_text('[project]\nmodules = ["inferred_rows"]\n')
    key = DatasetKey("silver.inferred_2")
    source = dataset_source(infer_file(file), key, root=folder, with_asset=True)
    (folder / "inferred_rows.py").write_text(source)
    return folder


ROWS = [
    {"Order ID": 1, "date": "2026-01-05", "at": "2026-01-05T10:00:00Z", "in": [{"class": 1}]},
    {"Order ID": 2, "date": "2026-01-06", "at": "2026-01-06T10:00:00Z", "in": []},
]


def file_of_rows(folder: Path, suffix: str) -> Path:
    """Two orders in a file of that form."""
    path = folder / f"rows{suffix}"
    typed = pl.DataFrame(ROWS).with_columns(
        pl.col("date").str.to_date(), pl.col("at").str.to_datetime(time_zone="UTC")
    )
    match suffix:
        case ".csv":
            typed.drop("in").write_csv(path)
        case ".json":
            path.write_text(json.dumps(ROWS))
        case ".ndjson":
            path.write_text("\n".join(map(json.dumps, ROWS)))
        case ".parquet":
            typed.write_parquet(path)
        case _:
            typed.write_delta(path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".json", ".ndjson", ".parquet", ""])
def test_the_written_module_reads_the_same_file(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    project = Project.load(written(tmp_path, file_of_rows(tmp_path, suffix)))
    assert project.check().errors == ()
    assert project.run().status == "succeeded"
    rows = project.read("silver.inferred_2").sort("Order ID")
    assert rows["Order ID"].to_list() == [1, 2]
    assert rows["at"].to_list()[0] == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert rows["date"].to_list() == [date(2026, 1, 5), date(2026, 1, 6)]


def test_the_written_module_is_one_that_the_type_checkers_see(
    tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    module = written(tmp_path, file_of_rows(tmp_path, ".ndjson")) / "inferred_rows.py"
    golden("../typing/inferred_rows.py", module.read_text())  # see test_typing.py
