"""Put statements one after the other as their author did: comments, blank lines, edits."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruway.project import code_text
from thruway.project.comments import Comments, Lines, comments_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from thruway.plan.types import Edit, Plan, StepPlan
    from thruway.program.types import Statement


@dataclass(frozen=True)
class Additions:
    """What is written around the statements of one step.

    Attributes:
        edits: replacements, by statement id.
        displayed: ids whose expression is displayed.
        underscore: ids whose displayed value is also bound to `_`.
        shown: ids after which the open figures are shown.
        display: name of the function that displays.
        pyplot: expression that gives pyplot.
        title: of the step; None for text that shows no headings.
        bare: ids that are written without their comments.
    """

    edits: Mapping[int, tuple[Edit, ...]]
    displayed: frozenset[int] = frozenset()
    underscore: frozenset[int] = frozenset()
    shown: frozenset[int] = frozenset()
    display: str = "display"
    pyplot: str = "plt"
    title: str | None = None
    bare: frozenset[int] = frozenset()

    @classmethod
    def of(cls, step: StepPlan, display: str, pyplot: str) -> Additions:
        """Return what a step's plan asks for."""
        edits: dict[int, tuple[Edit, ...]] = {}
        for edit in step.edits:
            edits[edit.statement] = (*edits.get(edit.statement, ()), edit)
        return cls(edits, step.displayed, step.underscore, step.shown, display, pyplot, step.title)


NOTHING = Additions({})


class Layout:
    """The statements of a program, ready to be set."""

    def __init__(self, plan: Plan) -> None:
        program = plan.graph.program
        self.statements = {statement.id: statement for statement in program.statements}
        self._lines = Lines(program.source.cells)
        self._comments = comments_of(plan, self._lines)
        self._replicable = {n.statement.id for n in plan.graph.nodes if n.replicable}
        bodies = Counter(number for step in plan.steps for number in step.body)
        self._copied = {number for number, count in bodies.items() if count > 1}

    def pick(self, ids: Iterable[int]) -> list[Statement]:
        """Return the statements with these ids."""
        return [self.statements[number] for number in ids]

    def heading(self, step: StepPlan) -> str:
        """Return the author's heading under which a step begins, "" if there is none."""
        ids = step.body or step.helpers
        own = [number for number in ids if number not in self._replicable] or list(ids)
        return heading_text(self.statements[own[0]].heading) if own else ""

    def own_comments(self, calls: Sequence[StepPlan]) -> dict[str, dict[int, list[str]]]:
        """Return step → statement → its comments, where most other calls have others.

        They say what one call is about, so they belong to the pipeline, not to the function.
        """
        found: dict[str, dict[int, list[str]]] = {step.name: {} for step in calls}
        for numbers in zip(*(step.body for step in calls), strict=True):
            each = [self._comments.get(number, Comments()) for number in numbers]
            written = each[0] if each.count(each[0]) * 2 > len(each) else None
            for step, number, own in zip(calls, numbers, each, strict=True):
                if own != written:
                    rows = (*own.before, *own.above, *own.below)
                    found[step.name][number] = [row for row in rows if row]
        return found

    def text(self, ids: Iterable[int], additions: Additions = NOTHING) -> str:
        """Return the statements as written, with blank lines where the author had them."""
        statements = self.pick(ids)
        guests = self._guests(statements)
        settled = [each for each in statements if each.id not in guests]
        headings = self._headings(settled, additions.title)
        parts: list[str] = []
        before: Statement | None = None
        for statement in statements:
            heading = headings.get(statement.id, "")
            if before is not None and (heading or self._is_apart(before, statement)):
                parts.append("")
            parts += [f"# --- {heading} ---"] if heading else []
            found = self._comments.get(statement.id, Comments())
            found = replace(found, before=()) if statement.id in guests else found
            found = Comments() if statement.id in additions.bare else found
            parts += _commented(found, changed(statement, additions))
            before = statement
        return "\n".join(parts)

    def comment(self, number: int) -> str:
        """Return the comments above and below one statement."""
        found = self._comments.get(number, Comments())
        return "\n".join(row for row in (*found.before, *found.above, *found.below) if row)

    def _guests(self, statements: list[Statement]) -> frozenset[int]:
        """Return the copies of definitions that stood somewhere else in the original."""
        ids = {statement.id for statement in statements}
        found = set()
        for number in self._copied & ids:
            later = number + 1
            while later in self._replicable:
                later += 1
            if later not in ids:
                found.add(number)
        return frozenset(found)

    def _headings(self, statements: list[Statement], title: str | None) -> dict[int, str]:
        """Return statement → the heading that begins there, where its comments do not say it."""
        if title is None:
            return {}
        found: dict[int, str] = {}
        current = _letters(title)
        for statement in statements:
            text = heading_text(statement.heading)
            if not text or _letters(text) == current:
                continue
            current = _letters(text)
            if current not in _letters(self._said(statement)):
                found[statement.id] = text
        first = statements[0].id if statements else 0
        if set(found) == {first}:  # one heading for all of it: the pipeline shows it
            return {}
        return found

    def _said(self, statement: Statement) -> str:
        return "\n".join(self._comments.get(statement.id, Comments()).above)

    def _is_apart(self, before: Statement, statement: Statement) -> bool:
        """Say whether a blank line stands between two statements, or stood by what was between."""
        if before.place.cell != statement.place.cell or statement.id < before.id:
            return True
        between = self.pick(
            number for number in range(before.id + 1, statement.id + 1) if number in self.statements
        )
        return any(self._lines.follows_blank(later) for later in between)


def _commented(comments: Comments, code: str) -> Iterator[str]:
    yield from comments.before
    if comments.before:
        yield ""
    yield from comments.above
    yield code
    yield from comments.below


def heading_text(heading: str) -> str:
    """Return a heading on one line, without links, tags and emphasis.

    >>> heading_text("**2.** See <a>the [data](x.csv)</a>")
    '2. See the data'
    """
    text = re.sub(r"</?[A-Za-z][^<>]*>|\*\*|__(?=\W|$)|(?<!\w)__", "", heading)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(text.split()).strip("# ")


def _letters(text: str) -> str:
    """Return what two spellings of one title have in common: no number, no signs, no case."""
    return re.sub(r"[\W_]+", "", re.sub(r"^[\s\d.():-]+", "", text)).casefold()


def changed(statement: Statement, additions: Additions = NOTHING) -> str:
    """Return one statement with its edits, displayed and followed by `show()` as planned."""
    code = code_text.apply_edits(statement.code, additions.edits.get(statement.id, ()))
    if statement.id in additions.displayed:
        underscore = statement.id in additions.underscore
        code = code_text.display(code, additions.display, underscore=underscore)
    if statement.id in additions.shown:
        code = f"{code}\n{additions.pyplot}.show()"
    return code
