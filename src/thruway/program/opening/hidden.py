"""What holds the program where opening does not reach: told, so that nobody wonders."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.findings import Finding, Place, Severity
from thruway.program.imports import dotted_name
from thruway.program.opening.choose import ENTRIES, Kinds, imports_of
from thruway.program.opening.scope import references
from thruway.program.opening.sites import sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from thruway.program.opening.rows import Text

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def hidden(text: Text, path: Path, told: frozenset[str]) -> Iterator[Finding]:
    """Yield a finding for each function that holds the program and is called out of reach.

    Args:
        text: of the program, opened.
        path: of the file.
        told: functions that were looked at already.
    """
    kinds = Kinds(text)
    called = {site.call.func.id for site in sites(text) if isinstance(site.call.func, ast.Name)}
    outside = [node for node in text.body if not isinstance(node, _DEFINITIONS)]
    for node in text.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if node.name in called | told or references(text.tree, node.name) != 1:
            continue
        holds = node.name in ENTRIES or len(kinds.families(node.name)) > 1
        if holds and any(references(each, node.name) for each in outside):
            reason = f"`{node.name}()` stays closed: its call is a part of another statement"
            fix = f"call it in a statement of its own: `{node.name}()`"
            yield _finding(text, path, node, reason, fix)
    yield from _elsewhere(text, path)


def _elsewhere(text: Text, path: Path) -> Iterator[Finding]:
    """Look for a program that only calls what holds it in a module beside it."""
    imports = imports_of(text)
    for site in sites(text):
        if site.target:
            continue
        full = imports.resolve(dotted_name(site.call.func) or "") or ""
        module, _, name = full.rpartition(".")
        file = path.parent / (module.replace(".", "/") + ".py")
        if module and name in ENTRIES | {"train", "run_pipeline"} and file.is_file():
            shown = file.relative_to(path.parent).as_posix()
            reason = f"`{name}()` of {shown} holds statements, which stay one"
            yield _finding(text, path, site.statement, reason, f"migrate {shown} itself")


def _finding(text: Text, path: Path, node: ast.stmt, reason: str, fix: str) -> Finding:
    row = text.rows[node.lineno - 1]
    return Finding("TW121", Severity.INFO, Place(path.name, row.cell, row.line), reason, fix)
