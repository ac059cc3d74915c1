"""Looking at a value runs nothing of the program's, and finds what it needs of the program."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from thruway.kit.values.describe import describe
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.origin import attribute
from thruway.kit.values.reach import reach
from thruway.kit.values.storable import storability


class Counting:
    """Counts every look at an attribute that is not there, and at one that is computed."""

    def __init__(self):
        self.looks = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        self.looks.append(name)
        return 1

    @property
    def shape(self):
        self.looks.append("shape")
        return (1,)


def test_nothing_of_the_program_runs():
    value = Counting()
    describe(value, digest=True)
    fingerprint([value])
    reach({"v": value})
    storability((value,))
    assert value.looks == []


def test_attributes_that_are_there_are_found():
    array = np.zeros(3).view(type("Mine", (np.ndarray,), {"__module__": "__main__"}))
    assert attribute(array, "shape") == (3,)
    assert attribute(Counting(), "looks") == []
    assert attribute(Counting(), "shape", "none") == "none"


def made_here(text):
    names = {"__name__": "__main__", "functools": functools, "np": np}
    exec(text, names)
    return names["value"]


NEEDS = {
    "a function in a dictionary": ("def f(): pass\nvalue = {'f': f}", {"f"}),
    "an instance": ("class A: pass\nvalue = [A()]", {"A"}),
    "a class": ("class A: pass\nvalue = (A,)", {"A"}),
    "a partial": ("def f(v): pass\nvalue = functools.partial(f, 1)", {"f"}),
    "a vectorized function": ("def f(v): pass\nvalue = np.vectorize(f)", {"f"}),
    "a bound method": ("class A:\n    def m(self): pass\nvalue = A().m", {"A"}),
    "a function with a cache": ("@functools.lru_cache\ndef f(v): pass\nvalue = [f]", {"f"}),
    "nothing": ("value = [1, 'a', np.zeros(2), len]", set()),
}


@pytest.mark.parametrize("name", NEEDS)
def test_what_a_value_needs_of_the_program(name):
    text, expected = NEEDS[name]
    found = storability(made_here(text))
    assert found.definitions == expected


CANNOT = {
    "a caught exception": ("try:\n    1 / 0\nexcept Exception as e:\n    value = e", "frames"),
    "a lambda in a deque": ("from collections import deque\nvalue = deque([lambda: 1])", "lambda"),
    "a default made by a lambda": (
        "from collections import defaultdict\nvalue = defaultdict(lambda: 1)",
        "lambda",
    ),
    "a ufunc of a lambda": ("value = np.frompyfunc(lambda v: v, 1, 1)", "pickle"),
}


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_stored(name):
    text, word = CANNOT[name]
    assert word in storability(made_here(text)).reason
