"""The pipelines that are run on Airflow, and what happens to their runs there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shapes import SHAPES, Shape

MORE = {
    "fan-out over nothing": Shape(
        "frame = load(rows)\ncount = factors(0)\nscaled = map_over(scale, count, frame=frame)\n"
        "sum_ = total(scaled)\nreturn sum_",
        {"sum_": 0.0},
    ),
    "nested decides": Shape(
        "frame, good = looked(rows, limit)\nmodel = fit(frame)\n"
        "said = tell(when(good, push, hold, model=model))\nreturn said",
        {"said": "It was pushed 40."},
        before=(
            "@pipeline\ndef looked(rows: int, limit: float):\n    frame = load(rows)\n"
            "    score = judge(fit(frame), frame)\n    good = is_good(score, limit)\n"
            "    return frame, good\n\n"
        ),
        skipped=("hold",),
    ),
    "one branch, not taken": Shape(
        "frame = load(rows)\nmodel = fit(frame)\ngood = is_good(judge(model, frame), limit)\n"
        "said = maybe(when(good, push, model=model))\nreturn said",
        {"said": "It was None."},
        {"limit": 0.0},
        before='@step\ndef maybe(what: str | None) -> str:\n    return f"It was {what}."\n\n',
        skipped=("push",),
    ),
    "gate with retries fails": Shape(
        "frame = load(rows)\nchecked = strict(frame)\nmodel = fit_checked(frame, checked)\nreturn model",
        params={"rows": 5},
        before=(
            '@step(role="validate", retries=3)\ndef strict(frame: pd.DataFrame) -> Gate:\n'
            '    return Gate("fail", ("never good enough",))\n\n'
        ),
        refused="never good enough",
        kept=("load", "strict"),
    ),
}
ALL: dict[str, Shape] = SHAPES | MORE


@dataclass(frozen=True)
class Program:
    """A pipeline that is there for what Airflow does with it.

    Attributes:
        text: of its module, `pipeline.py` in a package of the DAG's name.
        options: of the compilation.
    """

    text: str
    options: dict[str, Any] = field(default_factory=dict)


HEAD = "import os\nimport time\nfrom pathlib import Path\nfrom thruway import pipeline, step\n\n"
PROGRAMS = {
    "spanned": Program(
        HEAD + '@step(role="ingest")\ndef load(day: str) -> str:\n    return f"orders of {day}"\n\n'
        '@pipeline\ndef spanned(day: str = ""):\n    return load(day)\n',
        {
            "schedule": "@daily",
            "start": "2126-01-01",  # its runs are made by hand
            "more": {"span": "day"},
        },
    ),
    "after_line": Program(
        HEAD + "@step\ndef answer() -> int:\n    return 42\n\n"
        "@pipeline\ndef after_line():\n    return answer()\n",
        {"more": {"assets": "x-thruway://line/model"}},
    ),
    "slow": Program(
        HEAD + "@step\ndef wait(mark: str) -> int:\n    Path(mark).write_text(str(os.getpid()))\n"
        "    time.sleep(600)\n    return 1\n\n"
        "@step\ndef quick(mark: str) -> int:\n    return 1\n\n"
        "@pipeline\ndef slow(mark: str):\n    return quick(mark), wait(mark)\n",
    ),
}
