"""How far above its own folder a program's paths reach."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from thruway.program.imports import imported_roots

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from thruway.program.types import Statement

_LEADING = re.compile(r"(?:\./)*((?:\.\.(?:[/\\]+|$))*)")
_HIGHEST = 6


def reach_above(folder: Path, statements: Sequence[Statement]) -> int:
    """Return how many levels above its folder a program, or a module beside it, may reach.

    Args:
        folder: of the program.
        statements: of the program.
    """
    own = climb(statement.code for statement in statements)
    trees = (ast.parse(each.code) for each in statements if "import" in each.code)
    files = _beside(folder, {name for tree in trees for name in imported_roots(tree)})
    return max([own, *(climb(_statements(file)) for file in files)])


def _beside(folder: Path, names: set[str]) -> Iterator[Path]:
    """Yield the files of modules beside a program, and of those that these import."""
    seen: set[Path] = set()
    waiting = sorted(names)
    known = set(names)
    while waiting:
        name = waiting.pop()
        for file in (folder / f"{name}.py", *sorted((folder / name).glob("**/*.py"))):
            if file in seen or not file.is_file():
                continue
            seen.add(file)
            yield file
            more = {each for code in _statements(file) for each in imported_roots(ast.parse(code))}
            waiting += sorted(more - known)
            known |= more


def _statements(file: Path) -> list[str]:
    """Return the top-level statements of a module, none if it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (OSError, SyntaxError, ValueError):
        return []
    return [ast.unparse(node) for node in body]


def climb(codes: Iterable[str]) -> int:
    """Return how many levels above the program's folder these statements may reach.

    One too many costs a few links; one too few hides the user's data.

    Example:
        >>> climb(["df = pd.read_csv('../data/a.csv')", "x = 1"])
        1
        >>> climb(["p = Path('..') / '..' / 'data'", "s = '... and so on'"])
        2
        >>> climb(["root = Path(__file__).absolute().parents[1]"])
        1
    """
    literal = steps = 0
    for code in codes:
        if ".." in code or "parent" in code or "dirname" in code:
            tree = ast.parse(code)
            literal = max(literal, _by_literals(tree))
            steps += _by_steps(tree)
        steps -= "__file__" in code  # its parent is the program's own folder
    return min(max(literal, steps), _HIGHEST)


def _by_literals(tree: ast.AST) -> int:
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    alone = sum(text in {"..", "../"} for text in texts)  # joined piece by piece
    return max([alone, *map(_of_text, texts)])


def _of_text(text: str) -> int:
    match = _LEADING.match(text)
    return match.group(1).count("..") if match else 0


def _by_steps(tree: ast.AST) -> int:
    """Count `.parent`, `.parents[n]` and `dirname(...)`."""
    return sum(map(_step, ast.walk(tree)))


def _step(node: ast.AST) -> int:
    if isinstance(node, ast.Attribute):
        return int(node.attr in {"parent", "dirname"})
    if isinstance(node, ast.Name):
        return int(node.id == "dirname")
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        index = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if node.value.attr == "parents" and isinstance(index, int):
            return index + 1
    return 0
