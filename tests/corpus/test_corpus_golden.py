"""Our own monoliths, each with a difficulty of its own: steps and pipeline against golden text.

Rewritten on purpose only: `make golden`, then read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from observed import observed_graph, write_program
from stepwise import differences

from thruway.plan import make_plan
from thruway.project import render

HERE = Path(__file__).parent
PROGRAMS = {path.stem: path for path in sorted((HERE / "programs").iterdir())}
DATA = {path.name.replace(".", "_"): path.read_text() for path in (HERE / "data").iterdir()}


def kind(name):
    return "script" if PROGRAMS[name].suffix == ".py" else "notebook"


def planned(name, tmp_path):
    files = {key.replace("_", "."): text for key, text in DATA.items()}
    path = write_program(tmp_path / "home", PROGRAMS[name].read_text(), kind(name), name, files)
    (tmp_path / "scratch").mkdir()
    return make_plan(observed_graph(path, tmp_path / "scratch", parted=True))


@pytest.mark.parametrize("name", PROGRAMS)
def test_golden(name, tmp_path):
    plan = planned(name, tmp_path)
    files = render(plan, data_root="..", climb=0, seed=0)
    text = f"{plan.dump()}\n\n=== pipeline.py\n{files[f'{plan.package}/pipeline.py']}"
    golden = HERE / "golden" / f"{name}.txt"
    if os.environ.get("THRUWAY_GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("mode", ["auto", "cells", "statements"])
@pytest.mark.parametrize("name", list(PROGRAMS))
def test_every_cut_computes_the_same(name, mode):
    assert differences(PROGRAMS[name].read_text(), mode, kind(name), **DATA) == []
