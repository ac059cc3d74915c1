"""Our own hazards, cut at every cell and at every statement.

What the program sets around itself (`state_cases`) is run with a process for every step; what it
only computes is run step by step through the store, which costs less.
"""

from __future__ import annotations

import ast
import importlib
import re
import textwrap

import language_cases
import library_cases
import pytest
import real_cases
import state_cases
import torch_cases
from forked import CAN_FORK
from observed import write_program
from stepwise import examine

from thruway.api import migrate

TABLES = {
    "language": language_cases,
    "state": state_cases,
    "library": library_cases,
    "torch": torch_cases,
}
MODES = ("cells", "statements")
# Imported once here, so that every fork has them.
WARM = ("numpy", "pandas", "sklearn.linear_model", "matplotlib.pyplot", "seaborn")
# Known faults, to be mended: case → what the plan does not see. A migration finds them in the proof.
WAITING = {
    "an index shared by two frames": "the name of an index belongs to every frame that has it",
    "a view of a tensor and an array of it": "pickle parts what tensors and arrays share",
}


def cases():
    for kind, table in TABLES.items():
        for name, (_, text) in table.CASES.items():
            for mode in MODES:
                reason = WAITING.get(name, "")
                marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
                if kind == "state" and not CAN_FORK:
                    marks.append(pytest.mark.skip(reason="a step is a fork of this process"))
                yield pytest.param(kind, text, mode, marks=marks, id=f"{kind}: {name}, {mode}")


@pytest.fixture(scope="module", autouse=True)
def warm():
    for module in WARM:
        importlib.import_module(module)


def needed(text):
    """Root packages that a program imports."""
    code = re.sub(r"^\s*[%!].*$", "", textwrap.dedent(text), flags=re.MULTILINE)
    for part in ast.walk(ast.parse(code)):
        if isinstance(part, ast.Import):
            yield from (alias.name.split(".")[0] for alias in part.names)
        elif isinstance(part, ast.ImportFrom) and part.module:
            yield part.module.split(".")[0]


@pytest.mark.parametrize(("table", "text", "mode"), list(cases()))
def test_leaves_what_the_whole_leaves(table, text, mode):
    for package in {"tqdm", "torch", "scipy", "joblib"} & set(needed(text)):
        pytest.importorskip(package)
    kind = "script" if "plt.ion()" in text else "notebook"
    assert examine(text, mode, kind, isolated=table == "state").found == []


@pytest.mark.slow
@pytest.mark.parametrize("name", real_cases.CASES)
def test_migrates_what_needs_real_processes(name, tmp_path):
    path = write_program(tmp_path / "home", real_cases.CASES[name][1])
    migration = migrate(path, output=tmp_path / "out", cut="cells")
    assert migration.proof.holds
    assert not [f for f in migration.plan.findings if f.code == "TW203"]
