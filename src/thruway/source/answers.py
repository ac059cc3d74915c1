"""What may become of a piece of IPython syntax: dropped, replaced, or refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING

from thruway.errors import MigrationRefused
from thruway.findings import Finding, Severity

if TYPE_CHECKING:
    from thruway.findings import Place


@dataclass(frozen=True)
class Answer:
    """What stands in the place of a magic or shell line.

    Attributes:
        code: Python that does the same; "" to leave a comment.
        findings: what the reader should know.
        packages: packages that the line installs.
    """

    code: str = ""
    findings: tuple[Finding, ...] = ()
    packages: tuple[str, ...] = ()


def words(text: str) -> frozenset[str]:
    """Return the words of a table."""
    return frozenset(text.split())


def dropped(code: str, place: Place, reason: str, *, severity: Severity = Severity.INFO) -> Answer:
    """Return an empty answer with its finding."""
    return Answer("", (Finding(code, severity, place, reason),))


def replaced(python: str, code: str, place: Place, reason: str, fix: str = "") -> Answer:
    """Return Python with a warning that says what it stands for."""
    return Answer(python, (Finding(code, Severity.WARNING, place, reason, fix),))


def refused(what: str, place: Place, text: str, fix: str) -> MigrationRefused:
    """Return the refusal of a line that no Python stands for."""
    return MigrationRefused(what, f"{place}: {text.strip()}", fix)


def text_expression(text: str, known: str) -> str | None:
    """Return Python for a text in which IPython fills in `{name}` and `$name`.

    Args:
        text: the text of the line.
        known: the program so far; `$name` is Python's only if the name occurs there as a word.

    Returns:
        A string literal, an f-string, or None when what is filled in is not a plain expression.
    """

    def dollar(match: re.Match[str]) -> str:
        bound = re.search(rf"(?<![$\w]){match[1]}\s*(=|\bin\b|,)", known)
        return f"{{{match[1]}}}" if bound else match[0]

    text = re.sub(r"\$([A-Za-z_]\w*)", dollar, text)
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return repr(text)
    fields = [field for _, field, _, _ in parts if field is not None]
    if not fields or not all(_is_expression(field) for field in fields):
        return repr(text)
    if any(set(field) & set("'\"\\") for field in fields):
        return None
    pieces = ((lead.replace("{", "{{").replace("}", "}}"), field) for lead, field, _, _ in parts)
    return "f" + repr("".join(p + (f"{{{f}}}" if f is not None else "") for p, f in pieces))


def _is_expression(field: str) -> bool:
    """Tell whether a shell's own braces (`{a,b}`, `{print $1}`) are not meant."""
    return bool(re.fullmatch(r"[A-Za-z_][\w.]*(\[[^\]]*\]|\(\))*", field))
