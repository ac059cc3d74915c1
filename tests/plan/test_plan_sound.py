"""Any cut of any program is sound: step by step it leaves what the whole leaves.

Thousands of small programs at random, in shards, so that several processes can share them. Most
are run in this process, each value through the store; some with a process for every step.
"""

from __future__ import annotations

import os

import pytest
from forked import CAN_FORK
from grammar import programs
from grammar_more import rich_programs
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from stepwise import DoesNotRun, differences

# The same examples each time where nobody is looking; as many others as one likes elsewhere.
EXAMPLES = int(os.environ.get("THRUWAY_EXAMPLES", "0"))
SHARDS = range(8)
MODES = st.sampled_from(["cells", "statements", "auto"])
GRAMMARS = {"plain": programs(most=9), "rich": rich_programs(most=7)}


def _try(programs, shard, count, *, isolated=False):
    """Run some random programs, others in every shard."""

    @seed(shard)
    @settings(
        max_examples=EXAMPLES // len(SHARDS) if EXAMPLES else count,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(programs, MODES)
    def check(text, mode):
        try:
            found = differences(text, mode, isolated=isolated)
        except DoesNotRun:
            assume(False)
        assert found == []

    check()


@pytest.mark.parametrize("shard", SHARDS)
@pytest.mark.parametrize("grammar", GRAMMARS)
def test_any_cut_leaves_the_same_values(grammar, shard):
    _try(GRAMMARS[grammar], shard + EXAMPLES, 130)


@pytest.mark.skipif(not CAN_FORK, reason="a step is a fork of this process")
@pytest.mark.parametrize("shard", SHARDS[:4])
def test_any_cut_leaves_the_same_values_between_processes(shard):
    _try(GRAMMARS["rich"], 100 + shard + EXAMPLES, 30, isolated=True)


def test_what_only_one_process_could_know_is_found_out():
    """The other side of the coin: a value that no store can keep makes the steps differ."""
    text = "# %%\na = [sum([1])]\n# %%\nb = {id(a): 5}\n# %%\nc = b.get(id(a), 0)"
    assert differences(text, "cells") != []
