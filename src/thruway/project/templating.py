"""The templates of files that are mostly prose; all logic stays in Python."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FOLDER = Path(__file__).parent / "templates"


def fill(template: str, /, **values: Any) -> str:
    """Return a template filled in; names ending in `.html.jinja` are escaped."""
    return _environment().get_template(template).render(**values)


def plain(name: str) -> Markup:
    """Return a file of the folder as it is, not to be escaped."""
    from markupsafe import Markup

    return Markup((FOLDER / name).read_text(encoding="utf-8").strip())  # noqa: S704 - our own style sheet and script


def ticks(text: str) -> Markup:
    """Return text as HTML, what stands in backticks as code.

    >>> print(ticks("`a<b` of x"))
    <code>a&lt;b</code> of x
    """
    from markupsafe import Markup, escape

    parts = str(escape(text)).split("`")
    if len(parts) % 2 == 0:  # one backtick is alone
        return escape(text)
    marked = [f"<code>{part}</code>" if odd % 2 else part for odd, part in enumerate(parts)]
    return Markup("".join(marked))  # noqa: S704 - escaped above


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["ticks"] = ticks
    return environment
