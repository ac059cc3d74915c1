"""Pipelines on `kfp.local`, in an environment that has KFP: the artifacts of a local run.

`make test-engines` makes the environment. All pipelines are run in one go, by two processes, since
each task is a process of its own; the tests look at what came of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "behaviour"))

from shapes import SHAPES, Shape, write_project  # noqa: E402 - its folder is not one of tests

from thruway.kit.project import load_project  # noqa: E402
from thruway.targets import CompileOptions, compile_project  # noqa: E402

HOME = Path(os.environ.get("THRUWAY_ENGINES", ROOT / ".engines")).resolve() / "kfp"
PYTHON = HOME / "bin" / "python"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason=f"no environment with KFP in {HOME.parent}"),
]

MORE = {
    "fan-out over nothing": Shape(
        "count = factors(0)\nframe = load(rows)\nscaled = map_over(scale, count, frame=frame)\n"
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
}
ALL = SHAPES | MORE
EXAMPLES = {"cancer": "cancer/cancer.ipynb", "diabetes": "diabetes/diabetes.py"}
# A GridSearchCV keeps the seconds that its fits took: it is another one in every run.
TIMED = {"train_regressors.search"}
AGAIN = "diamond, a second time"


def environment(home: Path) -> dict[str, str]:
    """Every task is a process: with byte code, it does not compile again all that it imports."""
    kept = {k: text for k, text in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(ROOT / "src"), "PYTHONPYCACHEPREFIX": str(home / "bytecode")}


def compiled(folder: Path, into: Path, **more: str) -> str:
    options = CompileOptions(image="registry/python-shaped:1", project=str(folder), more=more)
    made = compile_project(load_project(folder), "kubeflow", options)
    into.mkdir(parents=True)
    for name, text in made.files.items():
        (into / name).write_text(text)
    return str(next(into.glob("*.yaml")))


def shape_job(folder: Path, name: str, shape: Shape) -> dict[str, Any]:
    plain = write_project(folder / "plain", shape)
    engine = write_project(folder / "engine", shape)
    views = {} if name == "diamond" else {"views": "no"}
    return {
        "name": name,
        "plain": str(plain),
        "plain_params": {**shape.params, "counter": str(folder / "plain.txt")},
        "engine": str(engine),
        "package": compiled(engine, folder / "package", **views),
        "params": {**shape.params, "counter": str(folder / "engine.txt")},
    }


def example_job(folder: Path, name: str, program: str) -> dict[str, Any]:
    shutil.copytree(ROOT / "examples" / name, folder / name)
    words = ["migrate", str(folder / program), "-o", str(folder / "plain"), "--quiet"]
    words += ["--no-verify"]
    main = [sys.executable, "-m", "thruway.ui.main"]
    subprocess.run([*main, *words], check=True, env=environment(folder.parent))
    shutil.copytree(folder / "plain", folder / "engine")
    package = compiled(folder / "engine", folder / "package")
    paths = {"plain": str(folder / "plain"), "engine": str(folder / "engine")}
    return {"name": name, **paths, "plain_params": {}, "package": package, "params": {}}


STEPS = """
from thruway import map_over, pipeline, step, when

@step(role="ingest")
def load() -> list:
    return [1, 2, 3]

@step(role="train")
def fit(rows: list) -> dict:
    return {"n": len(rows)}

@step
def ten(n: int) -> int:
    return n * 10

@step
def total(all: list) -> int:
    return sum(all)

@step
def push(model: dict) -> str:
    return "pushed"

@step
def hold(model: dict) -> str:
    return "held"

@step
def tell(what: str, n: int, share: float, names: tuple, age: object, rates: list) -> str:
    return f"{what} {n!r} {share!r} {names!r} {age!r} {rates!r}"

@pipeline
def inner():
    rows = load()
    return fit(rows), total(map_over(ten, rows))
"""
# Pipeline → what a local run is given, and what is written into the form of KFP.
TEXTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "no parameters": ("def flow():\n    model, sum_ = inner()\n    return model, sum_\n", {}, {}),
    "parameters of every kind": (
        """def flow(n: int, share: float = 1.0, deep: bool = False, names: tuple = (1, 2),
         age: int | None = None, rates: list[float] = [0.5]):
    model, sum_ = inner()
    what = when(deep, push, hold, model=model)
    return tell(what, n, share, names, age, rates), sum_
