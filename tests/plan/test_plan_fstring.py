"""f-strings taken apart, with places that hold on every Python."""

from __future__ import annotations

import pytest

from thruway.plan.fstring import pieces_of

APART = {
    'f"a {b} c"': ["a ", "<b>", " c"],
    "f'{a}{b}'": ["<a>", "<b>"],
    'f"{x:.2f} % of {y!r}"': ["<x|:.2f>", " % of ", "<y|!r>"],
    "f\"{d['k']}: {f(1, 2)}\"": ["<d['k']>", ": ", "<f(1, 2)>"],
    'f"{a != b} {c if d else e}"': ["<a != b>", " ", "<c if d else e>"],
    'f"{ {1: 2}[a] }"': ["< {1: 2}[a] >"],
    'F"""é{a}"""': ["é", "<a>"],
}
WHOLE = [
    'f"{x=}"',
    'f"{x:{width}}"',
    'f"{{{x}}}"',
    r'f"{x}\n"',
    'f"a" f"{x}"',
    'f"a" "b"',
]


@pytest.mark.parametrize("source", APART)
def test_pieces(source):
    pieces = pieces_of(source)
    rows = [f"<{p.text}{p.rest and '|' + p.rest}>" if p.field else p.text for p in pieces]
    assert rows == APART[source]
    assert all(source[p.start : p.start + len(p.text)] == p.text for p in pieces)


@pytest.mark.parametrize("source", WHOLE)
def test_what_is_not_simple_is_left_whole(source):
    assert pieces_of(source) is None
