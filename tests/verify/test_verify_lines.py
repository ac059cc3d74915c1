"""Printed text, where the original's own runs differ in some of the lines."""

from __future__ import annotations

import pytest

from thruway.verify.lines import compare_lines, pattern_of

# runs of the original, what the pipeline prints → the answer
CASES = [
    (["a b"], "a b", "same"),
    ([""], "", "same"),
    (["a b"], "b a", "order"),
    (["a b"], "a", "differs"),
    (["a b"], "a b b", "differs"),
    (["a 1 b", "a 2 b"], "a 3 b", "same"),
    (["a 1 b", "a 2 b"], "a b", "same"),
    (["a 1 b", "a 2 b"], "a 3 4 b", "differs"),
    (["a 1 b", "a 2 b"], "a 3 c", "differs"),
    (["a 1 b", "a 2 b"], "b 3 a", "order"),
    (["1", "2 3"], "4 5 6", "same"),
    (["a 1 b 1 c", "a 1 b 2 c"], "a 3 b 3 c", "differs"),
    (["a 1 b 1 c", "a 1 b 2 c", "a 3 b 1 c"], "a 4 b 4 c", "same"),
    (["a 1 b 1 c", "a 1 b 2 c", "a 3 b 1 c"], "a 4 5 b 4 c", "differs"),
]


@pytest.mark.parametrize(("runs", "printed", "answer"), CASES)
def test_lines(runs, printed, answer):
    texts = ["\n".join(run.split()) for run in runs]
    assert compare_lines(pattern_of(*texts), "\n".join(printed.split())) == answer
