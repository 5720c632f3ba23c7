"""Functions of text of DuckDB as typed operations."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import (
    as_text,
    bind,
    make_case,
    reads,
    shown,
    text_constant,
    whole_constant,
)
from flowforge_assets.sql.portable.bind_number import joined
from flowforge_assets.sql.portable.refusal import LITERAL, TYPE, Refused, place, refuse_form
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import Call, Expr, Literal
from flowforge_assets.sql.portable.types import BIGINT, BOOL, INTEGER, TEXT, Kind

# A pattern that RE2, POSIX and Java read alike: plain characters, classes, groups, greedy repeats.
_PLAIN_PATTERN: Final = re.compile(
    r"\^?(?:\(?(?:\[[A-Za-z0-9 _]+(?:-[A-Za-z0-9])?(?:[A-Za-z0-9]-[A-Za-z0-9])*\]|[A-Za-z0-9 _@:,])"
    r"[+*]?\)?)+\$?"
)


def text(node: exp.Expr, scope: Scope) -> Expr:
    """The expression, which must be text."""
    arg = bind(node, scope)
    if arg.type.kind is Kind.NULL:
        return Literal(None, TEXT, arg.at)
    if arg.type.kind is not Kind.TEXT:
        raise Refused(TYPE, f"a `{arg.type}` is used as text", arg.at, "cast it to VARCHAR")
    return arg


_OF_TEXT: Final[dict[type[exp.Expr], str]] = {
    exp.Upper: "upper",
    exp.Lower: "lower",
    exp.Reverse: "reverse",
    exp.MD5: "md5",
}


@reads(*_OF_TEXT, args=["this"])
def _of_text(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    return Call(_OF_TEXT[type(node)], (arg,), TEXT, arg.at)


@reads(exp.SHA2, args=["this", "length"])
def _sha(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    if whole_constant(node.args.get("length"), scope) != 256:  # noqa: PLR2004
        raise refuse_form(node, "this hash", "use sha256")
    return Call("sha256", (arg,), TEXT, arg.at)


@reads(exp.Length, args=["this"])
def _length(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    return Call("text_length", (arg,), BIGINT, arg.at)


@reads(exp.Ascii, args=["this"])
def _code_point(node: exp.Expr, scope: Scope) -> Expr:
    """Of the first character; 0 of an empty text."""
    arg = text(node.this, scope)
    return Call("code_point", (arg,), INTEGER, arg.at)


@reads(exp.Trim, args=["this", "expression", "position"])
def _trim(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    given = node.args.get("expression")
    characters = " " if given is None else text_constant(given)
    if not characters:
        raise refuse_form(node, "trimming characters that are computed", "write the characters")
    side = {"LEADING": "left", "TRAILING": "right"}.get(str(node.args.get("position")), "both")
    return Call(f"trim_{side}", (arg,), TEXT, arg.at, (characters,))


@reads(exp.Substring, args=["this", "start", "length"])
def _substring(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    start = whole_constant(node.args["start"], scope)
    hint = "write the start as a number from 1 on; use right(s, n) for the end"
    if start is None or start < 0:
        raise refuse_form(node, "`substring` from a start that is negative or computed", hint)
    if node.args.get("length") is None:
        return Call("substring_from", (arg,), TEXT, arg.at, (str(max(start, 1)),))
    length = whole_constant(node.args["length"], scope)
    if length is None or length < 0:
        raise refuse_form(node, "`substring` of a length that is negative or computed", hint)
    if start == 0:  # DuckDB counts the place before the first character
        start, length = 1, max(length - 1, 0)
    return Call("substring", (arg,), TEXT, arg.at, (str(start), str(length)))


@reads(exp.Left, exp.Right, args=["this", "expression"])
def _end(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    count = whole_constant(node.args["expression"], scope)
    if count is None or count < 0:
        raise refuse_form(node, f"`{shown(node)}` of a computed length", "write the length")
    return Call(
        "left" if isinstance(node, exp.Left) else "right", (arg,), TEXT, arg.at, (str(count),)
    )


def _needle(node: exp.Expr | None, function: exp.Expr) -> str:
    found = text_constant(node)
    if not found:
        what = f"`{shown(function)}` of a text that is computed or empty"
        raise refuse_form(function, what, "write the text to look for as a constant")
    return found


@reads(exp.Replace, args=["this", "expression", "replacement"])
def _replace(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    old = Literal(_needle(node.args["expression"], node), TEXT, arg.at)
    new = text(node.args["replacement"], scope)
    return Call("replace", (arg, old, new), TEXT, arg.at)


@reads(exp.Translate, args=["this", "from_", "to"])
def _translate(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    old, new = text_constant(node.args["from_"]), text_constant(node.args["to"])
    if not old or not new or len(old) != len(new) or len(set(old)) != len(old):
        raise refuse_form(node, "this `translate`", "give as many new characters as old ones")
    return Call(
        "translate", (arg, Literal(old, TEXT, arg.at), Literal(new, TEXT, arg.at)), TEXT, arg.at
    )


@reads(exp.Repeat, args=["this", "times"])
def _repeat(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    times = whole_constant(node.args["times"], scope)
    if times is None or times < 0:
        raise refuse_form(node, "`repeat` of a computed number", "write the number")
    return Call("repeat", (arg,), TEXT, arg.at, (str(times),))


@reads(exp.Pad, args=["this", "expression", "fill_pattern", "is_left"])
def _pad(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    width = whole_constant(node.args["expression"], scope)
    if width is None or width < 0:
        raise refuse_form(node, "padding to a computed width", "write the width")
    fill = Literal(_needle(node.args.get("fill_pattern"), node), TEXT, arg.at)
    name = "pad_left" if node.args.get("is_left") else "pad_right"
    return Call(name, (arg, fill), TEXT, arg.at, (str(width),))


@reads(exp.StrPosition, args=["this", "substr"])
def _position(node: exp.Expr, scope: Scope) -> Expr:
    return _found_at(text(node.this, scope), _needle(node.args["substr"], node))


def _found_at(arg: Expr, needle: str) -> Expr:
    return Call("position", (arg, Literal(needle, TEXT, arg.at)), BIGINT, arg.at)


@reads(exp.Contains, args=["this", "expression"])
def _contains(node: exp.Expr, scope: Scope) -> Expr:
    found = _found_at(text(node.this, scope), _needle(node.args["expression"], node))
    return Call("greater", (found, Literal(0, BIGINT, found.at)), BOOL, found.at)


@reads(exp.StartsWith, exp.EndsWith, args=["this", "expression"])
def _starts(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    needle = _needle(node.args["expression"], node)
    side = "left" if isinstance(node, exp.StartsWith) else "right"
    part = Call(side, (arg,), TEXT, arg.at, (str(len(needle)),))
    return Call("equal", (part, Literal(needle, TEXT, arg.at)), BOOL, arg.at)


@reads(exp.SplitPart, args=["this", "delimiter", "part_index"])
def _split_part(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    index = whole_constant(node.args["part_index"], scope)
    if index is None or index < 1:
        raise refuse_form(node, "`split_part` from the end or computed", "count from 1 on")
    delimiter = Literal(_needle(node.args["delimiter"], node), TEXT, arg.at)
    return Call("split_part", (arg, delimiter), TEXT, arg.at, (str(index),))


@reads(exp.Bracket, args=["this", "expressions", "offset"])
def _split_item(node: exp.Expr, scope: Scope) -> Expr:
    """`string_split(s, d)[n]`: the parser has made n count from 0."""
    inner = node.this
    if len(node.expressions) != 1 or node.args.get("offset"):
        raise refuse_form(node, "this index", "use substring for texts")
    if not isinstance(inner, exp.Split):
        return _slice(node, node.expressions[0], scope)
    index = whole_constant(node.expressions[0], scope)
    if index is None or index < 0:
        raise refuse_form(node, "this index", "count from 1 on")
    arg = text(inner.this, scope)
    delimiter = Literal(_needle(inner.args["expression"], inner), TEXT, arg.at)
    part = Call("split_part", (arg, delimiter), TEXT, arg.at, (str(index + 1),))
    return make_case([_has_parts(arg, delimiter, index)], [part], None, arg.at)


def _slice(node: exp.Expr, index: exp.Expr, scope: Scope) -> Expr:
    """`s[2]` and `s[2:3]` of a text, counted from 1 on."""
    if not isinstance(node.this, exp.Column):  # only there the parser's counting is known
        raise refuse_form(node, "an index into what is no column", "use substring")
    arg = bind(node.this, scope)
    is_slice = isinstance(index, exp.Slice) and not index.args.get("step")
    start = whole_constant(index.this if is_slice else index, scope)
    last = start
    if is_slice and index.args.get("expression") is not None:
        last = whole_constant(index.args["expression"], scope)
    if not is_slice and start is not None:
        start = last = start + 1  # the parser has made it count from 0
    if arg.type.kind is not Kind.TEXT or start is None or start < 1 or last is None or last < 0:
        raise refuse_form(node, "this index", "use substring for texts, split_part for lists")
    if is_slice and index.args.get("expression") is None:
        return Call("substring_from", (arg,), TEXT, arg.at, (str(start),))
    length = str(max(last - start + 1, 0))
    return Call("substring", (arg,), TEXT, arg.at, (str(start), length))


def _has_parts(arg: Expr, delimiter: Literal, count: int) -> Expr:
    """Whether a text has a delimiter so many times, from the length that it loses without."""
    bare = Call("replace", (arg, delimiter, Literal("", TEXT, arg.at)), TEXT, arg.at)
    lengths = [Call("text_length", (each,), BIGINT, arg.at) for each in (arg, bare)]
    lost = Call("subtract", tuple(lengths), BIGINT, arg.at)
    least = Literal(count * len(str(delimiter.value)), BIGINT, arg.at)
    return Call("greater_or_equal", (lost, least), BOOL, arg.at)


@reads(exp.Concat, args=["expressions", "safe", "coalesce"])
def _concat(node: exp.Expr, scope: Scope) -> Expr:
    """DuckDB's `concat` takes a null for an empty text."""
    parts = [_or_empty(bind(each, scope)) for each in node.expressions]
    return joined(parts) if len(parts) > 1 else parts[0]