""",
        {"n": 5, "share": 2.0, "deep": True, "names": (3,), "age": 7, "rates": [1.0, 2.5]},
        {"n": 5, "share": 2.0, "deep": True, "names": "[3]", "age": "7", "rates": [1, 2.5]},
    ),
}
TEXTS["their defaults"] = (TEXTS["parameters of every kind"][0], {"n": 1}, {"n": 1})


def text_job(folder: Path, name: str) -> dict[str, Any]:
    body, plain_params, params = TEXTS[name]
    job = written_job(folder, name, {"flow.py": f"{STEPS}\n@pipeline\n{body}"})
    return {**job, "plain_params": plain_params, "params": params}


def written_job(folder: Path, name: str, files: dict[str, str], more: str = "") -> dict[str, Any]:
    """A job of a pipeline `flow` that is written here, without parameters."""
    for part in ("plain", "engine"):
        (folder / part).mkdir(parents=True)
        for file, text in files.items():
            (folder / part / file).write_text(text)
        (folder / part / "pyproject.toml").write_text(
            f'[tool.thruway]\npipeline = "flow:flow"\n{more}'
        )
    return {
        "name": name,
        "plain": str(folder / "plain"),
        "plain_params": {},
        "engine": str(folder / "engine"),
        "package": compiled(folder / "engine", folder / "package"),
        "params": {},
    }


# With KFP's cache on ------------------------------------------------------------------------------

CACHED = """
from pathlib import Path
from thruway import map_over, pipeline, step, when
import helping

HERE = Path(__file__).parent

@step(role="ingest")
def load(n: int) -> list:
    return [float(line) for line in (HERE / "rows.txt").read_text().split()][:n]

@step(role="train")
def fit(rows: list) -> float:
    return helping.mean(rows)

@step
def moved(model: float) -> float:
    return model + float((HERE / "offset.txt").read_text())

@step
def ten(row: float) -> float:
    return row * 10

@step
def total(all: list) -> float:
    return sum(all)

@step
def good(model: float) -> bool:
    return model > 2

@step
def push(model: float) -> str:
    return "pushed"

@step
def hold(model: float) -> str:
    return "held"

@pipeline
def judged(model: float):
    offset = moved(model)
    return offset, good(offset)

@pipeline
def flow(n: int = 3):
    rows = load(n)
    model = fit(rows)
    offset, fine = judged(model)
    said = when(fine, push, hold, model=offset)
    return offset, said, total(map_over(ten, rows))
