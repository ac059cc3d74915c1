"""Go over the steps of a project, and find the calls that a component stands for."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.kit.code.modules import Finder, Foreign
from thruway.kit.code.scope import chain_of
from thruway.project.upgrades.recognise import recognise
from thruway.project.upgrades.types import Called, Edit, Upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from thruway.kit.code.modules import Module
    from thruway.kit.dag import StepRef
    from thruway.kit.project import ProjectConfig


def find_upgrades(project: ProjectConfig) -> tuple[Upgrade, ...]:
    """Return every call in a step that a component stands for, in the order of the pipeline.

    A step that is called several times is looked at once. Of several calls of one step that the
    same component stands for and nobody can write, the first is named.

    Raises:
        PipelineError: the pipeline cannot be read.
    """
    finder = Finder(project.roots)
    steps = {(node.step.module, node.step.qualname): node.step for node in project.dag().nodes}
    found = [one for step in steps.values() for one in _of_step(finder, step)]
    kept: dict[tuple[str, str, str], Upgrade] = {}
    for one in found:
        kept.setdefault((one.step, one.component, one.written and one.found), one)
    return tuple(kept.values())


@dataclass(frozen=True)
class _Text:
    """The text of a file, by parts of its tree."""

    content: bytes

    def __call__(self, node: ast.AST) -> str:
        edit = self.span(node, "")
        return self.content[edit.start : edit.end].decode()

    def span(self, node: ast.AST, text: str) -> Edit:
        """Return the edit that puts a text in place of a part."""
        lines = self.content.splitlines(keepends=True)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        begin, end = _place(node)
        return Edit(starts[begin[0] - 1] + begin[1], starts[end[0] - 1] + end[1], text)


def _place(node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
    assert isinstance(node, ast.expr | ast.stmt)
    last, column = node.end_lineno, node.end_col_offset
    assert last is not None
    assert column is not None
    return (node.lineno, node.col_offset), (last, column)


def _of_step(finder: Finder, step: StepRef) -> Iterator[Upgrade]:
    module = finder.find(step.module)
    if step.file is None or module is None:
        return  # of a library
    text = _Text(step.file.read_bytes())
    for function in ast.parse(text.content).body:
        if isinstance(function, ast.FunctionDef) and function.name == step.qualname:
            yield from _of_function(finder, module, step, function, text)


def _of_function(
    finder: Finder, module: Module, step: StepRef, function: ast.FunctionDef, text: _Text
) -> Iterator[Upgrade]:
    for statement in function.body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call):
                continue
            called = Called(_name(finder, module, node), node, statement, text)
            found = recognise(called) if called.name else None
            if found is None:
                continue
            assert step.file is not None
            yield Upgrade(
                step.name,
                found.component,
                step.file,
                node.lineno,
                text(found.over or node),
                found.brings,
                found.written,
                found.by_hand,
                text.span(found.over, found.written) if found.over is not None else None,
            )


def _name(finder: Finder, module: Module, node: ast.Call) -> str:
    """Return the dotted name of a library's function, or `.name` of a method of a value."""
    chain = chain_of(node.func)
    if not chain:
        return f".{node.func.attr}" if isinstance(node.func, ast.Attribute) else ""
    hits = list(finder.follow(module, chain))
    foreign = [hit.name for hit in hits if isinstance(hit, Foreign)]
    if foreign:
        return foreign[0]
    return f".{chain[-1]}" if not hits and len(chain) > 1 else ""