def _or_empty(arg: Expr) -> Expr:
    if isinstance(arg, Literal) and arg.value is None:
        return Literal("", TEXT, arg.at)
    as_is = as_text(arg)
    if isinstance(arg, Literal):
        return as_is
    return Call("coalesce", (as_is, Literal("", TEXT, arg.at)), TEXT, arg.at)


@reads(exp.ConcatWs, args=["expressions", "safe", "coalesce"])
def _concat_ws(node: exp.Expr, scope: Scope) -> Expr:
    """Each part with the separator before it, nulls left out, without the first separator."""
    separator = _needle(node.expressions[0], node)
    parts: list[Expr] = []
    for each in node.expressions[1:]:
        arg = as_text(bind(each, scope))
        parts.append(_or_empty(joined([Literal(separator, TEXT, arg.at), arg])))
    whole = joined(parts) if len(parts) > 1 else parts[0]
    return Call("substring_from", (whole,), TEXT, whole.at, (str(len(separator) + 1),))


@reads(exp.Like, exp.ILike, args=["this", "expression", "negate"])
def _like(node: exp.Expr, scope: Scope) -> Expr:
    return _liked(node, scope, "")


def _liked(node: exp.Expr, scope: Scope, escape: str) -> Expr:
    r"""LIKE with a constant pattern, kept with `\\` before each `%`, `_` and `\\` that is meant."""
    arg = text(node.this, scope)
    pattern = text_constant(node.args["expression"])
    if pattern is None:
        hint = "write the pattern as a constant, or use strpos"
        raise refuse_form(node, "LIKE with a computed pattern", hint)
    if isinstance(node, exp.ILike):
        arg, pattern = Call("lower", (arg,), TEXT, arg.at), pattern.lower()
    result: Expr = Call("like", (arg,), BOOL, arg.at, (_plain(pattern, escape, node),))
    return Call("not", (result,), BOOL, arg.at) if node.args.get("negate") else result


