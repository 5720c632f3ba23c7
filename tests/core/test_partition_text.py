from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.partition_text import bare, escaped, shielded

odd_text = st.text(st.sampled_from("ax+,;|=\\. \té"), max_size=8)


@given(odd_text)
def test_an_escaped_name_reads_as_itself(name: str) -> None:
    assert bare(shielded(escaped(name)).strip()) == name


@given(odd_text, odd_text)
def test_escaped_names_have_no_separator(left: str, right: str) -> None:
    for separator in (" x ", " + "):
        text = shielded(f"{escaped(left)}{separator}{escaped(right)}")
        assert list(map(bare, text.split(separator))) == [left, right]
    for separator in ",;|=":
        text = shielded(f"{escaped(left)}{separator}{escaped(right)}")
        assert list(map(bare, text.split(separator))) == [left, right]


@pytest.mark.parametrize("name", ["de", "New York", "c++", "Größe", "a.b", "A..B", "100%", "x1"])
def test_usual_names_stand_as_they_are(name: str) -> None:
    assert escaped(name) == name
