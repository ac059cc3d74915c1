"""Text compared with what cannot repeat left out: addresses, time stamps, durations, folders.

So is where a class or function is defined: moving it from `__main__` into a module of the project,
or into a step, is what a migration is for.
"""

from __future__ import annotations

import re

_VARYING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:\w+\.)*\w+\.<locals>\."), ""),
    (re.compile(r"(?<=<)(?:\w+\.)+(?=\w+ object at 0x)"), ""),
    (re.compile(r"(?<=<class ')(?:\w+\.)+(?=\w+'>)"), ""),
    (re.compile(r"\b__main__\."), ""),
    (re.compile(r"0x[0-9a-fA-F]{6,}"), "<address>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(\.\d+)?\b"), "<time>"),
    (
        re.compile(
            r"\b\d+(\.\d+)?(e-?\d+)?\s?(ns|µs|us|ms|s|sec|secs|seconds?|minutes?|min|it/s|s/it)\b"
        ),
        "<duration>",
    ),
    # Both runs work in folders of their own, whatever the program asks for its own.
    (re.compile(r"/[^\s'\":]*/thruway-[^\s'\":/]*(/workspace)?"), "<folder>"),
    (re.compile(r"/[^\s'\":]*/\.thruway(?:/work)/[^\s'\":/]*(/\d+)?"), "<folder>"),
)


def comparable(text: str) -> str:
    """Return the text with what varies from run to run replaced by its kind."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def first_difference(expected: str, actual: str) -> tuple[str, str, str]:
    """Return (where, expected line, actual line) of the first line that differs."""
    left, right = comparable(expected).splitlines(), comparable(actual).splitlines()
    for number in range(max(len(left), len(right))):
        one = left[number] if number < len(left) else "(no line)"
        other = right[number] if number < len(right) else "(no line)"
        if one != other:
            return f"line {number + 1}", one[:160], other[:160]
    return "", "", ""
