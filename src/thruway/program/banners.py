"""Titles that authors of scripts write as comments.

Recognised: `# ## Title`, `# ---- Title ----`, `##### Title #####`, a title between two rules, and
`# 1. Title` or `## Title` alone on a line after an empty one.
"""

from __future__ import annotations

import ast
import re

MARKDOWN = re.compile(r"^#\s+(#{1,6})\s+(\S.*?)\s*#*$")
RULED = re.compile(r"^#\s*([-=*~_]{3,})\s*(\w.*?)\s*\1?[-=*~_]*\s*#?$")
RULED_AFTER = re.compile(r"^#+\s*(\w.*?)\s*([-=*~_#]{4,})\s*$")
HASHES = re.compile(r"^#{3,}\s*(\w.*?)\s*#{2,}$")
RULE = re.compile(r"^#[\s#]*[-=*~_#]{4,}[\s#]*$")
NUMBERED = re.compile(
    r"^#\s*((?:\(?\d+(?:\.\d+)*[.):]|Step \d+\s*[:.-]?|Part \d+\s*[:.-]?)\s*\w.*)$", re.IGNORECASE
)
DOUBLE = re.compile(r"^##\s+(\w.*?)\s*$")
LONGEST = 80
RULE_LEVEL, LINE_LEVEL, NUMBER_LEVEL, DOUBLE_LEVEL = 2, 3, 4, 4


def banner_in(comment: str) -> tuple[str, int] | None:
    """Return title and level of the last banner in a block of comments.

    Examples:
        >>> banner_in("# ---- Load data ----")
        ('Load data', 3)
        >>> banner_in("# load the data first") is None
        True
    """
    lines = [line.strip() for line in comment.split("\n")]
    for number in reversed(range(len(lines))):
        above = lines[number - 1] if number else ""
        below = lines[number + 1] if number + 1 < len(lines) else ""
        found = _banner(lines[number], above, below)
        if found is not None and _is_title(found[0]):
            return found
    return None


def _banner(line: str, above: str, below: str) -> tuple[str, int] | None:
    if RULE.match(line):
        return None
    if RULE.match(above) and RULE.match(below):
        return line.strip("# \t"), RULE_LEVEL
    if match := MARKDOWN.match(line):
        return match[2], len(match[1])
    if match := HASHES.match(line):
        return match[1], RULE_LEVEL
    if match := RULED.match(line):
        return match[2].strip(" -=*~_#"), LINE_LEVEL
    if match := RULED_AFTER.match(line):
        return match[1], LINE_LEVEL
    if not above and (match := NUMBERED.match(line)):
        return match[1].strip(), NUMBER_LEVEL
    if not above and (match := DOUBLE.match(line)):
        return match[1], DOUBLE_LEVEL
    return None


def _is_title(text: str) -> bool:
    """Tell a title from code that was commented out, and from a sentence."""
    if not text or len(text) > LONGEST or text.endswith((",", "\\")):
        return False
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return True
    return all(isinstance(n, ast.Expr) and isinstance(n.value, ast.Name) for n in tree.body)
