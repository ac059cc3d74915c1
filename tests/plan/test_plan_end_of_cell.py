"""What a notebook shows at the end of a cell is shown whatever the cell's last line is."""

import pytest
from stepwise import differences

LAST = [
    "del a",
    "pass",
    "b = 2",
    "import json",
    "def f():\n    return 1",
    "'text'",
    "if a > 1:\n    a += 1",
    "plt.rcParams['font.size'] = 8",
    "import random\nrandom.seed(3)",
]


@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("mode", ["cells", "statements"])
def test_figures_of_a_cell_are_shown_with_it(last, mode):
    text = f"""\
import matplotlib.pyplot as plt
# %%
a = 1
plt.plot([1, 1])
{last}
# %%
plt.plot([2, 2])
"""
    assert differences(text, mode) == []
