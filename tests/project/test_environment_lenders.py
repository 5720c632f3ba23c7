from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.errors.project import (
    NamespaceError,
    ReadFromError,
    UnknownEnvironmentError,
)
from flowforge_assets.project.config import EnvironmentConfig, FromVariable, ProjectConfig
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.stores import StoreConfig


def project(root: Path, **environments: EnvironmentConfig) -> ProjectConfig:
    return ProjectConfig(root, "shop", (), environments)


def test_a_namespace_has_tables_and_a_ledger_of_its_own(tmp_path: Path) -> None:
    config = project(
        tmp_path, shared=EnvironmentConfig(store=StoreConfig("lake"), namespace="alice")
    )
    mine = Environment.of(config, "shared")
    (around,) = mine.lenders(config)
    assert mine.location == f"{around.location}/_ns/alice"
    assert mine.ledger_path != around.ledger_path
    assert (mine.shown, around.shown) == ("shared@alice", "shared")


def test_a_namespace_in_memory_is_a_store_of_its_own(tmp_path: Path) -> None:
    config = project(
        tmp_path, shared=EnvironmentConfig(store=StoreConfig("memory://lake"), namespace="alice")
    )
    assert Environment.of(config, "shared").location == "memory://lake_ns_alice"


def test_a_namespace_may_stand_in_an_environment_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMEONE", "bob")
    config = project(tmp_path, shared=EnvironmentConfig(namespace=FromVariable("SOMEONE")))
    assert Environment.of(config, "shared").namespace == "bob"


def test_a_namespace_that_is_not_set_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOMEONE", raising=False)
    config = project(tmp_path, shared=EnvironmentConfig(namespace=FromVariable("SOMEONE")))
    with pytest.raises(NamespaceError, match="`SOMEONE`, which is not set"):
        Environment.of(config, "shared")


@pytest.mark.parametrize("word", ["../prod", "a b", "", "-x"])
def test_a_namespace_is_a_plain_word(tmp_path: Path, word: str) -> None:
    config = project(tmp_path, shared=EnvironmentConfig(namespace=word))
    with pytest.raises(NamespaceError, match="no plain word"):
        Environment.of(config, "shared")


def test_lenders_stand_in_line(tmp_path: Path) -> None:
    config = project(
        tmp_path,
        dev=EnvironmentConfig(read_from="shared", namespace="alice"),
        shared=EnvironmentConfig(read_from="prod", namespace="alice"),
        prod=EnvironmentConfig(),
    )
    lenders = Environment.of(config, "dev").lenders(config)
    assert [each.shown for each in lenders] == ["dev", "shared", "prod"]


def test_environments_do_not_lend_in_a_circle(tmp_path: Path) -> None:
    config = project(
        tmp_path, a=EnvironmentConfig(read_from="b"), b=EnvironmentConfig(read_from="a")
    )
    with pytest.raises(ReadFromError, match="`a` -> `b` -> `a`"):
        Environment.of(config, "a").lenders(config)


def test_an_unknown_lender_is_refused(tmp_path: Path) -> None:
    config = project(tmp_path, dev=EnvironmentConfig(read_from="prd"))
    with pytest.raises(UnknownEnvironmentError):
        Environment.of(config, "dev").lenders(config)
