from __future__ import annotations

import pytest

from flowforge_assets import Bronze, Col, Rows, Silver, asset, col
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.errors.base import Problems
from flowforge_assets.errors.graph import AliasDeclaredError, AliasTakenError
from pipelines import graph_of


class Clients(Silver):
    name: Col[str] = col()


class Customers(Silver, aliases=("silver.clients",)):
    name: Col[str] = col()


class Patrons(Silver, aliases=["clients"]):
    name: Col[str] = col()


class Guests(Bronze, aliases=["silver.visitors", "bronze.friends"]):
    name: Col[str] = col()


@asset
def clients() -> Rows[Clients]:
    return []


@asset
def customers() -> Rows[Customers]:
    return []


@asset
def patrons() -> Rows[Patrons]:
    return []


@asset
def guests() -> Rows[Guests]:
    return []


def test_an_alias_that_is_declared_is_refused() -> None:
    with pytest.raises(AliasDeclaredError) as caught:
        graph_of(clients, customers)
    assert caught.value.message == (
        "`silver.clients`, an alias of `silver.customers`, is declared itself"
    )
    assert "test_aliases.py" in str(caught.value.place)


def test_an_alias_that_two_claim_is_refused() -> None:
    with pytest.raises(AliasTakenError, match=r"`silver.patrons` and `silver.customers`"):
        graph_of(customers, patrons)


def test_all_aliases_that_do_not_fit_are_named() -> None:
    with pytest.raises(Problems) as caught:
        graph_of(clients, customers, patrons)
    assert [error.code for error in caught.value.errors] == ["FF-207", "FF-207"]


def test_the_first_alias_is_the_name_that_counts() -> None:
    found = graph_of(guests).datasets
    assert [first_key(dataset) for dataset in found.values()] == ["silver.visitors"]
