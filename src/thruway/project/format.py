"""Let ruff sort imports and format, and silence what the user's own lines trigger.

A rule that a line of the user breaks is switched off at the top of that file, so that the lines
themselves stay as they are; an import that is only needed dynamically says so where it stands.
Three calls for a whole project, each a few hundredths of a second.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

UNUSED_IMPORT = "F401"


def format_files(files: dict[str, str]) -> dict[str, str]:
    """Return the Python files formatted, others as they are; all as they are without ruff."""
    ruff = _find_ruff()
    modules = {path: text for path, text in files.items() if path.endswith(".py")}
    if not ruff or not modules:
        return files
    with tempfile.TemporaryDirectory(prefix="thruway-") as folder:
        root = Path(folder)
        for path, text in modules.items():
            _write(root / path, text)
        _call(ruff, root, "check", "--select", "I", "--fix", "--exit-zero", "--quiet")
        _call(ruff, root, "format", "--quiet")
        _silence(_call(ruff, root, "check", "--exit-zero", "--output-format", "json"))
        formatted = {path: (root / path).read_text(encoding="utf-8") for path in modules}
    return {**files, **formatted}


def _find_ruff() -> str:
    try:
        from ruff import find_ruff_bin  # type: ignore[import-untyped] # it ships no types

        return str(find_ruff_bin())
    except (ImportError, FileNotFoundError):
        beside = shutil.which("ruff", path=str(Path(sys.executable).parent))
        return beside or shutil.which("ruff") or ""


def _call(ruff: str, root: Path, command: str, *options: str) -> str:
    done = subprocess.run(
        [ruff, command, "--isolated", "--no-cache", *options, "."],
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def _silence(report: str) -> None:
    """Write `noqa` comments for what a JSON report of ruff names."""
    codes: dict[Path, set[str]] = defaultdict(set)
    unused: dict[Path, set[int]] = defaultdict(set)
    for found in json.loads(report or "[]"):
        path, code = Path(found["filename"]), found["code"]
        if code == UNUSED_IMPORT:
            unused[path].add(found["noqa_row"])
        elif code and code[-1].isdigit():  # a syntax error has no code that could be silenced
            codes[path].add(code)
    for path in codes.keys() | unused.keys():
        lines = path.read_text(encoding="utf-8").split("\n")
        for row in unused[path]:
            lines[row - 1] += f"  # noqa: {UNUSED_IMPORT}"
        if codes[path]:
            end = ast.parse("\n".join(lines)).body[0].end_lineno or 1  # of the docstring
            lines[end:end] = ["", f"# ruff: noqa: {', '.join(sorted(codes[path]))}"]
            if not lines[end + 2].strip():
                del lines[end + 2]
        _write(path, "\n".join(lines))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
