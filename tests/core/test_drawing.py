from __future__ import annotations

from flowforge_assets.core.drawing import Drawing

DRAWING = Drawing(
    "prices: <all>",
    ("column", "type", "unit"),
    (("price", "list<int64>", ""), ("at", "date", "")),
    ("(price, at) is unique",),
)


def test_a_drawing_is_text_in_columns_without_the_empty_ones() -> None:
    assert DRAWING.text() == (
        "prices: <all>\n  price  list<int64>\n  at     date\n(price, at) is unique"
    )


def test_a_drawing_is_html_with_all_that_it_shows_escaped() -> None:
    assert DRAWING.html() == (
        "<div><strong>prices: &lt;all&gt;</strong>"
        "<table><tr><th>column</th><th>type</th></tr>"
        "<tr><td>price</td><td>list&lt;int64&gt;</td></tr>"
        "<tr><td>at</td><td>date</td></tr></table>"
        "<pre>(price, at) is unique</pre></div>"
    )


def test_a_drawing_may_have_no_rows() -> None:
    assert Drawing("nothing").text() == "nothing"
    assert Drawing("nothing", ("a",)).html() == "<div><strong>nothing</strong></div>"
