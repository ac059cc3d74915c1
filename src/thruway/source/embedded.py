"""Cells that hold something else than this program's Python: files to write, scripts to run.

`%%writefile` becomes a call that writes the same text, `%%bash` and its like become a call that
runs the same script. The text of the cell stays where it is, inside a string, line for line.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.source.answers import refused, text_expression, words
from thruway.source.drafts import Line

if TYPE_CHECKING:
    from thruway.findings import Place

WRITERS = words("writefile file")
SCRIPTS = words("bash sh script python python3 perl ruby")
WITHOUT_RUNNING = (["false"], ["true"], ["echo"])
_FLAGS = ("--no-raise-error",)
_FIX = "write the cell in Python, or run it before the program and remove it"


@dataclass(frozen=True)
class Marker:
    """The `%%` line of a cell.

    Attributes:
        name: of the magic.
        arguments: the rest of its line.
        place: where it stands.
        known: the text of all code cells.
    """

    name: str
    arguments: str
    place: Place
    known: str

    @property
    def text(self) -> str:
        """The line as written."""
        return f"%%{self.name} {self.arguments}".strip()


def is_embedded(name: str) -> bool:
    """Tell whether the cell under a magic becomes a string."""
    return name in WRITERS | SCRIPTS


def embedded(marker: Marker, body: list[Line]) -> list[Line]:
    """Return the Python that writes or runs the text of a cell.

    Raises:
        MigrationRefused: the options ask for what has no plain Python.
    """
    before, after = _written(marker) if marker.name in WRITERS else _run(marker)
    origin = marker.place.line or 1
    *imports, before = before.split("\n")
    above = [Line(text, origin) for text in imports]
    if not body or (len(body) == 1 and not body[0].text):
        return [*above, Line(f'{before}""{after}', origin)]
    lines = [Line(_escaped(line.text), line.origin) for line in body]
    # IPython ends every line of a cell, the last one too.
    last = lines[-1].text == "" and len(lines) > 1
    lines = lines[:-1] if last else lines
    return [*above, Line(f'{before}"""\\', origin), *lines, Line(f'"""{after}', body[-1].origin)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _expression(marker: Marker, text: str) -> str:
    expression = text_expression(text, marker.known)
    if expression is None:
        raise refused(f"`{marker.text}` cannot be filled in.", marker.place, marker.text, _FIX)
    return expression


def _written(marker: Marker) -> tuple[str, str]:
    """Return what stands before and after the text of a file."""
    arguments = marker.arguments.strip()
    append = re.match(r"(-a|--append)\s+|.*\s(-a|--append)$", arguments)
    name = re.sub(r"^(-a|--append)\s+|\s+(-a|--append)$", "", arguments)
    name = name.strip("'\"") if name[:1] == name[-1:] and name[:1] in {"'", '"'} else name
    if not name or name.startswith("-"):
        raise refused(f"`{marker.text}` names no file.", marker.place, marker.text, _FIX)
    path = _expression(marker, name)
    home = ".expanduser()" if name.startswith("~") else ""
    file = f"pathlib.Path({path}){home}"
    if append:
        opened = f'{file}.open("a", encoding="utf-8")'
        return f"import pathlib\nwith {opened} as added: added.write(", "); del added"
    return f"import pathlib; {file}.write_text(", ', encoding="utf-8")'


def _run(marker: Marker) -> tuple[str, str]:
    """Return what stands before and after the text of a script."""
    try:
        parts = shlex.split(marker.arguments)
    except ValueError:
        parts = ["--unreadable"]
    out, check = "", True
    program: list[str] = [] if marker.name == "script" else [marker.name]
    while parts and (parts[0].startswith("--") or not program):
        word = parts.pop(0)
        name, _, value = word.partition("=")
        if name == "--out":
            out = value or (parts.pop(0) if parts else "")
        elif word in _FLAGS:
            check = False
        elif word.startswith("-"):
            reason = f"`{marker.text}` asks for what only IPython does."
            raise refused(reason, marker.place, marker.text, _FIX)
        else:
            program = [word]
    if not program or (out and not out.isidentifier()):
        raise refused(f"`{marker.text}` names no program.", marker.place, marker.text, _FIX)
    command = ", ".join(_expression(marker, word) for word in [*program, *parts])
    pipe = ", stdout=subprocess.PIPE" if out else ""
    call = f"subprocess.run([{command}], check={check}, text=True{pipe}, input="
    head = f"import subprocess; {out} = {call}" if out else f"import subprocess; {call}"
    return head, ").stdout" if out else ")"
