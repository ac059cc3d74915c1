"""Any cut of any program is sound: step by step it leaves what the whole leaves."""

from __future__ import annotations

import os

from grammar import programs
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from stepwise import DoesNotRun, differences

# The same examples each time where nobody is looking; as many others as one likes elsewhere.
EXAMPLES = int(os.environ.get("THRUWAY_EXAMPLES", "0"))


@settings(
    max_examples=EXAMPLES or 100,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
@given(programs(), st.sampled_from(["cells", "statements", "auto"]))
def test_any_cut_leaves_the_same_values(text, mode):
    try:
        found = differences(text, mode)
    except DoesNotRun:
        assume(False)
    assert found == []


def test_what_only_one_process_could_know_is_found_out():
    """The other side of the coin: a value that no store can keep makes the steps differ."""
    text = "# %%\na = [sum([1])]\n# %%\nb = {id(a): 5}\n# %%\nc = b.get(id(a), 0)"
    assert differences(text, "cells") != []
