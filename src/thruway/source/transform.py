"""IPython's syntax to Python: its own transformer finds it, the tables say what becomes of it.

A cell that parses as plain Python is left alone, so that IPython is imported only where it is
needed. Every line keeps its place: a dropped line becomes a comment, a joined one is padded.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.findings import Place
from thruway.source.answers import Answer, dropped, refused, words
from thruway.source.awaiting import without_await
from thruway.source.capture import captured
from thruway.source.drafts import Line
from thruway.source.embedded import Marker, embedded
from thruway.source.ipython_calls import Use, question, questions, uses_of_ipython
from thruway.source.magics import cell_action, cell_answer, line_answer, value_answer
from thruway.source.opened import opened
from thruway.source.shell import shell_answer, shell_lines, with_imports
from thruway.source.syntax import explained

if TYPE_CHECKING:
    from thruway.findings import Finding

PROMPT = re.compile(r"^\s*(In \[\d+\]:|>>> )", re.MULTILINE)
CELL_MAGIC = re.compile(r"^%%(\S+)[ \t]*(.*)$")
AUTOMAGIC = re.compile(r"^\s*(\w+)(?:[ \t]+install\b.*|[ \t]+[^\s=(.\[,<>!+*/%|&^:-][^=]*)?\s*$")
AUTOMAGICS = words("pip conda ls pwd cd matplotlib who whos history mkdir cp mv rm")
SHELL_FIX = "use subprocess.run(..., capture_output=True, text=True).stdout.splitlines()"
LIMIT = 500
EMBEDDED = "%%"
LINE_MAGICS = ("run_line_magic", "magic")


@dataclass(frozen=True)
class Converted:
    """The Python of a cell; see `Cell` for `line_map`."""

    code: str
    line_map: tuple[int, ...]
    findings: tuple[Finding, ...]
    packages: tuple[str, ...]


@dataclass
class _Cell:
    """One cell while it is being converted."""

    text: str
    place: Place
    known: str
    folder: Path
    findings: list[Finding] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)

    def at(self, line: int) -> Place:
        return Place(self.place.file, self.place.cell, line)

    def take(self, answer: Answer) -> str:
        self.findings += answer.findings
        self.packages += answer.packages
        return answer.code


def convert(
    text: str, place: Place, known: str, *, folder: Path | None = None, waits: bool = True
) -> Converted:
    """Return the Python of one code cell.

    Args:
        text: what the author wrote.
        place: file and cell.
        known: the text of all code cells.
        folder: the program's own, in which other files are found.
        waits: `await` may stand outside of functions, as in IPython.

    Raises:
        SourceError: what remains is not Python.
        MigrationRefused: a magic has no Python that does the same.
    """
    cell = _Cell(text, place, known, folder or Path())
    text = _automagic(_without_kernel(cell, text), known)
    lines = [Line(line, number) for number, line in enumerate(text.split("\n"), start=1)]
    lines = _converted(cell, lines)
    if waits and cell.text:
        before, _, after = known.partition(cell.text)
        lines, answer = without_await(lines, place, before, after)
        cell.take(answer)
    code = "\n".join(line.text for line in lines)
    origins = tuple(line.origin for line in lines)
    findings = sorted(cell.findings, key=lambda finding: finding.place.line)
    return Converted(code, origins, tuple(findings), tuple(cell.packages))


def _automagic(text: str, known: str) -> str:
    """Write the `%` that IPython leaves out in a cell of one line (`pip install x`)."""
    match = AUTOMAGIC.match(text)
    if not match or match[1] not in AUTOMAGICS:
        return text
    alone = text.strip() == match[1]
    if alone and len(re.findall(rf"\b{match[1]}\b", known)) > 1:
        return text
    return f"%{text.strip()}"


def _without_kernel(cell: _Cell, text: str) -> str:
    """Let a program that looks for Google Colab find that it does not run there."""
    if "str(get_ipython())" not in text:
        return text
    line = text[: text.index("str(get_ipython())")].count("\n") + 1
    reason = "`str(get_ipython())` became `str(None)`: the program runs without IPython"
    cell.take(dropped("TW001", cell.at(line), reason))
    return text.replace("str(get_ipython())", "str(None)")


def _converted(cell: _Cell, lines: list[Line]) -> list[Line]:
    head, body, name = _without_cell_magic(cell, lines)
    if name == EMBEDDED:
        return head + body
    marker = head[-1].origin if head else 1
    body = _python(cell, body)
    return head + (captured(name, body, marker) if name else body)


def _python(cell: _Cell, body: list[Line]) -> list[Line]:
    """Return lines without IPython's syntax; what a magic unwraps is looked at again."""
    for _ in range(LIMIT):
        text = "\n".join(line.text for line in body)
        if not _needs_ipython(text):
            return body
        before = body
        body = _without_magics(cell, _transformed(body))
        if body == before:
            break
    return body


