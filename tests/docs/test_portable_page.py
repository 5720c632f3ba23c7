from __future__ import annotations

from tools.portable_docs import PAGE, page


def test_the_page_of_portable_sql_is_what_is_emitted() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "`make golden` writes it"
