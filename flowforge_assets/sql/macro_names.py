"""What the names in a macro's body and in its arguments mean, so that none is taken for another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlglot import Token, exp
from sqlglot.errors import ParseError, TokenError

from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.sql_language import SqlMacroFileError, SqlMacroNameError
from flowforge_assets.sql.macros import Macro
from flowforge_assets.sql.tokens import DUCKDB

_HEAD: Final = "SELECT "
_UNSTEADY: Final = frozenset(
    {
        *("random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid"),
        *("nextval", "get_current_timestamp"),
    }
)


@dataclass(frozen=True, slots=True)
class Around:
    """What has a name where a part of a query stands: tables in FROM, columns and variables, WITH.

    All are in lower case.
    """

    tables: frozenset[str]
    values: frozenset[str]
    queries: frozenset[str]


@dataclass(frozen=True, slots=True)
class Named:
    """The first word of a column, or a table of one word; `start` is its offset."""

    name: str
    start: int
    is_table: bool
    is_qualifier: bool
    around: Around


@dataclass(frozen=True, slots=True)
class Body:
    """A macro's body: its tokens, and where it uses its parameters."""

    tokens: tuple[Token, ...]
    uses: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Free:
    """The names in an argument that mean something outside of it."""

    columns: frozenset[str]
    tables: frozenset[str]
    queries: frozenset[str]
    is_unsteady: bool

    def captured(self, around: Around) -> str | None:
        """A name that would mean something else there; None if all stay what they are."""
        if self.columns and around.tables:
            return min(self.columns)
        taken = (
            (self.columns & around.values)
            | (self.tables & around.tables)
            | (self.queries & around.queries)
        )
        return min(taken, default=None)


@lru_cache(maxsize=512)
def body_of(macro: Macro) -> Body:
    """The body, read once.

    Raises:
        SqlMacroFileError: it does not parse (FF-462).
        SqlMacroNameError: it uses a name that it does not have (FF-463).
    """
    text, start = macro.file.text[: macro.end], macro.start
    tree = _tree(macro, text, start)
    parameters = {each.name for each in macro.parameters}
    asked = tree.find(exp.Placeholder, exp.Parameter)
    if asked is not None:
        message = f"the macro `{macro.name}` asks for a parameter of the query"
        hint = "let the query hand it over: give the macro a parameter for it"
        raise SqlMacroNameError(message, place=macro.place, hint=hint)
    uses: list[Named] = []
    for named in _names(tree):
        is_own = named.name in named.around.tables and named.is_qualifier
        if named.is_table:
            if named.name not in named.around.queries:
                raise _strange(macro, named, "reads the table")
        elif is_own:
            continue
        elif named.name in parameters:
            uses.append(named)
        elif named.is_qualifier or not (named.around.tables or named.name in named.around.values):
            raise _strange(macro, named, "uses")
    tokens = DUCKDB.tokenize(" " * start + text[start:])
    return Body(tuple(tokens), tuple(uses))


def free_names(text: str) -> Free:
    """The names in the text of an argument that mean something outside of it."""
    tree = _parsed(_HEAD + text)
    columns: set[str] = set()
    tables: set[str] = set()
    queries: set[str] = set()
    for named in _names(tree) if tree is not None else ():
        if named.is_table:
            queries |= {named.name} - named.around.queries
        elif named.is_qualifier:
            tables |= {named.name} - named.around.tables
        else:
            columns |= {named.name} - named.around.values
    calls = tree.find_all(exp.Func) if tree is not None else ()
    names = {(c.name if isinstance(c, exp.Anonymous) else c.sql_name()).lower() for c in calls}
    is_unsteady = bool(names & _UNSTEADY) or (
        tree is not None and tree.find(exp.Rand, exp.Uuid) is not None
    )
    return Free(frozenset(columns), frozenset(tables), frozenset(queries), is_unsteady)


def _tree(macro: Macro, text: str, start: int) -> exp.Expr:
    """The body as a query: an expression as the one column of a SELECT."""
    if macro.is_table:
        source = " " * start + text[start:]
    else:  # the words before a body are longer than the one put in their place
        source = " " * (start - len(_HEAD)) + _HEAD + text[start:]
    tree = _parsed(source)
    if isinstance(tree, exp.Query):
        return tree
    what = "query" if macro.is_table else "expression"
    message = f"the body of the macro `{macro.name}` is no {what}"
    hint = "it is read as DuckDB's SQL; a query stands behind AS TABLE, or in brackets"
    raise SqlMacroFileError(message, place=macro.file.place(start), hint=hint)


def _parsed(text: str) -> exp.Expr | None:
    try:
        trees = DUCKDB.parser().parse(list(DUCKDB.tokenize(text)), text)
    except (ParseError, TokenError):
        return None
    return trees[0] if len(trees) == 1 else None


def _names(tree: exp.Expr) -> Iterator[Named]:
    for column in tree.find_all(exp.Column):
        first = column.parts[0]
        if isinstance(first, exp.Identifier):
            yield Named(
                first.name.lower(),
                int(first.meta.get("start", -1)),
                is_table=False,
                is_qualifier=len(column.parts) > 1,
                around=_around(column),
            )
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not table.args.get("db"):
            start = int(table.this.meta.get("start", -1))
            yield Named(
                table.name.lower(), start, is_table=True, is_qualifier=False, around=_around(table)
            )


def _around(node: exp.Expr) -> Around:
    tables: set[str] = set()
    values: set[str] = set()
    queries: set[str] = set()
    above = node.parent
    while above is not None:
        if isinstance(above, exp.Lambda):
            values |= {each.name.lower() for each in above.expressions}
        if isinstance(above, exp.Select):
            tables |= _sources(above)
            values |= {e.alias.lower() for e in above.expressions if isinstance(e, exp.Alias)}
        with_ = above.args.get("with_")
        if isinstance(with_, exp.With):
            queries |= {each.alias.lower() for each in with_.expressions}
        above = above.parent
    return Around(frozenset(tables), frozenset(values), frozenset(queries))


def _sources(select: exp.Select) -> set[str]:
    """The names by which the columns of a FROM are called."""
    from_ = select.args.get("from_")
    clauses = [from_, *(select.args.get("joins") or ()), *(select.args.get("laterals") or ())]
    found: set[str] = set()
    for clause in clauses:
        source = clause.this if clause is not None else None
        if isinstance(source, exp.Table):
            found |= {part.name.lower() for part in source.parts} if not source.alias else set()
        if source is not None:
            found.add(source.alias_or_name.lower())
    return found


def _strange(macro: Macro, named: Named, verb: str) -> SqlMacroNameError:
    names = [each.name for each in macro.parameters]
    hint = did_you_mean(named.name, names) or (
        "name a dataset by its key, `silver.orders`"
        if named.is_table
        else "give the macro a parameter for it, and hand it over"
    )
    return SqlMacroNameError(
        f"the macro `{macro.name}` {verb} `{named.name}`, which it does not have",
        place=macro.file.place(named.start),
        hint=hint,
    )
