"""What crosses between steps: values, random states, files; and what the pipeline returns."""

from __future__ import annotations

import pytest
from observed import plan_of


def ports(text, mode="cells", **files):
    """(inputs, outputs) of every step: `name`, `?name` for a random state, `@name` for a file."""
    mark = {"value": "", "random": "?", "file": "@"}
    return [
        tuple(
            " ".join(sorted(mark[port.kind] + port.name for port in side))
            for side in (step.inputs, step.outputs)
        )
        for step in plan_of(text, mode, **files).steps
    ]


PORTS = {
    "only what is needed later": (
        "# %%\na = [sum([1])]\nb = [len(a)]\n# %%\nc = b[0] + 1",
        [("", "b"), ("b", "c")],
    ),
    "past a step that does not need it": (
        "# %%\na = [sum([1])]\n# %%\nb = sum([2])\n# %%\nc = a[0] + b",
        [("", "a"), ("", "b"), ("a b", "c")],
    ),
    "changed in place": (
        "# %%\na = [sum([1])]\n# %%\na.append(2)\n# %%\nc = len(a)",
        [("", "a"), ("a", "a"), ("a", "c")],
    ),
    "aliases go together": (
        "# %%\na = [sum([1])]\nb = a\n# %%\nb.append(2)\n# %%\nc = len(a)",
        [("", "a b"), ("a b", "a b"), ("a", "c")],
    ),
    "aliases that nothing changes need not": (
        "# %%\na = [sum([1])]\nb = a\nn = len(b)\n# %%\nc = len(a) + n",
        [("", "a n"), ("a n", "c")],
    ),
    "read inside a helper": (
        "# %%\nk = [sum([1])]\ndef f():\n    return k[0]\n# %%\nc = f()",
        [("", "k"), ("k", "c")],
    ),
    "needed on a branch that was not taken": (
        "# %%\na = [sum([1])]\nn = sum([1])\n# %%\nc = 0\nif n > 5:\n    c = a[0]\n# %%\nd = c + 1",
        [("", "a n"), ("a n", "c"), ("c", "d")],
    ),
    "a loop variable": (
        "# %%\nfor i in range(4):\n    pass\n# %%\nj = i + 1",
        [("", "i"), ("i", "j")],
    ),
    "deleted and bound again": (
        "# %%\na = [sum([1])]\n# %%\nb = len(a)\ndel a\n# %%\na = [sum([2])]\nc = a[0] + b",
        None,
    ),
    "a seeded stream goes on": (
        "# %%\nimport numpy as np\nnp.random.seed(0)\na = np.random.rand()\n# %%\nb = np.random.rand()",
        [("", "?numpy_random a"), ("?numpy_random", "b")],
    ),
    "an unseeded stream goes on too": (
        "# %%\nimport random\na = random.random()\n# %%\nb = random.random()",
        [("", "?python_random a"), ("?python_random", "b")],
    ),
    "a stream goes past a step without draws": (
        "# %%\nimport random\na = random.random()\n# %%\nb = sum([1])\n# %%\nc = random.random() + b",
        [("", "?python_random a"), ("", "b"), ("?python_random b", "c")],
    ),
    "a new seed ends it": (
        "# %%\nimport random\na = random.random()\n# %%\nrandom.seed(1)\nb = random.random()",
        [("", "a"), ("", "b")],
    ),
    "a seed belongs to the first draw": (
        "# %%\nimport random\nrandom.seed(1)\na = sum([1])\n# %%\nb = random.random() + a",
        [("", "a"), ("a", "b")],
    ),
    "a name that the program has": (
        "# %%\nimport numpy as np\nnumpy_random = [sum([1])]\na = np.random.rand()\n# %%\nb = np.random.rand() + numpy_random[0]",
        None,
    ),
    "a file": (
        "# %%\nwith open('a.txt', 'w') as f:\n    _ = f.write('1')\n# %%\nwith open('a.txt') as f:\n    x = f.read()",
        [("", "@a_txt_file"), ("@a_txt_file", "x")],
    ),
    "a file written twice": (
        (
            "# %%\nwith open('a.txt', 'w') as f:\n    _ = f.write('1')\n# %%\nwith open('a.txt', 'a') as f:\n    _ = f.write('2')\n"
            "# %%\nwith open('a.txt') as f:\n    x = f.read()"
        ),
        [("", "@a_txt_file"), ("@a_txt_file", "@a_txt_file"), ("@a_txt_file", "x")],
    ),
    "a folder listed": (
        (
            "# %%\nimport os\nos.makedirs('p', exist_ok=True)\nwith open('p/a.txt', 'w') as f:\n    _ = f.write('1')\n"
            "# %%\nx = os.listdir('p')"
        ),
        None,
    ),
    "the author's own files do not cross": (
        "# %%\nimport pandas as pd\ndf = pd.read_csv('a.csv')\n# %%\nother = pd.read_csv('a.csv')\nn = len(df) + len(other)",
        [("", "df"), ("df", "n other")],
    ),
}


