"""Our IR beside that of the KFP compiler, for a pipeline that is written both ways."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "behaviour"), str(ROOT / "tests" / "targets")]

from kubeflow_graph import flaws, flow  # noqa: E402 - these lie beside the tests that have them
from shapes import HEAD, SHAPES, STEPS, write_project  # noqa: E402

from thruway.kit.project import load_project  # noqa: E402
from thruway.targets import CompileOptions, compile_project  # noqa: E402

HOME = Path(os.environ.get("THRUWAY_ENGINES", ROOT / ".engines")).resolve() / "kfp"
PYTHON = HOME / "bin" / "python"
HERE = Path(__file__).parent
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason=f"no environment with KFP in {HOME.parent}"),
]

TWIN = '''
@pipeline
def looked(rows: int):
    frame = load(rows)
    return frame

@step(role="train", retries=2, backoff=3.0, cpus=2, memory="3GB", gpu=1)
def fit(train: pd.DataFrame, C: float = 1.0) -> dict: ...

@pipeline
def shaped(rows: int = 40, C: float = 1.0, limit: float = 2.0, who: str = "me", deep: bool = False):
    """All that KFP has."""
    frame = looked(rows)
    model = fit(frame, C=C)
    score = judge(model, frame)
    good = is_good(score, limit)
    scaled = map_over(scale, [1.0, 2.0, 3.0], frame=frame)
    when(good, push, hold, model=model)
    return scaled
'''
MORE = {
    "secret.PASSWORD": "database/password",
    "config.REGION": "settings/region",
    "volume./store": "claim",
    "pull-policy": "Always",
    "pull-secret": "registry",
    "node.pool": "training",
    "label.team": "risk",
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """(IR, platform) of ours and of the SDK's."""
    folder = tmp_path_factory.mktemp("both")
    (folder / "flow.py").write_text(f"{HEAD}{STEPS}{TWIN}")
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:shaped"\n')
    options = CompileOptions(
        image="registry/python-shaped:1", store="s3://bucket/shaped", more=MORE
    )
    made = compile_project(load_project(folder), "kubeflow", options)
    theirs = folder / "theirs.yaml"
    subprocess.run([PYTHON, HERE / "kubeflow_by_hand.py", theirs], check=True)
    return (
        list(yaml.safe_load_all(made.files["shaped.yaml"])),
        list(yaml.safe_load_all(theirs.read_text())),
    )


def test_ours_has_no_flaws_and_theirs_neither(both):
    ours, theirs = both
    assert flaws(ours[0]) == []
    assert flaws(theirs[0]) == []


# What is called otherwise by hand: theirs → ours.
TASKS = {
    "load": "looked-load",
    "factors": "scale-items",
    "scale": "scale-item",
    "gather": "scale-gather",
}
OUTPUTS = {
    "looked-load.frame": "looked-load.Output",
    "fit.model": "fit.Output",
    "judge.score": "judge.Output",
    "is-good.Output": "is-good.holds",
    "scale-item.number": "scale-item.Output",
}


def renamed(text: str) -> str:
    task, dot, rest = text.partition(".")
    whole = f"{TASKS.get(task, task)}{dot}{rest}"
    name, colon, kind = whole.partition(":")
    return f"{OUTPUTS.get(name, name)}{colon}{kind}"


def test_the_same_tasks_wait_for_the_same(both):
    ours, theirs = (flow(each[0]) for each in both)
    assert set(ours) == {"start", *(TASKS.get(name, name) for name in theirs)}
    for name, task in theirs.items():
        after = {TASKS.get(each, each) for each in task["after"]}
        mine = set(ours[TASKS.get(name, name)]["after"])
        # Ours wait for nothing else, but for the start, and for their items to be counted.
        extra = {"scale-items"} if name == "gather" else set()
        assert mine == after | extra | {"start"}, name


def test_the_same_artifacts_flow(both):
    ours, theirs = (flow(each[0]) for each in both)
    for name, task in theirs.items():
        mine = ours[TASKS.get(name, name)]
        want = sorted(map(renamed, task["takes"].values()))
        assert sorted(mine["takes"].values()) == want, name
        gives = sorted(kind for key, kind in task["gives"].items() if kind != "BOOLEAN")
        extra = {"view": "system.HTML"} if "view" in mine["gives"] else {}
        given = dict(mine["gives"].items() - extra.items())
        if name == "is-good":  # what decides is kept by us as a value, too
            assert given.pop("Output") == "system.Artifact"
        assert sorted(kind for kind in given.values() if kind != "BOOLEAN") == gives, name


def test_the_same_is_decided_repeated_and_retried(both):
    ours, theirs = (flow(each[0]) for each in both)
    for name, task in theirs.items():
        mine = ours[TASKS.get(name, name)]
        inside = [
            each.replace("is-good.Output", "is-good.holds").replace("factors", "scale-items")
            for each in task["inside"]
        ]
        assert mine["inside"] == inside, name
        assert (mine["retry"], mine["trigger"]) == (task["retry"], task["trigger"]), name


def test_the_same_may_be_answered_by_the_cache(both):
    ours, theirs = (
        {
            name: task["cachingOptions"]
            for component in each[0]["components"].values()
            for name, task in component.get("dag", {}).get("tasks", {}).items()
            if "cachingOptions" in task
        }
        for each in both
    )
    for name in flow(both[1][0]).keys() - {"finish"}:
        assert ours[TASKS.get(name, name)] == theirs[name] == {"enableCache": True}, name
    assert ours["start"] == {}


def test_the_same_parameters(both):
    ours, theirs = both
    mine = ours[0]["root"]["inputDefinitions"]
    assert mine == theirs[0]["root"]["inputDefinitions"]
    for name, task in flow(theirs[0]).items():
        given = flow(ours[0])[TASKS.get(name, name)]["parameters"]
        for source in task["parameters"].values():
            if source.startswith("$"):
                assert source in given.values(), name


def test_the_same_containers(both):
    ours, theirs = both
    mine, other = (
        each[0]["deploymentSpec"]["executors"]["exec-fit"]["container"] for each in (ours, theirs)
    )
    for part in ("image", "resources", "env"):
        assert mine[part] == other[part], part


def test_the_same_for_kubernetes(both):
    ours, theirs = both
    mine, other = (
        each[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-fit"]
        for each in (ours, theirs)
    )
    assert mine == other


def test_the_parsers_of_kfp_take_it(tmp_path):
    files = []
    for number, shape in enumerate(SHAPES.values()):
        folder = write_project(tmp_path / str(number), shape)
        options = CompileOptions(image="r/python:1", schedule="@daily", more=MORE)
        for name, text in compile_project(load_project(folder), "kubeflow", options).files.items():
            (folder / name).write_text(text)
            files.append(folder / name)
    words = [PYTHON, HERE / "kubeflow_parsed.py", *files[: 2 * len(SHAPES)]]
    subprocess.run(words, check=True)
