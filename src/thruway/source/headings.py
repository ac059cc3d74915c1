"""The heading that a piece of markdown gives to the cells below it."""

from __future__ import annotations

import re

ATX = re.compile(r"^ {0,3}(#{1,6})(?!#)\s*(.*?)\s*#*\s*$")
SETEXT = re.compile(r"^ {0,3}(={3,}|-{3,})\s*$")
HTML = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.IGNORECASE | re.DOTALL)
BOLD = re.compile(r"^\s*(\*\*|__)(.+?)\1\s*:?\s*$")
FENCE = re.compile(r"^\s*(```|~~~)")
BOLD_LEVEL = 6


def heading_of(markdown: str) -> tuple[str, int] | None:
    r"""Return text and level of the last heading, or None.

    A line that is bold and nothing else counts, as level 6, where there is no true heading.

    Examples:
        >>> heading_of("# Churn\n\n## Load **data**\n\nfrom a file")
        ('Load data', 2)
    """
    found = _headings(markdown)
    true = [heading for heading in found if not heading[2]]
    best = (true or found)[-1:]
    return (best[0][0], best[0][1]) if best else None


def _headings(markdown: str) -> list[tuple[str, int, bool]]:
    """Return `(text, level, only bold)` in the order of the text."""
    found: list[tuple[str, int, bool]] = []
    above, fenced = "", False
    for line in _with_html_as_atx(markdown).split("\n"):
        if FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _heading(line, above)
        if heading is not None and heading[0]:
            found.append(heading)
        above = "" if fenced or ATX.match(line) else line
    return found


def _with_html_as_atx(markdown: str) -> str:
    """Write `<h2>Title</h2>` as `## Title`."""
    return HTML.sub(lambda m: f"\n{'#' * int(m[1])} {' '.join(m[2].split())}\n", markdown)


def _heading(line: str, above: str) -> tuple[str, int, bool] | None:
    if atx := ATX.match(line):
        return plain(atx[2]), len(atx[1]), False
    if (under := SETEXT.match(line)) and above.strip():
        return plain(above), 1 if under[1][0] == "=" else 2, False
    if bold := BOLD.match(line):
        return plain(bold[2]), BOLD_LEVEL, True
    return None


def plain(text: str) -> str:
    """Return the words of one line of markdown, without links, images, tags and emphasis."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<[^>]+>", "", text)
    text = re.sub(r"[*`]+|(?<!\w)_+|_+(?!\w)", "", text)
    return " ".join(text.split()).rstrip(":")
