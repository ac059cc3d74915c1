"""What the text says: statements, the names they use, the calls they make.

A statement is the unit that is never cut. Everything here is known without running anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from thruway.findings import Finding, Place, Unknown
    from thruway.source.types import Source

StatementKind = Literal[
    "import",  # import x, from x import y, from x import *
    "function",  # def, or a name bound to a lambda
    "class",  # class
    "constant",  # a name bound to a literal (also a literal list, dict, tuple, set; also -1, 2**3)
    "docstring",  # a string alone
    "ordinary",  # everything else
]


@dataclass(frozen=True)
class Literal_:  # noqa: N801 - `Literal` is typing's
    """A literal argument in a call, with its place, so that it can be lifted to a parameter.

    Attributes:
        name: keyword, or the parameter's name from the knowledge table for a positional one,
            or "" when not known.
        position: index of a positional argument, -1 for a keyword.
        value: the Python value as `repr` text.
        type: int, float, str, bool, NoneType, list, tuple or dict (of literals).
        line, column, end_line, end_column: place of the literal in `Statement.code`; lines
            from 1, columns from 0 in characters (not bytes).
        nested: inside a function, lambda, comprehension or class body.
    """

    name: str
    position: int
    value: str
    type: str
    line: int
    column: int
    end_line: int
    end_column: int
    nested: bool = False


@dataclass(frozen=True)
class Call:
    """One call in a statement.

    Attributes:
        target: the dotted name with import aliases resolved (`pandas.read_csv`), or
            `<root name>.<attributes>` when the root is a variable (`model.fit`), or
            `?.method` when the receiver is an expression.
        receiver: root variable of the receiver, "" if none.
        method: last attribute, or the function's name.
        resolved: the target's root is an imported module or name.
        arguments: root variable names that appear in the arguments.
        literals: literal arguments.
        in_definition: made inside the body of a function, lambda or class method defined by
            this statement, thus not made when the statement runs.
    """

    target: str
    receiver: str
    method: str
    resolved: bool
    arguments: tuple[str, ...] = ()
    literals: tuple[Literal_, ...] = ()
    in_definition: bool = False


@dataclass(frozen=True)
class Statement:
    """One top-level statement.

    Attributes:
        id: from 1 in program order.
        place: cell and line in the user's text where it begins (comments above excluded).
        end_line: last line, in the same count as `place.line`.
        code: its Python exactly as it runs, without the comments above, dedented.
        comment: the comment lines directly above it (and blank lines between them), as written,
            plus a markdown-free trailing part of the cell for the last statement; "" if none.
        kind: see `StatementKind`.
        loads: global names read when the statement runs (bodies of functions excluded,
            comprehensions and class bodies included; default arguments and decorators included).
        deferred: global names read in the bodies of functions, lambdas and methods defined here.
        stores: global names bound on some path (imports, defs, classes, `for` targets, walrus).
        certain: the subset of `stores` bound on every path when the statement ends normally.
        deletes: names deleted.
        global_writes: names that functions defined here declare `global` and assign.
        mutates: root names of `x.y = …`, `x[...] = …`, `x += …`, `del x[...]` and of calls of
            methods that are known to change their receiver.
        calls: every call, in the order of the text.
        displays: the last expression of a notebook cell, not silenced by a semicolon.
        last_in_cell: last statement of its cell.
        heading, heading_level: nearest markdown heading above (for scripts: `# ## title`,
            `# --- title ---` or percent-cell titles), "" and 0 if none.
        dynamic: uses `exec`, `eval`, `globals()`, `locals()`, `vars()`: reads and writes of the
            text are then `Unknown`.
        moved: it was opened up: it stands, or says, something else than the author's line.
        argument: annotation of the command-line argument whose value it binds, "" if none: such a
            constant is a parameter, whatever its type.
        fan: it is a loop whose iterations could run each by itself.
        begins: it is the part of a loop that judges, without what trains.
    """

    id: int
    place: Place
    end_line: int
    code: str
    comment: str
    kind: StatementKind
    loads: frozenset[str]
    deferred: frozenset[str]
    stores: frozenset[str]
    certain: frozenset[str]
    deletes: frozenset[str]
    global_writes: frozenset[str]
    mutates: frozenset[str]
    calls: tuple[Call, ...]
    displays: bool
    last_in_cell: bool
    heading: str = ""
    heading_level: int = 0
    dynamic: Unknown | None = None
    moved: bool = False
    argument: str = ""
    fan: FanOut | None = None
    begins: bool = False

    def dump(self) -> str:
        """Return one line: id, kind, names read -> names bound."""
        reads = " ".join(sorted(self.loads))
        later = f" ({' '.join(sorted(self.deferred))})" if self.deferred else ""
        stores = " ".join(
            name if name in self.certain else f"{name}?" for name in sorted(self.stores)
        )
        changes = "".join(f" !{name}" for name in sorted(self.mutates))
        return f"{self.id} {self.kind}: {reads}{later} -> {stores}{changes}".rstrip()


@dataclass(frozen=True)
class FanOut:
    """What one iteration of a loop takes and gives; no iteration needs another.

    The statement before the loop makes the empty list of results, and the last line of the loop
    appends to it.

    Attributes:
        items: name of the list that the loop goes over.
        item: name for one of them.
        results: name of the list of what the iterations give.
        fitted: an iteration changes its item, on a copy, and gives it.
        copied: name of the function that copies what an iteration gives, because it would share
            something with what all iterations take; "" if it shares nothing.
    """

    items: str
    item: str
    results: str
    fitted: bool = False
    copied: str = ""


@dataclass(frozen=True)
class Part:
    """One of the statements that stand for a statement of the author.

    Attributes:
        code: its text: lines of the author, in a loop of their own.
        line, end_line: where these lines stand, in the count of `Statement.place.line`.
        fan: it is a loop whose iterations could run each by itself.
        begins: what it is for is another thing than what stands before it.
    """

    code: str
    line: int
    end_line: int
    fan: FanOut | None = None
    begins: bool = False


@dataclass(frozen=True)
class Rewriting:
    """A statement written as several, which is to be proven by running both.

    Attributes:
        statement: its id in the program as the author wrote it.
        parts: what stands for it, in order.
        names: names that the author's text does not have.
        reason: what was done, in words.
    """

    statement: int
    parts: tuple[Part, ...]
    names: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Program:
    """The statements of a source, in order.

    Attributes:
        source: what was read.
        statements: in the order in which they run.
        findings: what was noticed.
        opened: what was opened up beyond `if __name__ == "__main__":`, as text.
        arguments: of the command line that it runs with.
        rewritings: the statements of the author that are written as several here.
        order: the author's number of every statement where they were put in another order.
    """

    source: Source
    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...] = ()
    opened: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    rewritings: tuple[Rewriting, ...] = ()
    order: tuple[int, ...] = ()

    def dump(self) -> str:
        """Return a line per statement."""
        return "\n".join(statement.dump() for statement in self.statements)