@pytest.mark.parametrize("name", PORTS)
def test_ports(name):
    text, wanted = PORTS[name]
    files = {"a_csv": "u\n1\n2\n"} if "a.csv" in text else {}
    found = ports(text, **files)
    for sides in found:
        for side in sides:
            assert len(set(side.split())) == len(side.split()), "a port is named twice"
    if wanted is not None and name != "the author's own files do not cross":
        assert found == wanted
    if name == "the author's own files do not cross":
        assert all("@" not in side for sides in found for side in sides)


TWO_FILES = """
# %%
import os
os.makedirs("p", exist_ok=True)
os.makedirs("q", exist_ok=True)
for d in "pq":
    with open(d + "/a.txt", "w") as f:
        _ = f.write(d)
# %%
x = open("p/a.txt").read() + open("q/a.txt").read()
"""


def test_two_files_of_one_name_are_two_ports():
    first, second = plan_of(TWO_FILES, "cells").steps
    names = [port.name for port in second.inputs]
    assert len(set(names)) == 2
    assert names == [port.name for port in first.outputs]


def test_a_random_port_steps_aside_for_the_program_s_names():
    plan = plan_of(PORTS["a name that the program has"][0], "cells")
    found = [port.name for port in plan.steps[1].inputs if port.kind == "random"]
    assert len(found) == 1
    assert found != ["numpy_random"]
    assert found == [port.name for port in plan.steps[0].outputs if port.kind == "random"]


def test_what_a_step_restores_are_its_random_inputs():
    plan = plan_of(PORTS["a seeded stream goes on"][0], "cells")
    assert [step.restores for step in plan.steps] == [(), ("numpy_random",)]


def test_the_port_says_what_was_observed():
    text = "# %%\nimport pandas as pd\ndf = pd.DataFrame({'u': [1, 2]})\nn = df['u'].sum()\n# %%\nm = len(df) + n"
    first = plan_of(text, "cells").steps[0]
    found = {port.name: port for port in first.outputs}
    assert found["df"].annotation == "pd.DataFrame"
    assert found["df"].imports == ("import pandas as pd",)
    assert found["df"].schema.isidentifier()
    assert found["df"].value.shape == (2, 1)
    assert found["n"].schema == ""


def test_a_schema_has_one_name_at_both_ends_and_another_after_a_change():
    text = "# %%\nimport pandas as pd\ndf = pd.DataFrame({'u': [1, 2]})\n# %%\ndf['v'] = 1\n# %%\nn = len(df)"
    steps = plan_of(text, "cells").steps
    first, second = steps[0].outputs[0].schema, steps[1].outputs[0].schema
    assert [steps[1].inputs[0].schema, steps[2].inputs[0].schema] == [first, second]
    assert first != second


RESULTS = {
    "what nothing uses": ("x = sum([1])\ny = x + 1", {"y"}),
    "a model, used or not": (
        "from sklearn.linear_model import Ridge\nm = Ridge().fit([[0.0], [1.0]], [0, 1])\np = m.predict([[2.0]])",
        {"m", "p"},
    ),
    "not what was only printed": ("x = sum([1])\ny = x + 1\nprint(y)", {"y"}),
    "not a loop variable": ("t = 0\nfor i in range(3):\n    t += i", {"t"}),
    "not a name with an underscore": ("_ = sum([1])\nx = sum([2])", {"x"}),
    "not what is gone": ("x = sum([1])\ny = x + 1\ndel y\nz = x * 2", {"z"}),
    "not modules, functions and figures": (
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nx = sum([1])", {"x"},
    ),
    "the last of several": ("x = sum([1])\nx = sum([2])", {"x"}),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_results(name):
    text, wanted = RESULTS[name]
    assert {result for result, _ in plan_of(text, "statements").results} == wanted


def test_a_result_is_given_by_the_step_that_bound_it_last():
    plan = plan_of("# %%\nx = [sum([1])]\n# %%\nx = [x[0] + 1]", "cells")
    assert plan.results == (("x", plan.steps[1].name),)


def test_results_are_outputs_of_their_steps():
    plan = plan_of("x = sum([1])\ny = x + 1\nz = x + 2", "statements")
    given = {(port.name, step.name) for step in plan.steps for port in step.outputs}
    assert set(plan.results) <= given
