from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from flowforge_assets import Retries, asset, check
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.declare.policy import is_duration
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.declaration import NotAFunctionError

Collected: TypeAlias = Callable[..., Definitions]
Refused: TypeAlias = Callable[[str, str], str]
MADE = "class T(Bronze): ...\n"


def test_the_function_comes_back_unchanged() -> None:
    def load() -> int:
        return 7

    decorate: Any = asset(retries=2)
    assert asset(load) is load
    assert decorate(load) is load
    assert check(load) is load
    assert check(blocking=False)(load) is load


def test_options_are_kept(collected: Collected) -> None:
    (found,) = collected(
        MADE + "@asset(name='loaded', retries=2, timeout=90, bad_rows='quarantine', max_bad=0.1, "
        "code_version='3', lazy=False, tags='slow')\ndef load() -> Frame[T]: ...\n"
    ).assets
    assert (found.name, found.retries, found.tags) == ("loaded", Retries(2), ("slow",))
    assert found.timeout == timedelta(seconds=90)
    assert (found.bad_rows, found.max_bad, found.code_version) == ("quarantine", 0.1, "3")
    assert (found.lazy, found.write) == (False, "overwrite")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("write='overwrit'", "did you mean `overwrite`?"),
        ("batch=0", "`batch=0` is no number of partitions"),
        ("batch='many'", "`batch='many'` is no number of partitions"),
        ("write='upsert'", 'use `write="merge"`'),
        ("bad_rows='drop'", "`bad_rows='drop'` is neither `stop` nor `quarantine`"),
        ("bad_rows='quarantine', max_bad=1.5", "`max_bad=1.5` is no share between 0 and 1"),
        ("max_bad=0.1", 'add `bad_rows="quarantine"`'),
        ("retries=-1", "write `retries=2`"),
        ("retries='2'", "`retries='2'` is no number of tries"),
        ("timeout=0", "is no length of time"),
        ("timeout='5m'", "`timeout='5m'` is no length of time | give seconds, or a `timedelta`"),
        ("makes=[]", "`makes=[]` names no dataset"),
        ("makes=Bronze", "`Bronze` is no dataset class"),
        ("makes=['gold.x']", "`gold.x` is no dataset class"),
        ("reads={'raw': int}", "`int` is no dataset class"),
    ],
)
def test_an_option_out_of_range_is_refused(refused: Refused, option: str, said: str) -> None:
    source = f"{MADE}@asset({option})  # here\ndef load() -> Frame[T]: ...\n"
    assert said in refused("FF-111", source)


def test_reads_names_a_parameter(refused: Refused) -> None:
    source = MADE + "@asset(makes=T, reads={'rwa': T})  # here\ndef load(raw: Frame[T]): ...\n"
    said = refused("FF-111", source)
    assert said == "`reads=` names `rwa`, which `load` does not take | did you mean `raw`?"


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("@asset  # here\nasync def load() -> Frame[T]: ...\n", "`load` is `async`"),
        ("@asset  # here\nasync def load() -> Rows[T]:\n    yield T()\n", "`load` is `async`"),
        ("asset(len)  # here\n", "`len` is no plain function"),
        ("check(T)  # here\n", "`T` is no plain function"),
        ("asset(functools.partial(print, 1))  # here\n", "`partial` is no plain function"),
    ],
)
def test_what_is_no_plain_function_is_refused(refused: Refused, declared: str, said: str) -> None:
    found = refused(NotAFunctionError.code, MADE + declared)
    assert said in found
    assert "`def`" in found


def test_retries_wait_longer_each_time_and_never_longer_than_told() -> None:
    retries = Retries(5, delay_seconds=2, backoff=3, jitter=0.5, max_delay_seconds=10)
    assert [retries.wait_seconds(n, chance=0.5) for n in (1, 2, 3)] == [2, 6, 10]
    assert retries.wait_seconds(1, chance=0.0) == 1
    assert retries.wait_seconds(1, chance=1.0) == 3


@pytest.mark.parametrize("value", [timedelta(0), timedelta(-1), 5, None])
def test_a_length_of_time_is_above_zero(value: object) -> None:
    assert not is_duration(value)
    assert is_duration(timedelta(milliseconds=1))


def test_errors_of_a_declaration_are_ours() -> None:
    with pytest.raises(FlowForgeError) as caught:
        asset(bad_rows="drop")  # type: ignore[call-overload]  # what is tried
    assert caught.value.place is not None
    assert caught.value.place.file == __file__
