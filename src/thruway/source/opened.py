"""`%run other.py`: the text of the other file in the place of the line that runs it.

IPython runs a script in names of its own and copies them into the notebook's; a notebook (and
`%run -i`) runs in the notebook's names. Both are the same as the text itself, unless a function of
the script reads a name that the notebook binds again: that is refused.
"""

from __future__ import annotations

import ast
import re
import shlex
from typing import TYPE_CHECKING

from thruway.errors import SourceError
from thruway.source.answers import refused
from thruway.source.notebook import read_notebook
from thruway.source.script import read_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from thruway.findings import Place

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_FIX = "import what it defines instead"
_OWN = {
    "__file__": "asks where it lies",
    "exit(": "ends itself",
    "quit(": "ends itself",
    "sys.argv": "reads its arguments",
}


def opened(
    arguments: str, place: Place, folder: Path, known: str, convert: Callable[[str], str]
) -> str:
    """Return the Python of a file that `%run` names.

    Args:
        arguments: what follows `%run`.
        place: of the line.
        folder: the notebook's own.
        known: the text of all code cells.
        convert: turns a cell of the file into Python.

    Raises:
        MigrationRefused: the file is missing, takes arguments, or minds where it runs.
    """
    text = f"%run {arguments}".strip()
    path, shared = _named(arguments, place, folder, text)
    is_notebook = path.suffix == ".ipynb"
    try:
        drafts = read_notebook(path) if is_notebook else read_script(path)
        cells = [convert(each.text) for each in drafts.cells if each.kind == "code"]
        code = "\n".join(cells)
        tree = ast.parse(code)
    except (OSError, SyntaxError, SourceError) as error:
        reason = getattr(error, "what", error)
        raise refused(f"`{text}` cannot be read: {reason}", place, text, _FIX) from error
    if not is_notebook and (why := _why_not(code, tree, known, shared=shared)):
        raise refused(f"`{text}` cannot be opened up: {why}.", place, text, _FIX)
    # A script shows nothing, whatever its last line is.
    return code if is_notebook else f"{code.rstrip()}\npass"


def _named(arguments: str, place: Place, folder: Path, text: str) -> tuple[Path, bool]:
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = ["-"]
    options = [word for word in words if word.startswith("-")]
    names = [word for word in words if not word.startswith("-")]
    if len(names) != 1 or set(options) - {"-i"}:
        what = f"`{text}` gives the other program arguments."
        raise refused(what, place, text, "write what it does with them into a cell")
    path = folder / names[0]
    if not path.suffix:
        path = path.with_name(f"{path.name}.py")
    if not path.is_file():
        raise refused(f"`{text}` names a file that is not there.", place, text, "correct its path")
    return path, "-i" in options


def _why_not(code: str, tree: ast.Module, known: str, *, shared: bool) -> str:
    """Return what a script does that it would not do as text of the notebook."""
    for mark, why in _OWN.items():
        if mark in code:
            return f"it {why}"
    if shared:
        return ""
    if any(isinstance(node, ast.Global) for node in ast.walk(tree)):
        return "its functions bind names of its own"
    bound = {name for node in tree.body for name in _bound(node)}
    for name in sorted(bound & set(_read_later(tree))):
        again = rf"^\s*{name}\s*([-+*/|&]?=(?!=)|,)|\b(for|as|def|class|import)\s+{name}\b"
        if re.search(again, known, re.MULTILINE):
            return f"its functions read `{name}`, which the notebook binds too"
    return ""


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds at the top, those of imports excepted."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store):
            yield node.id
    elif not isinstance(node, ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _bound(child)


def _read_later(tree: ast.AST) -> Iterator[str]:
    """Yield the names that functions read."""
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
                    yield inner.id
