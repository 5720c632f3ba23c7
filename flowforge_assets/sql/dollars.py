"""Parameters written as `:start`, which DuckDB writes as `$start`."""

from __future__ import annotations

from typing import Final

from flowforge_assets.sql.lexemes import Lexeme, lexemes

# After these words a value stands, so that a colon does not cut or name one.
_BEFORE_VALUES: Final = frozenset(
    {
        *("all", "and", "any", "between", "by", "case", "distinct", "else", "escape", "having"),
        *("ilike", "in", "interval", "is", "like", "limit", "not", "offset", "on", "or"),
        *("qualify", "select", "then", "to", "values", "when", "where"),
    }
)
_OPENING: Final = {")": "(", "]": "[", "}": "{"}


def with_dollars(sql: str) -> str:
    """The query with `$start` for `:start`; as long, so that every place stays.

    A colon inside `[1:n]` or `{'a': b}`, behind a value or doubled is no parameter's.
    """
    if ":" not in sql:
        return sql
    made = list(sql)
    open_: list[str] = []
    before: Lexeme | None = None
    found = list(lexemes(sql))
    for lexeme, after in zip(found, [*found[1:], None], strict=True):
        if lexeme.kind == "comment":
            continue
        if lexeme.text in _OPENING.values():
            open_.append(lexeme.text)
        elif lexeme.text in _OPENING and open_:
            open_.pop()
        elif lexeme.text == ":" and after is not None and after.kind == "word":
            is_cut = bool(open_) and open_[-1] != "("
            if after.start == lexeme.end and not is_cut and _may_start_value(before):
                made[lexeme.start] = "$"
        before = lexeme
    return "".join(made)


def _may_start_value(before: Lexeme | None) -> bool:
    """Whether a value may stand behind `before`, so that it is no value itself."""
    if before is None:
        return False
    if before.kind == "word":
        return before.plain in _BEFORE_VALUES
    return before.kind == "mark" and before.text not in {")", "]", "}", "."}
