"""Programs that keep addresses: from where to where they must stay in one process."""

from __future__ import annotations

import textwrap

import pytest

from thruway.graph.identity import address_keepers
from thruway.program import read_program
from thruway.source import read_source

CASES = [
    # statements, one a line; the (first, last) line that stays together
    (["a = [1]", "seen = {id(a): 5}", "n = 0", "b = seen.get(id(a))"], (2, 4)),
    (["a = [1]", "key = id(a)", "b = [key]", "c = id(a) in b"], (2, 4)),
    (["a = [1]", "same = id(a) == id(a)", "again = id(a) == id([1])"], None),
    (["a = [1]", "print(id(a))", "print(id(a))"], None),
    (["a = [1]", "seen = {id(a)}"], None),
    (["a = [1]", "b = valid(a)", "c = a"], None),
    (["a = [1]", "print(id(a))", "seen = [id(a)]", "print(id(a) in seen)"], (3, 4)),
]


@pytest.mark.parametrize(("lines", "expected"), CASES)
def test_what_keeps_an_address(tmp_path, lines, expected):
    file = tmp_path / "case.py"
    file.write_text(textwrap.dedent("\n".join(lines)) + "\n")
    statements = list(read_program(read_source(file)).statements)
    found = address_keepers(statements)
    lines_of = {s.id: number for number, s in enumerate(statements, 1)}
    assert (found and tuple(lines_of[one] for one in found)) == expected