def _plain(pattern: str, escape: str, node: exp.Expr) -> str:
    found: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if escape and character == escape:
            meant = next(characters, "")
            if not meant:
                raise Refused(LITERAL, "a pattern ends in its escape", place(node), "double it")
            found.append(f"\\{meant}" if meant in "%_\\" else meant)
        else:
            found.append("\\\\" if character == "\\" else character)
    return "".join(found)


@reads(exp.Glob, args=["this", "expression"])
def _glob(node: exp.Expr, scope: Scope) -> Expr:
    """`*` and `?` as LIKE has them."""
    arg = text(node.this, scope)
    pattern = text_constant(node.args["expression"])
    if pattern is None or any(each in pattern for each in "[]\\"):
        raise refuse_form(node, "this GLOB", "use `*` and `?` in a constant, or LIKE")
    kept = "".join(f"\\{each}" if each in "%_" else each for each in pattern)
    plain = kept.replace("*", "%").replace("?", "_")
    return Call("like", (arg,), BOOL, arg.at, (plain,))


@reads(exp.Escape, args=["this", "expression"])
def _like_escape(node: exp.Expr, scope: Scope) -> Expr:
    escape = text_constant(node.args["expression"])
    inner = node.this
    if not isinstance(inner, (exp.Like, exp.ILike)) or escape is None or len(escape) != 1:
        raise refuse_form(node, "this ESCAPE", "give one character")
    return _liked(inner, scope, escape)


