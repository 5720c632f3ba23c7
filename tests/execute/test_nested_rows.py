from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets import Bronze, Col, Rows, Shape, Silver, asset, col, key
from pipelines import pipeline


class Address(Shape):
    city: Col[str] = col()


class People(Bronze):
    number: Col[int] = key()
    home: Col[Address] = col()
    former: Col[list[Address]] = col()
    second: Col[Address | None] = col()


class Movers(Silver):
    number: Col[int] = key()
    home: Col[Address] = col()


@pytest.mark.parametrize("store", ["memory", "delta"])
def test_rows_within_rows_are_rows_again(tmp_path: Path, store: str) -> None:
    seen: list[object] = []

    @asset
    def people() -> Rows[People]:
        bern, basel = Address(city="Bern"), Address(city="Basel")
        yield People(number=1, home=bern, former=[basel], second=None)

    @asset
    def movers(people: Rows[People]) -> Rows[Movers]:
        for person in people:
            seen.append(person)
            yield Movers(number=person.number, home=person.home)

    found = pipeline(tmp_path, people, movers, store=store)
    assert found.run().errors == ()
    (person,) = seen
    assert isinstance(person, People)
    assert person.home == Address(city="Bern")
    assert person.former == [Address(city="Basel")]
    assert person.second is None
