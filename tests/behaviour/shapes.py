"""Pipelines of every shape, with what has to come of them, whatever runs them."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
import os
from typing import NamedTuple

import numpy as np
import pandas as pd
from thruway import File, map_over, pipeline, step, when
from thruway.kit.gate import Gate
"""

STEPS = """
class Parts(NamedTuple):
    train: pd.DataFrame
    test: pd.DataFrame


@step(role="ingest")
def load(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return pd.DataFrame({"x": rng.normal(size=rows), "y": rng.integers(0, 2, rows)})


@step(role="split")
def part(frame: pd.DataFrame, share: float = 0.25) -> Parts:
    cut = int(len(frame) * (1 - share))
    return Parts(frame.iloc[:cut].copy(), frame.iloc[cut:].copy())


@step(role="train")
def fit(train: pd.DataFrame, C: float = 1.0) -> dict:
    return {"mean": float(train.x.mean()) * C, "rows": len(train)}


@step(role="evaluate")
def judge(model: dict, test: pd.DataFrame) -> float:
    return float((test.x - model["mean"]).abs().mean())


@step
def is_good(score: float, limit: float) -> bool:
    return score < limit


@step(role="export")
def push(model: dict) -> str:
    return f"pushed {model['rows']}"


@step(role="report")
def hold(model: dict) -> str:
    return f"held {model['rows']}"


@step(role="report")
def tell(what: str) -> str:
    return f"It was {what}."


@step
def scale(factor: float, frame: pd.DataFrame) -> float:
    return float(frame.x.sum()) * factor


@step
def factors(count: int) -> list:
    return [float(n) for n in range(1, count + 1)]


@step
def total(numbers: list) -> float:
    return float(sum(numbers))


@step
def add(a: float, b: float) -> float:
    return a + b


@step(role="validate")
def check(frame: pd.DataFrame, at_least: int = 10) -> Gate:
    if len(frame) < at_least:
        return Gate("fail", (f"{len(frame)} rows, and at least {at_least} are needed",))
    return Gate("pass")


@step(role="train")
def fit_checked(frame: pd.DataFrame, checked: Gate) -> dict:
    return {"mean": float(frame.x.mean()), "rows": len(frame)}


@step(retries=2, backoff=0.0)
def flaky(frame: pd.DataFrame, counter: str) -> int:
    with open(counter, "a") as handle:
        handle.write("x")
    if os.path.getsize(counter) < 2:
        raise RuntimeError("not yet")
    return len(frame)


@step
def large(rows: int) -> np.ndarray:
    return np.arange(rows * 1000, dtype=np.float64).reshape(-1, 10)


@step
def unstorable(rows: int) -> object:
    return (n for n in range(rows))


@step
def write(frame: pd.DataFrame) -> File:
    frame.to_csv("made.csv", index=False)
    return File("made.csv")


@step
def read(made: File) -> int:
    return len(pd.read_csv(made))


@step
def size(values: np.ndarray) -> int:
    return int(values.size)


@step
def take(values: object) -> int:
    return 1
"""


@dataclass(frozen=True)
class Shape:
    """A pipeline and what has to come of it.

    Attributes:
        body: of the pipeline function, whose parameters are `rows`, `C`, `limit`, `counter`.
        results: name of a result → its value.
        params: what the run is given.
        before: further text above the pipeline.
        refused: words of the error, when it must not come to its end.
        kept: when refused: nodes that are done all the same.
        skipped: nodes that do not run.
    """

    body: str
    results: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    before: str = ""
    refused: str = ""
    kept: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


SHAPES: dict[str, Shape] = {
    "line": Shape("frame = load(rows)\nmodel = fit(frame, C=C)\nreturn model"),
    "diamond": Shape(
        "frame = load(rows)\nparts = part(frame)\nmodel = fit(parts.train, C=C)\n"
        "score = judge(model, parts.test)\nreturn model, score"
    ),
    "fan-out over values": Shape(
        "frame = load(rows)\nscaled = map_over(scale, [1.0, 2.0, 3.0], frame=frame)\nreturn scaled"
    ),
    "fan-out over what a step gives": Shape(
        "frame = load(rows)\ncount = factors(3)\nscaled = map_over(scale, count, frame=frame)\n"
        "sum_ = total(scaled)\nreturn sum_"
    ),
    "fan-in": Shape(
        "frame = load(rows)\na = scale(1.0, frame)\nb = scale(2.0, frame)\nc = scale(3.0, frame)\n"
        "ab = add(a, b)\nabc = add(ab, c)\nreturn abc"
    ),
    "nested": Shape(
        "model, score = inner(rows, C)\nsaid = tell(push(model))\nreturn said, score",
        {"said": "It was pushed 30."},
        before=(
            "@pipeline\ndef inner(rows: int, C: float):\n    frame = load(rows)\n"
            "    parts = part(frame)\n    model = fit(parts.train, C=C)\n"
            "    score = judge(model, parts.test)\n    return model, score\n\n"
        ),
    ),
    "condition holds": Shape(
        "frame = load(rows)\nmodel = fit(frame)\nscore = judge(model, frame)\n"
        "good = is_good(score, limit)\nsaid = tell(when(good, push, hold, model=model))\nreturn said",
        {"said": "It was pushed 40."},
        skipped=("hold",),
    ),
    "condition does not hold": Shape(
        "frame = load(rows)\nmodel = fit(frame)\nscore = judge(model, frame)\n"
        "good = is_good(score, limit)\nsaid = tell(when(good, push, hold, model=model))\nreturn said",
        {"said": "It was held 40."},
        {"limit": 0.0},
        skipped=("push",),
    ),
    "gate passes": Shape(
        "frame = load(rows)\nchecked = check(frame)\nmodel = fit_checked(frame, checked)\nreturn model"
    ),
    "gate fails": Shape(
        "frame = load(rows)\nchecked = check(frame)\nmodel = fit_checked(frame, checked)\n"
        "other = fit(frame)\nreturn model, other",
        params={"rows": 5},
        refused="5 rows, and at least 10 are needed",
        kept=("load", "check", "fit"),
    ),
    "retry succeeds": Shape(
        "frame = load(rows)\ncount = flaky(frame, counter)\nreturn count", {"count": 40}
    ),
    "parameter override": Shape(
        "frame = load(rows)\nmodel = fit(frame, C=C)\nreturn model", params={"rows": 12, "C": 0.5}
    ),
    "large artifact": Shape(
        "values = large(rows)\ncount = size(values)\nreturn count", {"count": 40_000}
    ),
    "files": Shape("count = read(write(load(rows)))\nreturn count", {"count": 40}),
    "output that cannot be stored": Shape(
        "values = unstorable(rows)\ncount = take(values)\nreturn count",
        refused="cannot be stored",
    ),
}


def write_project(folder: Path, shape: Shape, name: str = "shaped") -> Path:
    """Write the project of a shape; return its folder."""
    package = folder / name
    package.mkdir(parents=True)
    body = textwrap.indent(shape.body, "    ")
    (package / "pipeline.py").write_text(
        f"{HEAD}{STEPS}\n\n{shape.before}"
        "@pipeline\ndef shaped(rows: int = 40, C: float = 1.0, limit: float = 2.0, "
        f'counter: str = "counter"):\n{body}\n'
    )
    (package / "__init__.py").write_text("")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1.0"\n\n'
        f'[tool.thruway]\npipeline = "{name}.pipeline:shaped"\n'
    )
    return folder
