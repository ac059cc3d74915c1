"""What may become of a piece of IPython syntax: dropped, replaced, or refused."""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass
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
    """Return Python for a text in which IPython fills in `{expression}` and `$name`.

    IPython fills in all or nothing: one field that raises, such as a brace or a variable of the
    shell's own, and the text stays as it is.

    Args:
        text: the text of the line.
        known: the program so far, in which names are bound.

    Returns:
        A string literal, an f-string, or None when what is filled in fits into no f-string.
    """
    if not set(text) & set("{$"):
        return repr(text)
    from IPython.utils.text import DollarFormatter

    try:
        parts = list(DollarFormatter().parse(text))
    except ValueError:
        return repr(text)
    fields = [_field(field, spec, mark) for _, field, spec, mark in parts if field is not None]
    if not all(_is_known(field, known) for field in fields):
        return repr(text)
    plain = "".join(lead for lead, _, _, _ in parts)
    if not fields:
        return repr(plain)
    if any(set(field) & set("\\\n#") or '"""' in field for field in fields):
        return None
    quote = next(q for q in ("'", '"', '"""') if all(q not in field for field in fields))
    leads = [_escaped(lead, quote) for lead, _, _, _ in parts]
    pieces = zip(leads, [f"{{{field}}}" for field in fields] + [""], strict=False)
    return f"f{quote}{''.join(lead + field for lead, field in pieces)}{quote}"


def _field(field: str, spec: str | None, conversion: str | None) -> str:
    """Return the expression of a field: what looks like a format is a slice to IPython."""
    return field + (f":{spec}" if spec else "") + (f"!{conversion}" if conversion else "")


def _escaped(text: str, quote: str) -> str:
    text = repr("'" + text)[2:-1]  # in double quotes, unless the text has some itself
    text = text.replace("\\'", "'").replace(quote[0], "\\" + quote[0])
    return text.replace("{", "{{").replace("}", "}}")


def _is_known(field: str, known: str) -> bool:
    """Tell whether IPython can evaluate a field: an expression over names that are bound."""
    try:
        tree = ast.parse(re.sub(r"![rsa]$", "", field).strip(), mode="eval")
    except SyntaxError:
        return False
    inner = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _stores(n)}
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - inner
    return all(hasattr(builtins, name) or is_bound(name, known) for name in names)


def _stores(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def is_bound(name: str, known: str) -> bool:
    """Tell whether a text seems to bind a name."""
    assigned = rf"(?<![$\w.]){name}\s*([-+*/|&]?=(?!=)|,|:[^=\n]*=|\)\s*=)"
    named = rf"\b(for|as|import|def|class|with)\b[\w., ()]*?\b{name}\b"
    return bool(re.search(assigned, known) or re.search(named, known))
