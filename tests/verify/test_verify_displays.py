"""What cells display on purpose is displayed by the steps, as often, and compared."""

from __future__ import annotations

import pytest
from observed import write_program

from thruway import api

PROGRAM = """
# %% Make
x = [3, 1, 2]
def show(values):
    display(values[:1])
    display(values[1:])
# %% Called in a function, which gives nothing
show(x)
# %% Called at the end of a cell
display(len(x))
# %% Called among other statements
display(sum(x))
print("after")
# %% In a loop
for value in x:
    display(value)
# %% As the value of the cell
sorted(x)
# %% A by-product: what the call gives is not what it is for
x.pop()
"""
SHOWN = ["[3]", "[1, 2]", "3", "6", "3", "1", "2", "[1, 2, 3]"]


@pytest.mark.slow
def test_displays(tmp_path):
    write_program(tmp_path, PROGRAM)
    done = api.migrate(tmp_path / "case.ipynb", output=tmp_path / "out", cut="cells")
    assert done.proof is not None
    assert done.proof.verdict == "equal"
    trace = done.plan.graph.trace
    shown = [d.text for f in trace.facts for d in f.displays]
    assert shown == [*SHOWN, "2"]
    displayed = [c for c in done.proof.checks if c.what == "display"]
    assert {c.verdict for c in displayed} == {"equal"}