@reads(exp.RegexpLike, args=["this", "expression"])
def _matches(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    pattern = _pattern(node)
    return Call("matches", (arg,), BOOL, arg.at, (pattern,))


def _pattern(node: exp.Expr) -> str:
    pattern = text_constant(node.args["expression"])
    is_balanced = pattern is not None and pattern.count("(") == pattern.count(")")
    if pattern is None or not is_balanced or not _PLAIN_PATTERN.fullmatch(pattern):
        hint = "use characters, classes as [a-z0-9], one group, + and *; or LIKE"
        raise refuse_form(node, "this pattern", hint, code=LITERAL)
    return pattern


@reads(exp.RegexpReplace, args=["this", "expression", "replacement", "modifiers", "single_replace"])
def _regexp_replace(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    pattern, new = _pattern(node), text_constant(node.args["replacement"])
    modifiers = text_constant(node.args.get("modifiers")) or ""
    if (
        new is None
        or "\\" in new
        or "$" in new
        or modifiers not in {"", "g"}
        or any(each in pattern for each in "*^$")
    ):
        hint = "replace by a constant without `\\` or `$`; a pattern that matches something"
        raise refuse_form(node, "this `regexp_replace`", hint)
    name = "replace_matches" if modifiers else "replace_match"
    return Call(name, (arg,), TEXT, arg.at, (pattern, new))


@reads(exp.RegexpExtract, args=["this", "expression", "group", "null_if_pos_overflow"])
def _regexp_extract(node: exp.Expr, scope: Scope) -> Expr:
    arg = text(node.this, scope)
    pattern = _pattern(node)
    group = whole_constant(node.args.get("group"), scope) or 0
    if group not in {0, 1} or pattern.count("(") != group:
        raise refuse_form(node, "this group of `regexp_extract`", "use one group, and take it")
    found = Call("find_match", (arg,), TEXT, arg.at, (pattern, str(group)))
    empty = Literal("", TEXT, arg.at)
    or_empty = Call("coalesce", (found, empty), TEXT, arg.at)
    given = Call("is_not_null", (arg,), BOOL, arg.at)
    return make_case([given], [or_empty], None, arg.at)
