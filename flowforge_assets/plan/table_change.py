"""What became of one table's columns, and what a run does about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema_diff import ChangeClass, ColumnChange, SchemaDiff
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.graph import BreakingChangeError

Answer: TypeAlias = Literal["taken", "rewritten", "remade", "dropped", "emptied", "refused"]
"""What a run does to the rows that are there: nothing, for new columns and descriptions; it
writes those that stay again; makes all of them again; writes those that stay again without what
was dropped; empties the table and makes it anew; or does not begin."""


@dataclass(frozen=True, slots=True)
class TableChange:
    """What became of one table's columns, what a run does about it, and who reads them.

    `readers` are assets and checks; `rows` is about how many are there, 0 where that is not known.
    """

    dataset: DatasetKey
    diff: SchemaDiff
    change: ChangeClass
    answer: Answer
    readers: tuple[str, ...]
    rows: int
    place: Place | None = None
    is_made: bool = True

    def as_json(self) -> dict[str, object]:
        """The change as `plan --json` has it."""
        return {
            "dataset": self.dataset,
            "change": self.change,
            "answer": self.answer,
            "columns": [each.as_json() for each in self.diff.changes],
            "readers": list(self.readers),
            "rows": self.rows,
        }

    @property
    def columns(self) -> str:
        """What is other, for people."""
        return "; ".join(map(str, self.diff.changes))

    @property
    def cost(self) -> str:
        """What a run does about it, for people."""
        rows = f" (about {self.rows:,} row{'' if self.rows == 1 else 's'})" if self.rows else ""
        match self.answer:
            case "taken":
                lands = "the next commit brings them into the table"
                return lands if self.change == "metadata" else f"{lands}; rows that stay are null"
            case "rewritten":
                return f"the next commit writes the rows that stay again{rows}"
            case "remade":
                return "all rows are made again"
            case "dropped":
                return f"the next commit writes the rows that stay again without them{rows}"
            case "emptied":
                return f"the table is emptied{rows} and made anew"
            case "refused":
                return "refused without `--allow-breaking`"

    @property
    def told(self) -> str:
        """What became of the columns, what is done about it, and who reads them, for people."""
        readers = ", ".join(f"`{name}`" for name in self.readers)
        return f"{self.columns}; {self.cost}" + (f"; read by {readers}" if readers else "")

    @property
    def said(self) -> str:
        """The whole of it in one line, for people."""
        return f"`{self.dataset}` has other columns ({self.change}): {self.told}"

    def error(self) -> BreakingChangeError:
        """The refusal of a run."""
        broken = self.diff.breaking(is_remade=False)
        readers = ", ".join(f"`{name}`" for name in self.readers)
        message = f"the rows of `{self.dataset}` do not survive its new columns: " + "; ".join(
            map(str, broken)
        )
        message += f"; read by {readers}" if readers else ""
        names = [each.column for each in broken if each.kind == "dropped"]
        renamed = f', or `col(renamed_from="{names[0]}")` on what it is now' if names else ""
        is_kept = loses_columns_alone(broken)
        what = "drops them from the rows that stay" if is_kept else "empties it and makes it anew"
        allowed = f"`flowforge run --allow-breaking -s {self.dataset}` {what}"
        if not self.is_made:
            allowed += "; what is read must be selected, too"
        hint = f"declare them as they were{renamed}; {allowed}"
        return BreakingChangeError(message, place=self.place, hint=hint)


def loses_columns_alone(broken: Iterable[ColumnChange]) -> bool:
    """Whether rows that stay lose columns and nothing else."""
    return all(each.kind == "dropped" for each in broken)
