"""Figures that wait for one `plt.show()` at the end do not keep the steps between together."""

import pytest
from observed import plan_of
from stepwise import differences

BEGIN = "import matplotlib.pyplot as plt\n"
# name → (program, statements in which each figure ends)
PROGRAMS = {
    "one after the other": (
        "plt.plot([1])\na = len('ab')\nplt.figure()\nplt.plot([2])\nb = a + 1\nplt.show()",
        [(2, [1]), (7, [2])],
    ),
    "drawn on by turns": (
        "f = plt.figure(1)\ng = plt.figure(2)\na = len('ab')\n_ = plt.figure(1)\nplt.plot([a])\nplt.figure(2)\nplt.show()",
        [(8, [1, 2])],
    ),
    "drawn by one line": (
        "for n in range(2):\n    plt.figure()\n    plt.plot([n])\na = len('ab')\nplt.show()",
        [(4, [1, 2])],
    ),
    "one goes on after the show": (
        "f, ax = plt.subplots()\nplt.figure()\nplt.plot([2])\nplt.show()\nax.plot([3])\na = len('ab')\nplt.plot([4])",
        [(5, [1, 2]), (8, [3])],
    ),
    "shown twice": (
        "plt.plot([1])\nplt.figure()\nplt.show()\na = len('ab')\nplt.plot([a])\nplt.figure()\nplt.show()",
        [(4, [1, 2]), (6, [3]), (8, [4])],
    ),
    "the current figure is asked for": (
        "plt.plot([1])\nplt.gcf()\nplt.figure()\nplt.show()",
        [(3, [1]), (5, [2])],
    ),
    "chosen by number": (
        "plt.plot([1])\nplt.figure()\nplt.tight_layout()\na = len('ab')\nplt.figure(2)\nb = a + 1\nplt.figure()\nplt.show()",
        [(9, [1, 2, 3])],
    ),
    "nothing of it changes": (
        "plt.plot([1])\nplt.figure()\nplt.tight_layout()\na = len('ab')\nplt.figure()\nplt.show()",
        [(2, [1]), (4, [2]), (7, [3])],
    ),
    "asked for its number": (
        "plt.plot([1])\nplt.figure()\nn = plt.gcf().number\nprint(n)\nplt.show()",
        [(6, [1, 2])],
    ),
    "open figures are counted": (
        "plt.plot([1])\na = len('ab')\nplt.figure()\nprint(plt.get_fignums())\nplt.show()",
        [(6, [1, 2])],
    ),
    "its data change before the show": (
        "import numpy as np\ngrid = np.zeros((2, 2))\nplt.imshow(grid)\nplt.figure()\ngrid[0, 0] = 5\nplt.plot([1])\nplt.show()",
        [(4, [1]), (8, [2])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_figures_end_where_they_were_last_drawn_on(name):
    text, ends = PROGRAMS[name]
    plan = plan_of(BEGIN + text, "statements", kind="script")
    facts = [node.fact for node in plan.graph.nodes if node.fact.figures]
    assert [(fact.statement, [f.number for f in fact.figures]) for fact in facts] == ends


@pytest.mark.parametrize("mode", ["statements", "auto"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_each_step_draws_its_own(name, mode):
    assert differences(BEGIN + PROGRAMS[name][0], mode, kind="script") == []


def test_the_steps_between_are_cut():
    plan = plan_of(BEGIN + PROGRAMS["one after the other"][0], "statements", kind="script")
    assert [step.body for step in plan.steps] == [(2,), (3,), (4, 5, 6, 7)]
