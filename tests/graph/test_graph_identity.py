"""Which programs ask whether two names hold one object."""

from __future__ import annotations

import pytest
from observed import graph_of

from thruway.graph.identity import compares_identity

ASKS = {
    "a sentinel": ("M = object()\nx = 1\ny = x is M", True),
    "in a function": ("M = object()\ndef f(v):\n    return v is not M", True),
    "id": ("a = []\nb = id(a)", True),
    "None": ("x = 1\ny = x is None", False),
    "a class": ("x = 1\ny = type(x) is int", False),
    "an attribute of a module": ("import math\nx = math.nan\ny = x is math.nan", False),
    "in a text only": ("x = 'this is id(x)'", False),
}


@pytest.mark.parametrize("name", ASKS)
def test_asks_for_identity(name):
    text, expected = ASKS[name]
    statements = [node.statement for node in graph_of(text, "script").nodes]
    assert compares_identity(statements) is expected
