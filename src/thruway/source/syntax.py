"""What Python itself says about the text of a cell, told with the cell and the line."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from thruway.errors import MigrationRefused, SourceError
from thruway.findings import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

PYTHON_2 = (
    "Missing parentheses in call to 'print'",
    "Missing parentheses in call to 'exec'",
    "multiple exception types must be parenthesized",
    "leading zeros in decimal integer literals",
)
PYTHON_2_TEXT = re.compile(r"^\s*(print\s+[^(\s=]|except\s+\w+\s*,|raise\s+\w+\s*,)|<>|\bur'")


def require_python(
    code: str, line_map: Sequence[int], text: str, place: Place, version: str = ""
) -> None:
    """Check that a cell compiles as statements of a module.

    Args:
        code: the cell's Python.
        line_map: line of `text` for each line of `code`.
        text: what the author wrote.
        place: file and cell.
        version: Python version that the notebook's metadata names.

    Raises:
        SourceError: a syntax error, with the line and the offending text.
        MigrationRefused: `await` outside a function, which only IPython runs.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, place.file, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise explained(error, line_map, text, place, version) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"Python cannot read the program: {error}.", str(place)) from error


def explained(
    error: SyntaxError, line_map: Sequence[int], text: str, place: Place, version: str = ""
) -> SourceError | MigrationRefused:
    """Return a syntax error as three lines."""
    index = max((error.lineno or 1) - 1, 0)
    line = line_map[min(index, len(line_map) - 1)] if line_map else index + 1
    lines = text.split("\n")
    offending = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    where = f"{Place(place.file, place.cell, line)}: {offending}"
    message = error.msg.split(" (<")[0].rstrip(".")
    sentence = message if message.endswith("?") else f"{message}."
    if "'await' outside function" in message or "outside async function" in message:
        return MigrationRefused(
            "`await` outside a function runs only in IPython.",
            where,
            "put it into an async function and call that with asyncio.run(...)",
        )
    if message.startswith(PYTHON_2) or PYTHON_2_TEXT.search(offending) or version.startswith("2"):
        return SourceError(
            f"The program is Python 2: {sentence}",
            where,
            "bring it to Python 3 first (python -m fissix, or 2to3 of Python 3.12 and older)",
        )
    return SourceError(
        f"Python cannot read the program: {sentence}", where, "correct the line, or remove it"
    )


def has_statements(code: str) -> bool:
    """Tell whether there is anything to run besides comments."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(ast.parse(code).body)