def _needs_ipython(text: str) -> bool:
    if "get_ipython" in text or PROMPT.search(text):
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return True
    return False


def _without_cell_magic(cell: _Cell, lines: list[Line]) -> tuple[list[Line], list[Line], str]:
    """Return the finished lines at the top, the code under any `%%` lines, and a captured name.

    The name is `EMBEDDED` when that code is finished too.
    """
    start, name = 0, ""
    while start < len(lines):
        text = lines[start].text
        if match := CELL_MAGIC.match(text):
            body = "\n".join(line.text for line in lines[start + 1 :])
            place = cell.at(lines[start].origin)
            later = cell.known.replace(text, "") if match[1] == "capture" else ""
            action = cell_action(match[1], match[2], body, place, later)
            cell.take(cell_answer(match[1], action, place))
            if action == "drop":
                return [_comment(line) for line in lines], [], ""
            if action == "embed":
                marker = Marker(match[1], match[2], place, cell.known)
                return lines[:start], embedded(marker, lines[start + 1 :]), EMBEDDED
            name = match[2].split()[0] if action == "capture" else name
            lines = [*lines[:start], _comment(lines[start]), *lines[start + 1 :]]
        elif text.strip() and not text.lstrip().startswith("#"):
            break
        start += 1
    return lines[:start], lines[start:], name


def _comment(line: Line) -> Line:
    text = line.text.rstrip()
    return Line(text if not text or text.startswith("#") else f"# {text}", line.origin)


def _transformed(lines: list[Line]) -> list[list[Line]]:
    """Run IPython's transformer; each line comes with the author's lines that it was made of."""
    from IPython.core.inputtransformer2 import TransformerManager, leading_empty_lines

    manager = TransformerManager()
    texts = [line.text + "\n" for line in lines]
    for cleanup in manager.cleanup_transforms:
        if cleanup is not leading_empty_lines:
            texts = cleanup(texts)
    groups = [[Line(text[:-1], line.origin)] for text, line in zip(texts, lines, strict=True)]
    for _ in range(LIMIT):
        changed, after = manager.do_one_token_transform(texts)
        if not changed:
            break
        start, removed, added = _difference(texts, after)
        joined = [line for group in groups[start : start + removed] for line in group[-1:]]
        origins = _origins(groups[start : start + removed], joined)
        new = [[*origins, Line(text[:-1], origins[0].origin)] for text in added]
        groups[start : start + removed] = new
        texts = after
    return groups


def _origins(groups: list[list[Line]], joined: list[Line]) -> list[Line]:
    """Return the author's lines of some groups; a group's last line is its present text."""
    lines = [line for group in groups for line in (group[:-1] or group)]
    return lines or joined


def _difference(before: list[str], after: list[str]) -> tuple[int, int, list[str]]:
    """Return where two texts differ: first line, lines replaced, lines put there."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    shorter = min(len(before), len(after)) - start
    while end < shorter and before[-1 - end] == after[-1 - end]:
        end += 1
    return start, len(before) - end - start, after[start : len(after) - end]


def _without_magics(cell: _Cell, groups: list[list[Line]]) -> list[Line]:
    """Put Python, or a comment, in the place of every call that the transformer wrote."""
    code = "\n".join(group[-1].text for group in groups)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except SyntaxError as error:
        origins = [group[0].origin for group in groups]
        _refuse_late_cell_magic(cell)
        raise explained(error, origins, cell.text, cell.place) from error
    except (ValueError, RecursionError):
        return [line for group in groups for line in group[-1:]]
    result = {number: _padded(group) for number, group in enumerate(groups, start=1)}
    cell.findings += [
        question(cell.at(groups[line - 1][0].origin)) for line in sorted(questions(tree))
    ]
    for found in reversed(uses_of_ipython(tree)):
        _replace(cell, groups, found, result)
    return [line for number in sorted(result) for line in result[number]]


def _refuse_late_cell_magic(cell: _Cell) -> None:
    """Name a `%%` line under other code, where IPython does not take it either."""
    for number, text in enumerate(cell.text.split("\n"), start=1):
        if match := CELL_MAGIC.match(text):
            what = f"The cell magic %%{match[1]} is not on the first line of its cell."
            raise refused(what, cell.at(number), text, "put it into a cell of its own")


def _padded(group: list[Line]) -> list[Line]:
    """Return a line, and an empty one for each further author's line joined into it."""
    return [group[-1], *(Line("", line.origin) for line in group[1:-1])]


