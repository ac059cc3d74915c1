"""Reduced programs of faults that random programs showed: each stays here, mended or not."""

from __future__ import annotations

import pytest
from stepwise import differences

PROGRAMS = {
    "a seed after the last draw": """
        # %%
        import random
        a = random.random()
        # %%
        b = random.random()
        random.seed(7)
        """,
    "a computed constant": """
        # %%
        x = 60 * 60
        # %%
        y = str(x)
        """,
    "a default argument that a later binding of the name hides": """
        # %%
        d = 6
        h = lambda v, w=d: v + w
        d = sum([1])
        # %%
        d = sum([d])
        e = h(3)
        """,
    "a function that holds what changes, after a third name was tied to it": """
        # %%
        b = [3, 6, 1]
        def g(v, seen=b):
            seen.append(v)
            return len(seen)
        d, b = b, 1
        # %%
        d = g(d[0])
        """,
    "a bound method": """
        # %%
        a = [1]
        b = a.append
        # %%
        b(2)
        # %%
        c = len(a)
        """,
    "a name that a constant binds again in one step": """
        # %%
        d = sum([1, 2])
        d = {}
        b = d
        # %%
        d = sum([3])
        c = d
        """,
    "a name that is deleted while its object changes": """
        # %%
        b = dict(k=2)
        e = b
        del e
        b["s"] = 1
        # %%
        a = [3, len(b), 1]
        """,
    "files of one name in two folders": """
        # %%
        import os
        os.makedirs("p", exist_ok=True)
        os.makedirs("q", exist_ok=True)
        for d in "pq":
            with open(d + "/a.txt", "w") as f:
                f.write(d)
        # %%
        x = open("p/a.txt").read() + open("q/a.txt").read()
        """,
    "variables that are called as what is around a program": """
        # %%
        path, cwd, thread = [], [1], {"network": 2}
        # %%
        path.append(len(cwd) + len(thread))
        # %%
        process = path + cwd
        """,
    "a global that a function sets and puts back": """
        # %%
        depth = 0
        def inside():
            global depth
            depth += 1
            seen = depth
            depth -= 1
            return seen
        # %%
        a = inside()
        """,
    "a name that only globals() binds": """
        # %%
        globals()["d"] = 1
        # %%
        if d > 3:
            d += 1
        x = d
        """,
    "a state of a stream kept without a draw": """
        # %%
        import random
        random.seed(1)
        # %%
        saved = random.getstate()
        # %%
        a = random.random()
        # %%
        random.setstate(saved)
        # %%
        b = random.random()
        """,
    "arguments of a command line": """
        # %%
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--size", type=int, default=3)
        # %%
        args, _ = parser.parse_known_args()
        # %%
        import sys
        x = [args.size] + sys.argv[1:3]
        """,
}
BOTH = ("cells", "statements")
WAITING: dict[str, tuple[tuple[str, ...], str]] = {}


def cases():
    for name in PROGRAMS:
        modes, reason = WAITING.get(name, ((), ""))
        for mode in BOTH:
            marks = [pytest.mark.xfail(strict=True, reason=reason)] if mode in modes else []
            yield pytest.param(name, mode, marks=marks, id=f"{name}, {mode}")


@pytest.mark.parametrize(("name", "mode"), list(cases()))
def test_stays_mended(name, mode):
    assert differences(PROGRAMS[name], mode) == []
