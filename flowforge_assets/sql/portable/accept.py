"""Refusals that the author of a query accepts: `-- ff: accept FF-451 reason` ends their line.

Where a target has a form that is near to the exact one, that is then written, and said. What it has
no form of at all stays refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.sql_language import SqlAcceptError, SqlAcceptUnusedError
from flowforge_assets.sql.lexemes import lexemes
from flowforge_assets.sql.portable.emitted import Accepted, Refusal
from flowforge_assets.sql.portable.refusal import CLAUSE, FORM, FUNCTION, LITERAL, NAME, TYPE

_CODES: Final = (FUNCTION, FORM, CLAUSE, TYPE, LITERAL, NAME)
_SAID: Final = re.compile(r"--\s*ff:\s*accept\b\s*(?P<code>[\w-]*)\s*(?P<reason>[^\n]*)")
_HINT: Final = "write `-- ff: accept FF-451 why it does not matter here`"
_NO_FORM: Final = "the target has no near form of it, so that it cannot be accepted"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That the refusals of `code` on a line are accepted, and why."""

    line: int
    column: int
    code: str
    reason: str


def _as_it_is(refusal: Refusal) -> Refusal:
    return refusal


@dataclass(slots=True)
class Accepting:
    """The acceptances of a query, and those refusals that they took.

    `own` gives a refusal the place in the query's own text of what it met behind a macro.
    """

    said: tuple[Acceptance, ...] = ()
    own: Callable[[Refusal], Refusal] = _as_it_is
    taken: list[Accepted] = field(default_factory=list[Accepted])

    def takes(self, refusal: Refusal) -> bool:
        """Whether the near form of what is refused is to be written; notes that it is."""
        refusal = self.own(refusal)
        found = self._find(refusal)
        if found is None:
            return False
        self.taken.append(
            Accepted(refusal.line, refusal.column, refusal.code, refusal.message, found.reason)
        )
        return True

    def without_form(self, refusals: Iterable[Refusal]) -> list[Refusal]:
        """The refusals that are left, those accepted in vain told so; sorted, each once."""
        told = [
            replace(refusal, hint=f"{refusal.hint}; {_NO_FORM}") if self._find(refusal) else refusal
            for refusal in map(self.own, refusals)
        ]
        return list(dict.fromkeys(sorted(told)))

    def accepted(self) -> tuple[Accepted, ...]:
        """What was taken, sorted, each once."""
        return tuple(dict.fromkeys(sorted(self.taken)))

    def unused(self, refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
        """The acceptances on lines where nothing of their code is refused."""
        met = {(each.line, each.code) for each in self.taken}
        met |= {(each.line, each.code) for each in refusals}
        return tuple(
            Refusal(
                each.line,
                each.column,
                SqlAcceptUnusedError.code,
                f"nothing on this line is refused with {each.code} here",
                "leave it if another target needs it, else take it away",
            )
            for each in self.said
            if (each.line, each.code) not in met
        )

    def _find(self, refusal: Refusal) -> Acceptance | None:
        for each in self.said:
            if (each.line, each.code) == (refusal.line, refusal.code):
                return each
        return None


def read_acceptances(sql: str) -> tuple[tuple[Acceptance, ...], list[Refusal]]:
    """What the comments of a query accept, and what is wrong with them."""
    said: list[Acceptance] = []
    wrong: list[Refusal] = []
    if "accept" not in sql:
        return (), wrong
    for lexeme in lexemes(sql):
        match = _SAID.match(lexeme.text) if lexeme.kind == "comment" else None
        if match is None:
            continue
        line = sql.count("\n", 0, lexeme.start) + 1
        column = lexeme.start - (sql.rfind("\n", 0, lexeme.start) + 1) + 1
        code, reason = match["code"].upper(), match["reason"].strip()
        if code not in _CODES:
            message = f"`{match['code']}` is no code that can be accepted" if code else _NOTHING
            hint = did_you_mean(code, _CODES) or f"one of {', '.join(_CODES)} can be"
            wrong.append(Refusal(line, column, SqlAcceptError.code, message, hint))
        elif not reason:
            message = f"`{code}` is accepted without a reason"
            wrong.append(Refusal(line, column, SqlAcceptError.code, message, _HINT))
        else:
            said.append(Acceptance(line, column, code, reason))
    return tuple(said), wrong


_NOTHING: Final = "`ff: accept` names no code"
