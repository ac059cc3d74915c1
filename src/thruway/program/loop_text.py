"""Writes a loop as two: the author's lines under two headers, and what the first leaves."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.program.indent import indent
from thruway.program.types import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from thruway.program.loops import Line, Loop
    from thruway.program.types import FanOut

_VIEWS = frozenset({"range", "enumerate", "zip", "reversed", "sorted", "len", "list", "tuple"})
_OF_DICTS = frozenset({"items", "keys", "values"})
_FOLDS = frozenset({"split"})


def is_view(tree: ast.expr, repeats: Callable[[str], bool]) -> bool:
    """Whether an expression gives the same each time it is evaluated, and nothing new.

    Args:
        tree: what a loop goes over.
        repeats: whether the value of a name can be gone over again and again.
    """
    if isinstance(tree, ast.Constant):
        return True
    if isinstance(tree, ast.Name):
        return repeats(tree.id)
    if isinstance(tree, (ast.Attribute, ast.Starred)):
        return is_view(tree.value, repeats)
    if isinstance(tree, ast.BinOp):
        return is_view(tree.left, repeats) and is_view(tree.right, repeats)
    if isinstance(tree, ast.Subscript):
        return is_view(tree.value, repeats)
    if not isinstance(tree, ast.Call) or tree.keywords:
        return False
    if isinstance(tree.func, ast.Name) and tree.func.id in _VIEWS:
        return all(is_view(argument, repeats) for argument in tree.args)
    if isinstance(tree.func, ast.Attribute) and tree.func.attr in _OF_DICTS and not tree.args:
        return is_view(tree.func.value, repeats)
    return False


def items_name(loop: Loop, taken: frozenset[str], target: str = "") -> str:
    """Return a name for what a loop goes over, or for what its first part takes of that."""
    tree = loop.items_tree
    if isinstance(tree, ast.Call) and getattr(tree.func, "attr", "") in _FOLDS:
        return free("folds", taken)
    one = target or loop.target
    wanted = plural(one) if one.isidentifier() and one.strip("_") else "candidates"
    return free("candidates" if wanted in taken else wanted, taken)


def kept_name(kept: Sequence[str], taken: frozenset[str]) -> str:
    """Return a name for the list of what the iterations leave."""
    return free(plural(kept[0]) if len(kept) == 1 else "fitted", taken)


def plural(name: str) -> str:
    """Return the name of a list of such things.

    Examples:
        >>> plural("knn"), plural("history"), plural("scores"), plural("C")
        ('knns', 'histories', 'all_scores', 'C_values')
    """
    if len(name) == 1:
        return f"{name}_values"
    if name.endswith(("s", "x", "ch", "sh")) or not name[-1].isalpha():
        return f"all_{name}"
    if name.endswith("y") and name[-2] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"


def free(name: str, taken: frozenset[str]) -> str:
    """Return a name that is not taken."""
    number, wanted = 2, name
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def item_name(name: str) -> str:
    """Return a name for one of the items of a list.

    Examples:
        >>> item_name("folds"), item_name("C_values"), item_name("data")
        ('fold', 'C_value', 'item')
    """
    return name[:-1] if name.endswith("s") and len(name) > 2 and name[-2] != "s" else "item"


def bound_items(loop: Loop, name: str, items: str = "") -> Part:
    """Return the statement that names what a loop goes over."""
    text = items or loop.items
    tree = ast.parse(f"({text})", mode="eval").body
    display = isinstance(tree, (ast.List, ast.Tuple, ast.Dict, ast.Set))
    end = loop.line + loop.items.count("\n")
    return Part(f"{name} = {text if display else f'list({text})'}", loop.line, end)


def collecting(
    loop: Loop,
    lines: Sequence[int],
    header: tuple[str, str],
    kept: tuple[str, ...],
    name: str,
    fan: FanOut | None = None,
) -> tuple[Part, ...]:
    """Return the loop of some lines, which keeps what each iteration makes in a list.

    Args:
        loop: the author's loop.
        lines: positions of the lines.
        header: what stands before and behind `in`.
        kept: names of what is kept.
        name: of the list.
        fan: what one iteration takes and gives, if none needs another.
    """
    row = _row(kept) if kept else ""
    row = f"{fan.copied}({row})" if fan and fan.copied else row
    added = [f"{name}.append({row})"] if kept else []
    chosen = [loop.lines[i] for i in lines]
    code = _loop(*header, loop.note, chosen, added)
    head = (Part(f"{name} = []", loop.line, loop.line),) if kept else ()
    return (*head, Part(code, loop.line, chosen[-1].end_line, fan))


def following(
    loop: Loop, lines: Sequence[int], items: str, kept: tuple[str, ...], name: str, *, needs: bool
) -> Part:
    """Return the loop of the other lines, which takes up what the first has kept."""
    target, over = _header(loop, items, kept, name, needs=needs)
    chosen = [loop.lines[i] for i in lines]
    closing = loop.closing.split("\n") if loop.closing else []
    code = _loop(target, over, "", chosen, closing)
    return Part(code, chosen[0].line, chosen[-1].end_line, begins=True)


def _header(
    loop: Loop, items: str, kept: tuple[str, ...], name: str, *, needs: bool
) -> tuple[str, str]:
    """Return what stands before and behind `in` in the header of the second loop."""
    if not kept:
        return loop.target, items
    if not needs:
        return ", ".join(kept), name
    row = f"({', '.join(kept)})" if len(kept) > 1 else kept[0]
    tree = ast.parse(f"({items})", mode="eval").body
    flat = isinstance(ast.parse(loop.target, mode="eval").body, ast.Tuple)
    if flat and _is_zip(tree):
        return f"{_bare(loop.target)}, {row}", f"{items.rstrip()[:-1].rstrip(', ')}, {name})"
    target = f"({_bare(loop.target)})" if flat else loop.target
    return f"{target}, {row}", f"zip({items}, {name})"


def _is_zip(tree: ast.expr) -> bool:
    return (
        isinstance(tree, ast.Call)
        and isinstance(tree.func, ast.Name)
        and tree.func.id == "zip"
        and not tree.keywords
    )


def _bare(target: str) -> str:
    """Return a tuple of names without brackets around it."""
    text = target.strip()
    return text[1:-1].strip().rstrip(",") if text.startswith("(") and _closes(text) else text


def _closes(text: str) -> bool:
    """Whether the first bracket of a text is closed by its last character."""
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return position == len(text) - 1
    return False


def _row(kept: tuple[str, ...]) -> str:
    return f"({', '.join(kept)})" if len(kept) > 1 else kept[0]


def _loop(target: str, items: str, note: str, lines: Sequence[Line], added: Iterable[str]) -> str:
    """Return the text of a loop over some lines of the author."""
    head = f"for {target} in {items}:" + (f"  {note}" if note else "")
    rows: list[str] = []
    for number, line in enumerate(lines):
        if number and line.spaced:
            rows.append("")
        rows.append(indent(line.text))
    return "\n".join([head, *rows, *(indent(row) for row in added)])
