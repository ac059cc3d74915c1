"""Cells of a script: one for a plain script, one per marker for a percent script.

Markers are `# %%` (VS Code, Spyder, Jupytext), `# In[3]:` (what `jupyter nbconvert --to script`
writes) and `# <codecell>`. They only count where a line of their own begins at the margin, and a
file whose pieces do not parse alone, although the whole does, stays one plain script.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from typing import TYPE_CHECKING

from thruway.errors import SourceError
from thruway.source.capture import lines_in_strings
from thruway.source.drafts import Draft, Drafts

if TYPE_CHECKING:
    from pathlib import Path

    from thruway.source.types import CellKind

PERCENT = re.compile(r"^#\s?(%%+)(.*)$")
EXPORTED = re.compile(r"^# In\s?\[[\d ]*\]:?\s*$")
OLD = re.compile(r"^# <(code|markdown|raw)cell>\s*$")
KIND = re.compile(r"\[(markdown|md|raw)\]")
OPTIONS = re.compile(r"""\s+[\w-]+=(?:"[^"]*"|'[^']*'|\[[^\]]*\]|\{.*\}|\S+)""")
YAML_FENCE = re.compile(r"^# ---\s*$")


def read_script(path: Path) -> Drafts:
    """Return the cells of a Python file, read in the encoding that the file declares.

    Raises:
        SourceError: the bytes are not text in that encoding.
    """
    text = _decoded(path, path.read_bytes())
    cells = _percent_cells(text)
    if cells and (not _parses(text) or all(_parses(c.text) for c in cells if c.kind == "code")):
        return Drafts("percent", tuple(cells))
    return Drafts("script", (Draft("code", text),))


def _decoded(path: Path, content: bytes) -> str:
    """Decode as PEP 263 says: the byte order mark, then the coding line, then UTF-8."""
    encoding = "utf-8"
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except SyntaxError as error:
        if "unknown encoding" in str(error) or "encoding problem" in str(error):
            raise SourceError(
                f"The script's coding line is wrong: {error.msg}.",
                f"{path}, line 1",
                "name the encoding that the file really has",
            ) from error
        raise _undecodable(path, content, encoding) from error
    except UnicodeDecodeError as error:
        raise _undecodable(path, content, encoding) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _undecodable(path: Path, content: bytes, encoding: str) -> SourceError:
    line = 1
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    return SourceError(
        f"The script is not {encoding} text.",
        f"{path}, line {line}",
        "save it as UTF-8, or declare its encoding in the first line (# coding: latin-1)",
    )


def _percent_cells(text: str) -> list[Draft]:
    """Return the cells between markers; none when the script has no marker."""
    lines = text.split("\n")
    marks = [n for n, line in enumerate(lines) if line.startswith("#") and _is_marker(line)]
    if marks and ('"""' in text or "'''" in text):
        inside = lines_in_strings(text)
        marks = [mark for mark in marks if mark not in inside]
    if not marks:
        return []
    cells = _preamble(lines[: marks[0]])
    for start, end in zip(marks, [*marks[1:], len(lines)], strict=True):
        cells += _cell(lines[start], lines[start + 1 : end], start + 2)
    return cells


def _is_marker(line: str) -> bool:
    return bool(PERCENT.match(line) or EXPORTED.match(line) or OLD.match(line))


def _preamble(lines: list[str]) -> list[Draft]:
    """Return what stands above the first marker: code, an exported text, or Jupytext's header."""
    if not any(line.strip() for line in lines):
        return []
    if any(line.strip() and not line.startswith("#") for line in lines):
        return [Draft("code", _trimmed(lines))]
    if any(YAML_FENCE.match(line) for line in lines):
        return [Draft("raw", _trimmed(lines))]
    text = [line for line in lines if not re.match(r"^#!|^# ?-?\*?-?\s*coding[:=]", line)]
    return [Draft("markdown", _uncommented(text))] if any(map(str.strip, text)) else []


def _cell(marker: str, lines: list[str], first_line: int) -> list[Draft]:
    if EXPORTED.match(marker):
        return _exported(lines, first_line)
    old = OLD.match(marker)
    percent = PERCENT.match(marker)
    options = percent[2] if percent else f"[{old[1]}]" if old else ""
    kind = _kind(options)
    if kind == "markdown" and (code := _first_code(lines)) is not None:
        # A text cell that goes on with code: Python runs it, so it is code here too.
        text = Draft(kind, _uncommented(lines[:code]), _title(percent), first_line)
        return [text, Draft("code", _trimmed(lines[code:]), None, first_line + code)]
    if kind != "code":
        return [Draft(kind, _uncommented(lines), _title(percent), first_line)]
    return [Draft("code", _trimmed(lines), _title(percent), first_line)]


def _first_code(lines: list[str]) -> int | None:
    """Return the index of the first line of a text cell that is neither comment nor string."""
    if any(mark in line for line in lines for mark in ('"""', "'''")):
        return None
    found = (n for n, line in enumerate(lines) if line.strip() and not line.startswith("#"))
    return next(found, None)


def _kind(options: str) -> CellKind:
    found = KIND.search(options)
    if not found:
        return "code"
    return "raw" if found[1] == "raw" else "markdown"


def _title(percent: re.Match[str] | None) -> tuple[str, int] | None:
    """Return the title of `# %% Load data`, one level deeper for each further `%`."""
    if percent is None:
        return None
    title = OPTIONS.sub("", KIND.sub("", " " + percent[2])).strip(" -=#")
    return (title, min(len(percent[1]), 6)) if title else None


def _exported(lines: list[str], first_line: int) -> list[Draft]:
    """Split what nbconvert wrote: the code, then markdown as comments after two empty lines."""
    last = max((n for n, line in enumerate(lines) if line.strip()), default=-1)
    start = last + 1
    while start > 0 and (not lines[start - 1].strip() or lines[start - 1].startswith("#")):
        start -= 1
    gap = next((n for n in range(start, last) if _opens_text(lines, n)), None)
    if gap is None:
        return [Draft("code", _trimmed(lines), None, first_line)]
    text = Draft("markdown", _uncommented(lines[gap:]), None, first_line + gap)
    return [Draft("code", _trimmed(lines[:gap]), None, first_line), text]


def _opens_text(lines: list[str], n: int) -> bool:
    above = lines[max(n - 2, 0) : n]
    return lines[n].startswith("#") and len(above) == 2 and not any(map(str.strip, above))


def _trimmed(lines: list[str]) -> str:
    return "\n".join(lines).rstrip()


def _uncommented(lines: list[str]) -> str:
    """Return the text of commented lines, or of one string that stands alone."""
    text = _trimmed(lines)
    if all(not line.strip() or line.startswith("#") for line in lines):
        return "\n".join(re.sub(r"^# ?", "", line) for line in text.split("\n"))
    try:
        value = ast.literal_eval(text.strip())
    except (SyntaxError, ValueError):
        return text
    return value.strip("\n") if isinstance(value, str) else text


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True
