"""The verb `add`: what is needed is found, the calls are written, the pipeline is read again."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.api.adding.choose import Chooser, Chosen, Undecided
from thruway.api.adding.edit import Call, with_calls
from thruway.api.adding.rows import ROWS, Port, giver_of
from thruway.api.adding.scope import scope_of, statement_of
from thruway.errors import ThruwayError, UsageError
from thruway.kit.ports.check import check_types
from thruway.kit.project import load_project
from thruway.kit.reading.read import read_pipeline
from thruway.run.modules import project_imports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from thruway.api.adding.scope import Scope
    from thruway.kit.project import ProjectConfig


@dataclass(frozen=True)
class Added:
    """A component written into a pipeline.

    Attributes:
        file: of the pipeline.
        components: what was added: the component, after those that it needs.
        wiring: `evaluate.model` → (what it takes, why).
        diff: of the file, as a unified diff.
        hints: what to do next.
        written: whether the file was changed.
    """

    file: Path
    components: tuple[str, ...]
    wiring: dict[str, tuple[str, str]]
    diff: str
    hints: tuple[str, ...]
    written: bool

    def dump(self) -> dict[str, object]:
        """Return the record for `--json`."""
        return {
            "file": str(self.file),
            "components": list(self.components),
            "wiring": {port: {"takes": t, "why": why} for port, (t, why) in self.wiring.items()},
            "diff": self.diff,
            "hints": list(self.hints),
            "written": self.written,
        }


def add(
    component: str,
    project: str | Path,
    *,
    into: Mapping[str, str] | None = None,
    label: str = "",
    values: Mapping[str, str] | None = None,
    name: str = "",
    dry_run: bool = False,
) -> Added:
    """Write a component into the pipeline of a project, wired to what is there.

    What it needs and the pipeline lacks is added too, where a component gives it: `bless` brings
    `evaluate`. The user's text stays as it is, but for the new lines and an import.

    Args:
        component: its name.
        project: folder of the project, or what `load_project` takes.
        into: port → value of the pipeline (`X_test`, or `split.test`), where that is not plain.
        label: column of the label, or the value that holds the labels.
        values: parameter → value, as text of Python, to be written as keywords.
        name: of the result in the pipeline.
        dry_run: change nothing; the result says what would be.

    Raises:
        UsageError: there is no such component, or it is not plain what a port takes; says the
            candidates.
        PipelineError: the pipeline cannot be read.
    """
    if component not in ROWS:
        raise UsageError(f"`{component}` cannot be added", fix=f"one of {', '.join(ROWS)}")
    config = load_project(project)
    scope = scope_of(read_pipeline(config), config)
    text = config.file.read_bytes().decode()  # with its line ends as they are
    made = _Adding(scope, text, label)
    made.add(component, into or {}, values or {}, name)
    new = with_calls(text, config.name, made.calls)
    if not dry_run:
        _write(config, text, new)
    return Added(
        config.file,
        tuple(call.component for call in made.calls),
        made.wiring,
        _diff(config, text, new),
        tuple(ROWS[call.component].hint for call in made.calls if ROWS[call.component].hint),
        not dry_run,
    )


class _Adding:
    """Collects the calls that are to be written."""

    def __init__(self, scope: Scope, text: str, label: str) -> None:
        self.scope = scope
        self.chooser = Chooser(scope, label)
        self.calls: list[Call] = []
        self.wiring: dict[str, tuple[str, str]] = {}
        tree = ast.parse(text)
        self.function = next(
            node
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name == scope.dag.name
        )
        self.taken = {
            *(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)),
            *_bound(tree),
            *scope.names,
        }
        self.imported = _components_imported(tree)

    def add(
        self, component: str, into: Mapping[str, str], values: Mapping[str, str], name: str = ""
    ) -> Call:
        """Add a component, after those that give what it needs."""
        row = ROWS[component]
        self._check(component, into)
        arguments, after = [], -1
        for port in row.ports:
            found = self._port(component, port, into.get(port.name, ""))
            if found is None:
                continue
            arguments.append(f"{port.name}={found.text}" if port.by_name else found.text)
            after = max(after, self._position(found))
            self.wiring[f"{component}.{port.name}"] = (found.text, found.why)
        keywords = {**dict(row.keywords), **values}
        arguments += [f"{key}={_literal(key, value)}" for key, value in keywords.items()]
        called = self._called(component)
        target = self._free(name or row.target)
        call = Call(target, component, called, tuple(arguments), after)
        self.calls.append(call)
        return call

    def _check(self, component: str, into: Mapping[str, str]) -> None:
        ports = [port.name for port in ROWS[component].ports]
        for port in into:
            if port not in ports:
                raise UsageError(
                    f"`{component}` has no port `{port}`", fix=f"one of {', '.join(ports)}"
                )

    def _port(self, component: str, port: Port, said: str) -> Chosen | None:
        if said:
            return self._said(component, port, said)
        giver = giver_of(port.kind)
        for call in self.calls:
            if giver and call.component == giver:
                return Chosen(call.target, call.target, f"what `{giver}` gives")
        found = (
            self.chooser.of_class(ROWS[giver].returns) if giver else self.chooser.find(port.kind)
        )
        if isinstance(found, Chosen):
            return found
        if port.optional:
            return None
        if giver:
            call = self.add(giver, {}, {})
            return Chosen(call.target, call.target, f"what `{giver}` gives, which is added too")
        raise _undecided(component, port, found)

    def _said(self, component: str, port: Port, said: str) -> Chosen:
        value = self.scope.said(said)
        if value is not None:
            return Chosen(value.text, value.node, "as you said")
        try:
            ast.literal_eval(said)
        except (ValueError, SyntaxError):
            every = ", ".join(map(str, self.scope.values)) or "none"
            raise UsageError(
                f"the pipeline has no value `{said}` for `{component}.{port.name}`",
                fix=f"a value that has a name in it: {every}",
            ) from None
        return Chosen(said, "", "as you said")

    def _position(self, found: Chosen) -> int:
        """Return the statement after which a value is there."""
        for call in self.calls:
            if call.target == found.node:
                return call.after
        if not found.node:
            return -1
        return statement_of(self.function, self.scope.dag.node(found.node).line)

    def _free(self, name: str) -> str:
        """Return a name that nothing in the module has."""
        number, free = 2, name
        while free in self.taken:
            free, number = f"{name}_{number}", number + 1
        self.taken.add(free)
        return free

    def _called(self, component: str) -> str:
        if component in self.imported:
            return self.imported[component]
        # Variables of a function hide what its module imports.
        called = component if component not in self.taken else self._free(f"{component}_component")
        self.taken.add(called)
        self.imported[component] = called
        return called


def _bound(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(one.asname or one.name).partition(".")[0] for one in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def _components_imported(tree: ast.Module) -> dict[str, str]:
    """Return component → how it is called, of those that the module imports already."""
    return {
        one.name: one.asname or one.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "thruway.components"
        for one in node.names
    }


def _literal(key: str, text: str) -> str:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise UsageError(
            f"the value of `{key}` is no literal: {text}",
            fix=f"write it as in Python: {key}='text', {key}=3, {key}=[1, 2]",
        ) from None
    return text


def _undecided(component: str, port: Port, found: Undecided) -> UsageError:
    listed = "\n".join(f"  {candidate}" for candidate in found.candidates)
    way = f"--into {port.name}=VALUE"
    if port.kind == "held-out label":
        way = f"--label COLUMN, or {way}"
    return UsageError(
        f"it is not plain what `{component}.{port.name}` ({port.kind}) takes: {found.why}",
        fix=f"say it: {way}",
        detail=f"the values that have a name:\n{listed}" if listed else "",
    )


def _write(config: ProjectConfig, text: str, new: str) -> None:
    """Write the pipeline; what cannot be read or does not fit is not left there."""
    config.file.write_text(new, encoding="utf-8", newline="")
    try:
        dag = read_pipeline(config)
        with project_imports(config.roots):
            check_types(dag)
    except ThruwayError:
        config.file.write_text(text, encoding="utf-8", newline="")
        raise


def _diff(config: ProjectConfig, text: str, new: str) -> str:
    where = config.file.relative_to(config.dir).as_posix()
    lines = difflib.unified_diff(
        text.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{where}", f"b/{where}"
    )
    return "".join(lines)
