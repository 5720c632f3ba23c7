from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.execute.sql_tests import SqlTestResult, run_sql_tests

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
Run: TypeAlias = Callable[..., list[SqlTestResult]]
FILES = {
    "flowforge.toml": '[project]\nname = "shop"\n',
    "assets/bronze/sales.sql": (
        "SELECT 1::BIGINT AS id, 'ch' AS country, 1.5::DOUBLE AS price,"
        " DATE '2026-01-01' AS day, 2.50::DECIMAL(9, 2) AS fee"
    ),
    "assets/gold/totals.sql": (
        "SELECT country, sum(price) AS total, count(*) AS sales, sum(fee) AS fees\n"
        "FROM bronze.sales GROUP BY country ORDER BY total DESC"
    ),
    "assets/gold/days.sql": (
        '/*\npartition = { daily = "2026-01-01", end = "2026-01-31", column = "day" }\n*/\n'
        "SELECT day, count(*) AS sales FROM bronze.sales WHERE day = $day GROUP BY day"
    ),
}
TOTALS = "assets/gold/totals.test.toml"
DAYS = "assets/gold/days.test.toml"
GIVEN = (
    'given."bronze.sales" = [{ country = "ch", price = 0.1 }, { country = "ch", price = 0.2 },'
    ' { country = "de", price = 5, fee = "1.5" }]\n'
)


@pytest.fixture
def run(write_project: Write) -> Run:
    def results(**tests: str) -> list[SqlTestResult]:
        files = {f"assets/gold/{name}.test.toml": text for name, text in tests.items()}
        root = write_project({**FILES, **files})
        graph = Project.load(root).graph
        return run_sql_tests(graph, root, graph.assets)

    return results


def the_problem(run: Run, **tests: str) -> FlowForgeError:
    with pytest.raises(FlowForgeError) as caught:
        run(**tests)
    assert not isinstance(caught.value, Problems), caught.value
    return caught.value


def test_rows_are_compared_whatever_their_order_and_columns_left_out(run: Run) -> None:
    (found,) = run(
        totals=GIVEN + 'expect = [{ country = "de", total = 5 }, { country = "ch", total = 0.3 }]'
    )
    assert found.passed, found.difference
    assert (found.file, found.line, found.name) == (TOTALS, 1, "totals")
    assert found.asset == "gold.totals"


def test_the_order_counts_when_the_test_says_so(run: Run) -> None:
    rows = '[{ country = "ch" }, { country = "de" }]'
    (found,) = run(totals=f"ordered = true\n{GIVEN}expect = {rows}")
    assert not found.passed
    assert found.difference.splitlines() == ['+ country="de"', '- country="de"']


def test_a_difference_names_the_rows_that_lack_and_those_too_many(run: Run) -> None:
    (found,) = run(totals=GIVEN + 'expect = [{ country = "de", sales = 2, fees = "1.50" }]')
    assert not found.passed
    assert found.difference.splitlines() == [
        '- country="de", sales=2, fees=1.5',
        '+ country="ch", sales=2, fees=null',
        '+ country="de", sales=1, fees=1.5',
    ]


def test_no_rows_are_expected_of_no_rows(run: Run) -> None:
    first, second = run(totals=f"[[test]]\nexpect = []\n[[test]]\n{GIVEN}expect = []\n")
    assert first.passed
    assert second.difference == "+ 2 rows, and none is expected"


def test_a_partition_is_what_its_parameter_stands_for(run: Run) -> None:
    (found,) = run(
        days='partition = "2026-01-02"\n'
        'given."bronze.sales" = [{ day = 2026-01-02 }, { day = "2026-01-03" }]\n'
        "expect = [{ day = 2026-01-02, sales = 1 }]"
    )
    assert found.passed, found.difference


def test_a_query_that_fails_is_a_test_that_does_not_pass(write_project: Write) -> None:
    root = write_project(
        {
            **FILES,
            "assets/gold/years.sql": "SELECT country::BIGINT AS year FROM bronze.sales",
            "assets/gold/years.test.toml": GIVEN + "expect = []",
        }
    )
    graph = Project.load(root).graph
    (found,) = run_sql_tests(graph, root, graph.assets)
    assert not found.passed
    assert found.difference.startswith("error[FF-430]")


def test_a_project_without_tests_has_no_results(run: Run) -> None:
    assert run() == []


def test_only_the_assets_asked_for_are_tried(write_project: Write) -> None:
    root = write_project({**FILES, TOTALS: "expect = []", DAYS: "nonsense = 1"})
    graph = Project.load(root).graph
    found = run_sql_tests(graph, root, [id_ for id_ in graph.assets if id_ == "gold.totals"])
    assert [each.asset for each in found] == ["gold.totals"]


@pytest.mark.parametrize(
    ("test", "code", "line", "message", "hint"),
    [
        ("expect = [\n{ totl = 1 }]", "FF-442", 2, "the query's result has no column `totl`",
         "did you mean `total`?"),
        ('expect = []\n[[given."bronze.sales"]]\nprise = 1', "FF-442", 2,
         "`bronze.sales` has no column `prise`", "did you mean `price`?"),
        ('expect = []\n[given]\n"bronze.sale" = []', "FF-442", 3,
         "the query does not read `bronze.sale`", "did you mean `bronze.sales`?"),
        ("expect = [{ sales = 1.5 }]", "FF-443", 1,
         "`sales` of the query's result is `int64`, and the value is none",
         "write a whole number of 64 bits"),
        ('partition = "2026-01-01"\nexpect = []', "FF-443", 1,
         "`2026-01-01` is no partition of `gold.totals`: it has none", "leave `partition` out"),
    ],
)  # fmt: skip
def test_a_test_that_names_what_is_not_there_is_told_with_its_line(
    run: Run, test: str, code: str, line: int, message: str, hint: str
) -> None:
    found = the_problem(run, totals=test)
    assert found.place is not None
    assert (found.code, found.place.file, found.place.line) == (code, TOTALS, line)
    assert (found.message, found.hint) == (message, hint)


def test_a_test_of_a_partitioned_query_says_which_partition(run: Run) -> None:
    found = the_problem(run, days="expect = []")
    assert found.code == "FF-443"
    assert found.message == "the query uses `$day`, and the test says no partition"


def test_a_test_may_try_a_partition_that_is_still_to_come(write_project: Write) -> None:
    days = FILES["assets/gold/days.sql"].replace(', end = "2026-01-31"', "")
    given = 'partition = "2999-12-31"\nexpect = []'
    root = write_project({**FILES, "assets/gold/days.sql": days, DAYS: given})
    graph = Project.load(root).graph
    (found,) = run_sql_tests(graph, root, graph.assets)
    assert found.passed


def test_a_key_that_is_none_of_the_partitions_is_told(run: Run) -> None:
    found = the_problem(run, days='partition = "March"\nexpect = []')
    assert found.code == "FF-443"
    assert found.message.startswith("`March` is no partition of `gold.days`: `March` is no")


def test_tests_beside_no_query_are_told(run: Run) -> None:
    found = the_problem(run, other="expect = []")
    assert found.code == "FF-441"
    assert found.message == "`other.sql`, which these tests try, is not there"
