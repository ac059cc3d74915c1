"""The verbs as a program calls them, and what `import thruway` costs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from observed import write_program

from thruway import api
from thruway.errors import ProjectError, SourceError, UserCodeError

PROGRAM = """
# %% Make
x = [sum([1, 2])]
# %% Count
y = len(x) + x[0]
"""


class Listener:
    observing = None
    running = None

    def __init__(self):
        self.heard = []

    def phase(self, name, detail=""):
        del detail
        self.heard.append(name)


HEAVY = [
    "numpy",
    "pandas",
    "IPython",
    "typer",
    "rich",
    "nbformat",
    "jinja2",
    "sqlite3",
    "matplotlib",
    "ast",
]


def test_importing_thruway_loads_no_library():
    code = f"import sys, thruway; print([name for name in {HEAVY[:-1]} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_face_is_small():
    import thruway

    assert len(thruway.__all__) <= 25
    assert all(hasattr(thruway, name) for name in thruway.__all__)


def test_explain_gives_every_layer(tmp_path):
    listener = Listener()
    found = api.explain(write_program(tmp_path, PROGRAM), cut="cells", progress=listener)
    assert listener.heard == ["reading", "observing", "planning"]
    assert [s.id for s in found.program.statements] == [1, 2]
    assert [(e.source, e.target, e.carrier) for e in found.graph.edges] == [(1, 2, "x")]
    assert len(found.plan.steps) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["case.ipynb"]


@pytest.mark.slow
def test_migrate_and_verify(tmp_path):
    listener = Listener()
    source = write_program(tmp_path, PROGRAM)
    done = api.migrate(source, output=tmp_path / "out", cut="cells", progress=listener)
    assert listener.heard == ["reading", "observing", "planning", "writing", "proving"]
    assert done.project == (tmp_path / "out").resolve()
    assert done.proof.verdict == "equal"
    assert done.proof.holds
    assert {"observe", "write", "prove"} <= set(done.seconds)
    assert (done.project / "report.html").exists()
    again = api.verify(done.project)
    assert again.verdict == "equal"
    compared = {(check.step, check.name) for check in again.checks if check.verdict == "equal"}
    assert {"x", "y"} <= {name for _, name in compared}


@pytest.mark.slow
def test_without_a_proof_nothing_is_claimed(tmp_path):
    done = api.migrate(write_program(tmp_path, PROGRAM), output=tmp_path / "out", verify=False)
    assert done.proof is None
    assert not any("equal" in finding.reason for finding in done.findings)


def test_the_original_is_left_as_it_is(tmp_path):
    source = write_program(
        tmp_path, PROGRAM + "open('made.txt', 'w').close()\n", files={"a.csv": "1"}
    )
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    api.migrate(source, output=tmp_path / "out", verify=False)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before


def test_errors_are_of_the_tree(tmp_path):
    with pytest.raises(SourceError):
        api.explain(tmp_path / "none.py")
    with pytest.raises(ProjectError):
        api.verify(tmp_path)
    with pytest.raises(UserCodeError) as caught:
        api.explain(write_program(tmp_path, "# %%\nx = 1\n# %%\n1 / 0"))
    assert caught.value.where == "case.ipynb, cell 2, line 1"
    assert "ZeroDivisionError" in caught.value.detail


@pytest.mark.slow
def test_a_step_that_computes_something_else_apart_is_joined(tmp_path):
    """A value whose meaning is its identity survives no store; the proof finds that out."""
    text = """
    # %%
    key = [sum([1])]
    # %%
    seen = {id(key): 5}
    # %%
    found = seen.get(id(key), 0)
    """
    done = api.migrate(write_program(tmp_path, text), output=tmp_path / "out", cut="cells")
    assert done.proof.holds
    assert any(finding.code == "TW203" for finding in done.findings) or len(done.plan.steps) < 3