"""
MEAN = "def mean(rows):\n    return sum(rows) / len(rows)\n"
ITEMS = ["ten-item"] * 3
EDITS: list[tuple[str, dict[str, str], list[str]]] = [
    # what was done before, files that are written, tasks that KFP does not answer itself
    (
        "nothing",
        {"flow.py": CACHED, "helping.py": MEAN, "rows.txt": "1 2 3 4", "offset.txt": "1.5"},
        [
            *("fit", "judged-good", "judged-moved", "load", "push", "start"),
            *("ten-gather", *ITEMS, "ten-items", "total"),
        ],
    ),
    (
        "the same: the store answers",
        {},
        [
            *("fit", "judged-good", "judged-moved", "load", "push", "start"),
            *("ten-gather", *ITEMS, "ten-items", "total"),
        ],
    ),
    ("the same: KFP answers", {}, ["start"]),
    (
        "a helper function",
        {"helping.py": MEAN.replace("sum(", "1 + sum(")},
        ["fit", "judged-good", "judged-moved", "push", "start"],
    ),
    ("back to what the store knows", {"helping.py": MEAN}, ["start"]),
    (
        "a file that a later step reads",
        {"offset.txt": "-9"},
        ["hold", "judged-good", "judged-moved", "start"],
    ),
    (
        "a file that the first step reads",
        {"rows.txt": "1 2 5 4"},
        [
            *("fit", "hold", "judged-good", "judged-moved", "load", "start"),
            *("ten-gather", *ITEMS, "ten-items", "total"),
        ],
    ),
]


def cache_job(folder: Path) -> dict[str, Any]:
    files = {"flow.py": CACHED, "helping.py": MEAN}
    job = written_job(folder, "KFP's cache", files, 'data = "."\n')
    return {**job, "edits": [edit for _, edit, _ in EDITS]}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """What came of every pipeline, both ways."""
    home = tmp_path_factory.mktemp("kubeflow")
    jobs = [shape_job(home / str(at), name, ALL[name]) for at, name in enumerate(ALL)]
    jobs += [example_job(home / name, name, program) for name, program in EXAMPLES.items()]
    jobs += [text_job(home / f"text{at}", name) for at, name in enumerate(TEXTS)]
    twice = shape_job(home / "twice", AGAIN, SHAPES["diamond"])
    jobs.append({**twice, "plain": "", "times": 2})
    jobs.append(cache_job(home / "cached"))
    jobs.sort(key=lambda job: -len(load_project(job["engine"]).dag().nodes))
    running = []
    for number, part in enumerate((jobs[::2], jobs[1::2])):
        asked, found = home / f"jobs{number}.txt", home / f"found{number}.json"
        asked.write_text(repr(part))
        log = (home / f"log{number}.txt").open("w")
        words = [PYTHON, Path(__file__).with_name("kubeflow_side.py"), asked, found]
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environment(home), cwd=home)
        running.append((process, found, log))
    statuses = [process.wait() for process, _, _ in running]
    results: dict[str, Any] = {}
    for status, (_, found, log) in zip(statuses, running, strict=True):
        log.close()
        assert status == 0, Path(log.name).read_text()[-5000:]
        results |= json.loads(found.read_text())
    return results


@pytest.mark.parametrize("shape", ALL)
def test_the_same_comes_of_it(shape, done):
    told, got, want = ALL[shape], done[shape]["engine"], done[shape]["plain"]
    if told.refused:
        assert got["error"]
        assert got["state"] == want["state"] == "FAILED"
        assert {name.partition(".")[0] for name in got["hashes"]} == set(told.kept)
    else:
        assert (got["error"], got["state"]) == ("", "COMPLETE")
        for name, value in told.results.items():
            assert got["values"][name] == value
        assert {n for n, state in got["states"].items() if state == "SKIPPED"} == set(told.skipped)
    assert got["hashes"] == want["hashes"]
    assert got["states"] == want["states"]
    without = {name: text for name, text in want["params"].items() if name != "counter"}
    assert {name: got["params"][name] for name in without} == without


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_migrated_program_gives_what_it_gave(name, done):
    got, want = done[name]["engine"], done[name]["plain"]
    assert (got["error"], got["state"]) == ("", "COMPLETE")
    assert set(got["hashes"]) == set(want["hashes"])
    differ = {port for port in want["hashes"] if got["hashes"][port] != want["hashes"][port]}
    assert differ <= TIMED
    assert len(want["hashes"]) > 5
    assert got["states"] == want["states"]


@pytest.mark.parametrize("name", TEXTS)
def test_parameters_arrive_as_they_are(name, done):
    got, want = done[name]["engine"], done[name]["plain"]
    assert (got["error"], got["state"]) == ("", "COMPLETE")
    assert (got["hashes"], got["params"]) == (want["hashes"], want["params"])
    assert got["values"] == want["values"]
    assert got["states"] == want["states"]


def test_a_second_run_is_answered_by_our_cache(done):
    assert set(done[AGAIN]["engine"]["states"].values()) == {"CACHED"}
    assert done[AGAIN]["engine"]["hashes"] == done["diamond"]["engine"]["hashes"]


@pytest.mark.parametrize("at", range(len(EDITS)), ids=[what for what, *_ in EDITS])
def test_its_cache_answers_what_the_store_would(at, done):
    found = done["KFP's cache"]["runs"][at]
    assert found["ran"] == sorted(EDITS[at][2])
    assert found["engine"]["hashes"] == found["plain"]["hashes"]
    assert found["engine"]["values"] == found["plain"]["values"]
    assert found["engine"]["state"] in ("COMPLETE", "CACHED")
    assert found["engine"]["states"] == found["plain"]["states"]


def test_what_kfp_is_told_of_artifacts(done):
    files, hashes = done["diamond"]["files"], done["diamond"]["engine"]["hashes"]
    said = json.loads(files["judge/executor_output.json"])["artifacts"]
    metadata = said["Output"]["artifacts"][0]["metadata"]
    assert metadata["hash"] == hashes["judge.return"]
    assert metadata["value"] == done["diamond"]["engine"]["values"]["score"]
    assert (metadata["member"], metadata["type"]) == ("return", "builtins.float")
    assert "<table" in files["load/view"]
    assert json.loads(files["part/train"])["hash"] == hashes["part.train"]
