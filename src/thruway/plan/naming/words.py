"""Identifiers made of words: of headings, variables and classes."""

from __future__ import annotations

import builtins
import keyword
import re

_EMPTY_WORDS = frozenset(
    {"the", "a", "an", "of", "and", "to", "for", "with", "in", "on", "our", "is", "using"}
)
_LETTERS = {"X": "features", "x": "features", "y": "target", "Y": "target", "df": "data"}
MOST_WORDS = 5


def slug(text: str, most: int = MOST_WORDS) -> str:
    """Return a snake_case identifier of at most `most` meaningful words, or ""."""
    words = [w for w in re.findall(r"[a-z0-9]+", clean(text).lower()) if w not in _EMPTY_WORDS]
    while words and words[0].isdigit():
        words.pop(0)
    name = "_".join(words[:most])
    return name if name and not name[0].isdigit() else ""


def clean(heading: str) -> str:
    """Return a heading without numbering, markup and closing punctuation."""
    text = re.sub(r"<[^>]+>|[*_`#]|!?\[([^\]]*)\]\([^)]*\)", r"\1", heading or "")
    text = re.sub(r"^\s*(step\s*)?[\dIVX]*[\d.)\]:-]+\s*", "", text, flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", text).strip(" .:;-–—")[:80]


def snake(name: str) -> str:
    """Return a variable's name as words; the usual single letters as what they stand for."""
    if name in _LETTERS:
        return _LETTERS[name]
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"\W+", "_", parts.lower(), flags=re.ASCII).strip("_") or "data"


def spaced(name: str) -> str:
    """Return the words of a file's name with spaces between.

    >>> spaced("House_Prices2"), spaced("churnModel")
    ('House Prices2', 'churn Model')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name)


def camel(name: str) -> str:
    """Return the CamelCase form: the name of a step's output class."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def usable(name: str, used: set[str]) -> bool:
    """Whether a step can have this name, beside those that are used."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not keyword.issoftkeyword(name)
        and not hasattr(builtins, name)
        and name not in used
        and camel(name) not in used
    )


def why_unusable(name: str, taken: frozenset[str]) -> str:
    """Return why a step cannot have this name, "" if it can."""
    if not name.isidentifier():
        return "it is not an identifier"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name):
        return "it is a word of Python"
    if name in taken or camel(name) in taken:
        return "it is a name of the program"
    return ""


def numbered(name: str, used: set[str]) -> str:
    """Return the name with the first number from 2 with which it can be used."""
    number = 2
    while not usable(f"{name}_{number}", used):
        number += 1
    return f"{name}_{number}"
