"""What one observed run showed, statement by statement.

Resources are written as tokens, and behave like variables:

| token | meaning |
|---|---|
| `random:python`, `random:numpy`, `random:torch`, `random:tensorflow` | global random streams |
| `file:<path>` | a file; relative to the program's folder (posix) if inside it, else absolute |
| `dir:<path>` | a folder that was listed |
| `figure:<n>` | the n-th pyplot figure made by the program, from 1 |
| `env:<NAME>` | environment variable |
| `options:cwd`, `options:path` | working directory, `sys.path` |
| `options:<library>` | settings of pandas, numpy, decimal, warnings, matplotlib, logging … |
| `module:<dotted name>` | attributes of a module were changed |
| `outside:stdin`, `outside:network`, `outside:process`, `outside:thread` | the outside |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from thruway.kit.values.types import Value

EffectMode = Literal["read", "write", "update"]


@dataclass(frozen=True)
class Effect:
    """A resource touched by a statement."""

    resource: str
    mode: EffectMode


@dataclass(frozen=True)
class Figure:
    """A pyplot figure: its number, digest of drawn data, and how its life ended."""

    number: int
    digest: str
    shown: bool
    summary: str = ""
    png: str = ""


@dataclass(frozen=True)
class Display:
    """A value that a notebook displayed, or an explicit `display(...)`: text and maybe HTML."""

    text: str
    html: str = ""


@dataclass(frozen=True)
class Fact:
    """What one statement did in the observed run.

    Attributes:
        statement: id of the statement.
        reads: names whose value from before the statement was read, also in helpers.
        binds: names (re)bound.
        deletes: names deleted.
        changes: names bound before, not rebound, whose content is now different (aliases too).
        effects: resources touched.
        values: for each name bound or changed, its description afterwards.
        shares: groups (two or more names) that share mutable objects after the statement;
            only groups with a name touched by the statement.
        seconds: time of the user's code alone.
        stdout: text printed.
        displays: values displayed.
        figures: figures whose life ended here (shown, closed, flushed at the end of a cell,
            or left over at the end of the program: then on the statement that last touched it).
        silent: the notebook shows no value of it; what it displays, it displays itself.
        flushed: figures were open at the end of this notebook cell and were shown by Jupyter.
        files_read, files_written: paths as in tokens, with the content digest after it; "" for a
            file that it removed.
        places: names bound to a path in the working folder, which is another one in every run.
        items: content digests of what a loop gathered, one by one: alone, without what they
            share; "" for what cannot be looked into.
    """

    statement: int
    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    effects: tuple[Effect, ...] = ()
    values: dict[str, Value] = field(default_factory=dict)
    shares: tuple[frozenset[str], ...] = ()
    seconds: float = 0.0
    stdout: str = ""
    displays: tuple[Display, ...] = ()
    figures: tuple[Figure, ...] = ()
    silent: bool = False
    flushed: bool = False
    files_read: dict[str, str] = field(default_factory=dict)
    files_written: dict[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    places: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Failure:
    """The user's code raised: where and what.

    Attributes:
        statement: id of the statement.
        type: class of the exception.
        message: its text.
        traceback: its last lines, with the author's own line numbers.
        line: line of the cell or script at which the statement was; 0 when not known.
    """

    statement: int
    type: str
    message: str
    traceback: str
    line: int = 0


@dataclass(frozen=True)
class Trace:
    """One observed run.

    Attributes:
        facts: one per statement that ran to its end, in order.
        failure: the statement that raised, if one did.
        python: version of the child interpreter.
        executable: its path (kept out of written projects).
        packages: distribution name → version, of what the program imported.
        local_modules: files beside the program that it imported (posix, relative).
        import_path: folders of `sys.path` at the end that lie beside it (posix, relative).
        seed: ambient seed set before the first statement.
        seconds: wall time of the whole run without start-up.
        user_seconds: wall time of the user's statements alone.
        peak_bytes: peak resident memory of the child.
        alive: names alive at the end (no modules, functions, classes; no underscored names).
        stderr: the end of what was printed there; kept for the reader, never compared.
        linked_folders: folders of data too large to mirror, which the program saw as they are.
        import_draws: (module, random stream) of imports that drew from a stream; it was put back.
    """

    facts: tuple[Fact, ...]
    failure: Failure | None
    python: str
    executable: str
    packages: dict[str, str]
    local_modules: tuple[str, ...]
    seed: int
    seconds: float
    user_seconds: float
    peak_bytes: int
    alive: frozenset[str]
    stderr: str = ""
    linked_folders: tuple[str, ...] = ()
    import_draws: tuple[tuple[str, str], ...] = ()
    import_path: tuple[str, ...] = (".",)

    def fact(self, statement: int) -> Fact:
        """Return the fact of a statement; an empty one when it did not run."""
        return self._by_statement.get(statement) or Fact(statement)

    @cached_property
    def _by_statement(self) -> dict[int, Fact]:
        return {fact.statement: fact for fact in self.facts}

    def dump(self) -> str:
        """Return a line per statement: reads -> binds, !changes, effects."""
        return "\n".join(_dump_fact(fact) for fact in self.facts)


def _dump_fact(fact: Fact) -> str:
    parts = [f"{fact.statement}:", " ".join(sorted(fact.reads)), "->", " ".join(sorted(fact.binds))]
    parts += [f"!{name}" for name in sorted(fact.changes)]
    parts += [f"{effect.mode}({effect.resource})" for effect in fact.effects]
    return " ".join(part for part in parts if part)


Captured = dict[tuple[int, str], Any]
"""Values kept on request, by (statement, name)."""