def _replace(
    cell: _Cell, groups: list[list[Line]], use: Use, result: dict[int, list[Line]]
) -> None:
    """Write the answer for one use into `result`, at the lines of its statement."""
    statement = use.statement
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    authors = [line for n in range(first, last + 1) for line in _authors(groups[n - 1])]
    place = cell.at(authors[0].origin)
    python = _answer(cell, use, place, authors[0].text)
    head = groups[first - 1][-1].text.encode()[: statement.col_offset].decode()
    tail = groups[last - 1][-1].text.encode()[statement.end_col_offset :].decode()
    alone = not head.strip() and (not tail.strip() or tail.lstrip().startswith("#"))
    if not alone:
        text = f"{head}{python or 'pass'}{tail}"
        new = [text]
    elif python:
        new = [head + line for line in python.split("\n")]
    else:
        keep = "pass  " if use.nested else ""
        new = [f"{head}{keep}# {authors[0].text.strip()}"]
    lines = [Line(text, authors[0].origin) for text in new]
    rest = authors[len(new) :]
    lines += [Line(f"{head if alone else ''}# {a.text.strip()}", a.origin) for a in rest]
    for number in range(first, last + 1):
        result[number] = []
    result[first] = lines


def _authors(group: list[Line]) -> list[Line]:
    return group[:-1] or group


def _answer(cell: _Cell, use: Use, place: Place, text: str) -> str:
    """Return the Python for one use; "" when it is dropped."""
    call, statement = use.call, use.statement
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    arguments = [a.value for a in call.args if isinstance(a, ast.Constant)]
    texts = [argument for argument in arguments if isinstance(argument, str)]
    if len(texts) != len(call.args) or not texts:
        fix = "remove the use of get_ipython()"
        raise refused("The program asks IPython for itself.", place, text, fix)
    if method in LINE_MAGICS:
        name, _, rest = " ".join(texts).strip().lstrip("%").partition(" ")
        return _line_magic(cell, use, (name, rest), place)
    if isinstance(statement, ast.Expr) and statement.value is call:
        if method == "system":
            return cell.take(shell_answer(texts[0], place, cell.known))
        if method == "run_cell_magic":
            return _cell_magic(cell, [*texts, "", ""], place)
        if method == "getoutput":
            return cell.take(shell_answer(texts[0], place, cell.known))
    if method == "getoutput":
        return _value(cell, use, cell.take(shell_lines(texts[0], place, cell.known)), place)
    what = "The output of a shell line is used as a value."
    raise refused(what, place, text, SHELL_FIX)


def _value(cell: _Cell, use: Use, python: str, place: Place) -> str:
    """Return an assignment of an expression that stands for the use of a magic's value."""
    statement = use.statement
    if not isinstance(statement, ast.Assign) or statement.value is not use.call:
        text = cell.text.split("\n")[place.line - 1]
        raise refused("The value of a magic is used.", place, text, "write it in Python")
    targets = " = ".join(ast.unparse(target) for target in statement.targets)
    return with_imports(f"{targets} = {python}")


def _line_magic(cell: _Cell, use: Use, magic: tuple[str, str], place: Place) -> str:
    statement, (name, rest) = use.statement, magic
    if isinstance(statement, ast.Expr) and statement.value is use.call:
        if name == "run" and not use.nested:
            return _opened(cell, rest, place)
        return cell.take(line_answer(name, rest, place, cell.known))
    return _value(cell, use, cell.take(value_answer(name, rest, place, cell.known)), place)


def _opened(cell: _Cell, arguments: str, place: Place) -> str:
    """Return the text of another program, IPython's syntax in it answered as here."""

    def inner(text: str) -> str:
        done = convert(text, place, cell.known, folder=cell.folder)
        cell.findings += [replace(finding, place=place) for finding in done.findings]
        cell.packages += done.packages
        return done.code

    code = opened(arguments, place, cell.folder, cell.known, inner)
    reason = f"`%run {arguments}` was opened up: what the file holds stands here"
    cell.take(dropped("TW001", place, reason))
    return code


def _cell_magic(cell: _Cell, texts: list[str], place: Place) -> str:
    """Return the body of an exported `run_cell_magic("time", "", "...")`."""
    name, arguments, body = texts[:3]
    action = cell_action(name, arguments, body, place, "")
    cell.take(cell_answer(name, action, place))
    return body.rstrip("\n") if action == "unwrap" else ""
