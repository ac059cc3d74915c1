"""The IR that a pipeline becomes: its graph, its text, its parameters, what containers need."""

from __future__ import annotations

import ast
import copy
import json
import os
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from kubeflow_graph import flaws, flow

from thruway.errors import CompileRefused, UsageError
from thruway.kit.project import load_project
from thruway.targets import CompileOptions, compile_project
from thruway.targets.kubeflow.parameters import given_values
from thruway.targets.kubeflow.text import yaml_text

sys.path.insert(0, str(Path(__file__).parents[1] / "behaviour"))

from shapes import HEAD, SHAPES, STEPS, write_project

GOLDEN = Path(__file__).parent / "golden" / "kubeflow"
IMAGE = "registry/churn-python:1"


def made(folder, body, parameters="rows: int = 40, C: float = 1.0", before="", **options):
    text = textwrap.indent(body, "    ")
    (folder / "flow.py").write_text(
        f"{HEAD}{STEPS}\n{before}\n@pipeline\ndef flow({parameters}):\n{text}\n"
    )
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
    chosen = CompileOptions(image=IMAGE, **options)
    return compile_project(load_project(folder), "kubeflow", chosen)


def documents(compiled):
    return list(yaml.safe_load_all(compiled.files["flow.yaml"]))


def leaf(folder, name, body="return load(rows)", **more):
    spec, *_ = documents(made(folder, body, **more))
    return spec["deploymentSpec"]["executors"][f"exec-{name}"]["container"]


# The graph --------------------------------------------------------------------------------------

NESTED = (
    "@pipeline\ndef looked(rows: int, limit: float):\n    frame = load(rows)\n"
    "    score = judge(fit(frame), frame)\n    good = is_good(score, limit)\n"
    "    return frame, good\n"
)


@pytest.mark.parametrize("caching", ["yes", "no"])
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_dangles(shape, caching, tmp_path):
    write_project(tmp_path, SHAPES[shape])
    options = CompileOptions(image=IMAGE, more={"caching": caching})
    compiled = compile_project(load_project(tmp_path), "kubeflow", options)
    spec, *_ = yaml.safe_load_all(compiled.files["shaped.yaml"])
    assert flaws(spec) == []


def broken(spec, how):
    spec = copy.deepcopy(spec)
    tasks = spec["components"]["comp-exit-handler-1"]["dag"]["tasks"]
    if how == "a producer is gone":
        del tasks["load"]
    elif how == "a component is gone":
        del spec["components"]["comp-load"]
    elif how == "an executor is gone":
        del spec["deploymentSpec"]["executors"]["exec-load"]
    elif how == "an input is missing":
        del tasks["fit"]["inputs"]["artifacts"]["train"]
    elif how == "a cycle":
        tasks["load"]["dependentTasks"] = ["fit"]
    elif how == "an output is another":
        outputs = spec["components"]["comp-load"]["outputDefinitions"]["artifacts"]
        outputs["Output"]["artifactType"]["schemaTitle"] = "system.Model"
    return spec


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("a producer is gone", "waits for load, which is not there"),
        ("a component is gone", "no component comp-load"),
        ("an executor is gone", "no executor exec-load"),
        ("an input is missing", "train is not given"),
        ("a cycle", "is in a cycle"),
        ("an output is another", "train is system.Model, and system.Dataset is taken"),
    ],
)
def test_what_dangles_is_found(how, said, tmp_path):
    spec, *_ = documents(made(tmp_path, "return fit(load(rows), C=C)"))
    assert flaws(spec) == []
    assert said in " ".join(flaws(broken(spec, how)))


def test_branches_are_decided_by_kfp_and_whoever_follows_runs(tmp_path):
    body = (
        "frame = load(rows)\nmodel = fit(frame)\ngood = is_good(judge(model, frame), 2.0)\n"
        "return tell(when(good, push, hold, model=model))"
    )
    spec, *_ = documents(made(tmp_path, body))
    found = flow(spec)
    assert found["push"]["inside"] == ["if is-good.holds == true"]
    assert found["hold"]["inside"] == ["if !(is-good.holds == true)"]
    assert found["push"]["takes"] == {"model": "fit.Output: system.Model"}
    # What one of two branches gives is not handed on: only one of them is there.
    assert found["tell"]["takes"] == {}
    assert {"push", "hold"} <= set(found["tell"]["after"])
    branches = spec["components"]["comp-exit-handler-1"]["dag"]["tasks"]["condition-branches-2"]
    assert "triggerPolicy" not in branches


def test_what_a_nested_pipeline_decides(tmp_path):
    body = (
        "frame, good = looked(rows, 2.0)\nmodel = fit(frame)\n"
        "return tell(when(good, push, hold, model=model))"
    )
    spec, *_ = documents(made(tmp_path, body, before=NESTED))
    assert flaws(spec) == []
    found = flow(spec)
    assert found["push"]["inside"] == ["if looked-is-good.holds == true"]
    assert found["fit"]["takes"] == {"train": "looked-load.Output: system.Dataset"}
    assert "comp-looked" in spec["components"]
    # kfp.local takes what has `-Output` in its name for the output of a task next to it.
    names = spec["components"]["comp-condition-branches-2"]["inputDefinitions"]["parameters"]
    assert not [name for name in names if "-Output" in name]


@pytest.mark.parametrize("kind", ["deep: bool = False", "deep=False"])
def test_a_parameter_decides(kind, tmp_path):
    body = "return when(deep, push, hold, model=fit(load(rows)))"
    spec, *_ = documents(made(tmp_path, body, parameters=f"rows: int = 4, {kind}"))
    assert flaws(spec) == []
    assert flow(spec)["push"]["inside"] == ["if $deep == true"]


def test_a_condition_that_kfp_cannot_have_is_left_to_the_task(tmp_path):
    body = "return when(deep, push, hold, model=fit(load(rows)))"
    spec, *_ = documents(made(tmp_path, body, parameters="rows: int = 4, deep: object = None"))
    assert (flaws(spec), flow(spec)["push"]["inside"]) == ([], [])


def test_items_are_counted_done_and_gathered(tmp_path):
    body = "frame = load(rows)\nreturn total(map_over(scale, factors(3), frame=frame))"
    spec, *_ = documents(made(tmp_path, body, more={"parallel": "4"}))
    found = flow(spec)
    assert found["scale-items"]["gives"]["Output"] == "LIST"
    assert found["scale-item"]["inside"] == ["for each of scale-items.Output"]
    assert found["scale-item"]["parameters"]["item-index"] == "each"
    # KFP cannot collect from no items, and there may be none.
    assert found["scale-gather"]["takes"] == {}
    assert "scale-item" in found["scale-gather"]["after"]
    loop = spec["components"]["comp-exit-handler-1"]["dag"]["tasks"]["for-loop-2"]
    assert loop["iteratorPolicy"] == {"parallelismLimit": 4}


def test_items_that_are_surely_there_are_collected(tmp_path):
    spec, *_ = documents(
        made(tmp_path, "frame = load(rows)\nreturn map_over(scale, [1.0, 2.0], frame=frame)")
    )
    taken = flow(spec)["scale-gather"]["takes"]
    assert taken == {"Output": "scale-item.Output: list of system.Artifact"}


def test_the_end_is_recorded_whatever_became_of_the_rest(tmp_path):
    spec, *_ = documents(made(tmp_path, "return load(rows)"))
    finish = flow(spec)["finish"]
    after = ["load", "start"]
    assert (finish["after"], finish["trigger"]) == (after, "ALL_UPSTREAM_TASKS_COMPLETED")
    assert spec["deploymentSpec"]["executors"]["exec-finish"]["container"]["args"][0] == "task-end"


def test_every_dag_has_an_input(tmp_path):
    """Without one, kfp.local hands no artifact into it."""
    before = "@pipeline\ndef trained(frame: pd.DataFrame):\n    return fit(frame)\n"
    body = "frame = load(4)\nmodel = trained(frame)\nreturn model"
    no = {"caching": "no"}
    spec, *_ = documents(made(tmp_path, body, parameters="", before=before, more=no))
    assert flaws(spec) == []
    (task,) = spec["root"]["dag"]["tasks"]["exit-handler-1"]["inputs"]["parameters"]
    inner = spec["components"]["comp-exit-handler-1"]["dag"]["tasks"]["trained"]
    assert [task] == list(inner["inputs"]["parameters"]) == ["run-id"]


def test_steps_with_names_of_ours_keep_apart(tmp_path):
    names = ("start", "finish", "for_loop_1")
    before = "".join(f"@step\ndef {name}(n: int) -> int: return n\n\n" for name in names)
    spec, *_ = documents(made(tmp_path, "return for_loop_1(finish(start(rows)))", before=before))
    assert flaws(spec) == []
    assert list(spec["root"]["dag"]["tasks"]) == ["exit-handler-1", "finish-run"]
    found = flow(spec)
    assert found["start"]["parameters"]["store-answer"] == "start-run.answer-start"
    assert found["finish-run"]["after"] == ["finish", "for-loop-1", "start", "start-run"]


# Its cache --------------------------------------------------------------------------------------


def test_kfp_may_answer_a_task_by_what_the_store_would_answer(tmp_path):
    body = (
        "frame = load(rows)\nscaled = map_over(scale, [1.0], frame=frame)\nreturn fit(frame, C=C)"
    )
    spec, *_ = documents(made(tmp_path, body))
    found = flow(spec)
    tasks = {
        name: task
        for component in spec["components"].values()
        for name, task in component.get("dag", {}).get("tasks", {}).items()
    }
    cached = {name for name, task in tasks.items() if task.get("cachingOptions")}
    assert cached == {"load", "scale-items", "scale-item", "scale-gather", "fit"}
    for name in cached:
        assert tasks[name]["cachingOptions"] == {"enableCache": True}
        step = name.partition("-")[0]
        assert found[name]["parameters"]["store-answer"] == f"start.answer-{step}"
        assert "start" in found[name]["after"]
        # Nothing in it differs from run to run.
        assert "{{$.pipeline_job_uuid}}" not in found[name]["parameters"].values()
    assert found["start"]["parameters"] == {"rows": "$rows", "C": "$C"}


def test_a_task_that_kfp_may_answer_has_its_run_from_its_pod(tmp_path):
    spec, platform = documents(made(tmp_path, "return load(rows)", more={"ui": "https://ml"}))
    executors = spec["deploymentSpec"]["executors"]
    args = executors["exec-load"]["container"]["args"]
    assert args[args.index("--run-id") + 1] == "{{$.pipeline_job_uuid}}"
    assert args[args.index("--link") + 1] == "https://ml/#/runs/details/{{$.pipeline_job_uuid}}"
    assert "--engine-cache" in args
    assert "--engine-cache" in executors["exec-finish"]["container"]["args"]
    assert executors["exec-start"]["container"]["args"][0] == "task-start"
    on_each = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    label = {"fieldPath": "metadata.labels['pipeline/runid']", "name": "THRUWAY_ENGINE_RUN"}
    assert set(on_each) == {"exec-finish", "exec-load", "exec-start"}
    assert all(each["fieldPathAsEnv"] == [label] for each in on_each.values())


def test_with_its_cache_off_kfp_never_answers(tmp_path):
    no = {"caching": "no"}
    spec, *more = documents(made(tmp_path, "return fit(load(rows), C=C)", more=no))
    assert more == []
    for name, task in spec["components"]["comp-exit-handler-1"]["dag"]["tasks"].items():
        assert task["cachingOptions"] == {}, name
        # Also when it is turned on from outside: no two runs have the same inputs.
        run = task["inputs"]["parameters"]["run-id"]
        assert run == {"runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}}


# Types of artifacts -----------------------------------------------------------------------------


def test_what_outputs_are(tmp_path):
    before = (
        "from sklearn.linear_model import LogisticRegression\n"
        "from thruway.components.evaluate import Evaluation\n"
        "class Judged(NamedTuple):\n    frame: pd.DataFrame\n    score: float\n"
        "    model: LogisticRegression\n    said: Evaluation\n    none: None\n"
        "@step(role='evaluate')\ndef judged(model: dict) -> Judged: ...\n"
        "@step\ndef quiet(model: dict) -> None: ...\n"
        "@step\ndef pair(model: dict) -> tuple[pd.DataFrame, int]: ...\n"
    )
    body = (
        "model = fit(load(rows))\nquiet(model)\na, b = pair(model)\nframe = a\nfound = judged(model)\n"
        "return found.score, frame, b"
    )
    spec, *_ = documents(made(tmp_path, body, before=before))
    gives = {name: each["gives"] for name, each in flow(spec).items()}
    assert gives["judged"] == {
        "frame": "system.Dataset",
        "model": "system.Model",
        "said": "system.Metrics",
        "said-curves": "system.ClassificationMetrics",
        "score": "system.Metrics",
        "view": "system.HTML",
    }
    assert gives["fit"] == {"Output": "system.Model", "view": "system.HTML"}
    assert gives["quiet"] == {"view": "system.HTML"}
    assert gives["pair"] == {"0": "system.Dataset", "1": "system.Artifact", "view": "system.HTML"}


def test_views_can_be_left_out(tmp_path):
    spec, *_ = documents(made(tmp_path, "return load(rows)", more={"views": "no"}))
    assert flow(spec)["load"]["gives"] == {"Output": "system.Dataset"}


# Parameters -------------------------------------------------------------------------------------

PARAMETERS = {
    "n: int": {"parameterType": "NUMBER_INTEGER"},
    "n: int = 3": {"defaultValue": 3, "isOptional": True, "parameterType": "NUMBER_INTEGER"},
    "n: float = 1": {"defaultValue": 1.0, "isOptional": True, "parameterType": "NUMBER_DOUBLE"},
    "n: float = 1e-05": {
        "defaultValue": 1e-05,
        "isOptional": True,
        "parameterType": "NUMBER_DOUBLE",
    },
    "n: bool = True": {"defaultValue": True, "isOptional": True, "parameterType": "BOOLEAN"},
    "n: str = '1'": {"defaultValue": "1", "isOptional": True, "parameterType": "STRING"},
    "n: list[int] = [1]": {"defaultValue": [1], "isOptional": True, "parameterType": "LIST"},
    "n: dict = {'a': 1}": {"defaultValue": {"a": 1}, "isOptional": True, "parameterType": "STRUCT"},
    "n: int | None = None": {
        "defaultValue": "None",
        "description": "int | None, as Python writes it",
        "isOptional": True,
        "parameterType": "STRING",
    },
    "n: tuple[int, int] = (1, 2)": {
        "defaultValue": "(1, 2)",
        "description": "tuple[int, int], as Python writes it",
        "isOptional": True,
        "parameterType": "STRING",
    },
    "n: Literal['a', 'b'] = 'a'": {
        "defaultValue": "a",
        "description": "Literal['a', 'b'], as Python writes it",
        "isOptional": True,
        "parameterType": "STRING",
    },
}


@pytest.mark.parametrize("written", PARAMETERS)
def test_parameters(written, tmp_path):
    spec, *_ = documents(made(tmp_path, "return load(rows)", parameters=f"rows: int, *, {written}"))
    assert spec["root"]["inputDefinitions"]["parameters"]["n"] == PARAMETERS[written]


VALUES = [
    # parameter, what KFP hands on, what the pipeline is given (nothing: its own default)
    ("n: int = 3", 3, "nothing"),
    ("n: int = 3", 4, 4),
    ("n: int = 3", 4.0, 4),
    ("n: float = 1", 1.0, "nothing"),
    ("n: float = 1.0", 2, 2.0),
    ("n: bool = True", True, "nothing"),
    ("n: bool = True", False, False),
    ("n: int = 1", True, UsageError),
    ("n: str = 'a'", "1", "1"),
    ("n: list[float] = [1.0]", [1], "nothing"),
    ("n: list[float] = [1.0]", [2, 2.5], [2.0, 2.5]),
    ("n: dict[str, int] = {'a': 1}", {"a": 2.0}, {"a": 2}),
    ("n: int | None = None", "None", "nothing"),
    ("n: int | None = None", "5", 5),
    ("n: tuple[int, int] = (1, 2)", "(1, 2)", "nothing"),
    ("n: tuple[int, int] = (1, 2)", "[3, 4]", (3, 4)),
    ("n: Path = 'a.csv'", "b.csv", Path("b.csv")),
    ("n: int", 0, 0),
    ("n: int", None, "nothing"),
    ("n: int", "many", UsageError),
]


@pytest.mark.parametrize(("written", "told", "given_"), VALUES, ids=str)
def test_values_of_parameters(written, told, given_, tmp_path):
    (tmp_path / "flow.py").write_text(
        f"{HEAD}{STEPS}\nfrom pathlib import Path\n@pipeline\ndef flow({written}): return load(3)\n"
    )
    known = load_project(tmp_path / "flow.py").dag().parameters
    if given_ is UsageError:
        with pytest.raises(UsageError):
            given_values(known, {"n": told})
        return
    found = given_values(known, {"n": told})
    want = {} if given_ == "nothing" else {"n": given_}
    assert (found, repr(found)) == (want, repr(want))


# Containers -------------------------------------------------------------------------------------


def test_the_words_of_a_task(tmp_path):
    more = {"ui": "https://ml/pipeline/", "caching": "no"}
    found = leaf(tmp_path, "load", project="/pipeline/churn", more=more)
    assert found["command"] == ["python3", "-m", "thruway.ui.main"]
    run = "{{$.inputs.parameters['run-id']}}"
    assert found["args"] == [
        *("task", "/pipeline/churn", "load", "--engine", "kubeflow", "--run-id", run),
        *("--link", f"https://ml/pipeline/#/runs/details/{run}"),
        *("--protocol", "kfp.dsl.executor_main", "--message", "{{$}}"),
    ]
    assert found["image"] == IMAGE


def test_what_a_step_needs(tmp_path):
    before = (
        "@step(cpus=2, memory='3GB', gpu=1, retries=3, backoff=2.5)\ndef big(n: int) -> int: ...\n"
        "@step(cpus=0.5, memory='1536MiB')\ndef small(n: int) -> int: ...\n"
    )
    spec, *_ = documents(made(tmp_path, "return small(big(rows))", before=before))
    executors = spec["deploymentSpec"]["executors"]
    big = executors["exec-big"]["container"]["resources"]
    assert big["accelerator"]["resourceType"] == "nvidia.com/gpu"
    assert (big["resourceCpuLimit"], big["resourceMemoryRequest"]) == ("2", "3G")
    assert (big["cpuLimit"], big["memoryLimit"]) == (2.0, 3.0)
    small = executors["exec-small"]["container"]["resources"]
    assert (small["resourceCpuRequest"], small["resourceMemoryLimit"]) == ("500m", "1536Mi")
    assert flow(spec)["big"]["retry"] == {
        "backoffDuration": "3s",
        "backoffFactor": 2.0,
        "backoffMaxDuration": "3600s",
        "maxRetryCount": 3,
    }


def test_a_part_of_a_gpu_is_refused(tmp_path):
    before = "@step(gpu=0.5)\ndef big(n: int) -> int: ...\n"
    with pytest.raises(CompileRefused, match=r"takes 0\.5 of a GPU"):
        made(tmp_path, "return big(rows)", before=before)


def test_what_only_kubernetes_knows(tmp_path):
    more = {
        "secret.USER": "database/user",
        "secret.PASSWORD": "database/password",
        "config.REGION": "settings/region",
        "env.OMP_NUM_THREADS": "1",
        "volume./store": "claim",
        "node.pool": "training",
        "label.team": "risk",
        "pull-secret": "registry",
        "pull-policy": "Always",
    }
    compiled = made(tmp_path, "return load(rows)", more=more, store="/store")
    spec, platform = documents(compiled)
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(executors) == {"exec-start", "exec-load", "exec-finish"}
    (secret,) = executors["exec-load"]["secretAsEnv"]
    assert secret["secretName"] == "database"
    assert secret["keyToEnv"] == [
        {"envVar": "PASSWORD", "secretKey": "password"},
        {"envVar": "USER", "secretKey": "user"},
    ]
    assert executors["exec-load"]["pvcMount"][0]["mountPath"] == "/store"
    assert executors["exec-load"]["nodeSelector"] == {"labels": {"pool": "training"}}
    env = spec["deploymentSpec"]["executors"]["exec-load"]["container"]["env"]
    assert env == [
        {"name": "OMP_NUM_THREADS", "value": "1"},
        {"name": "THRUWAY_STORE", "value": "/store"},
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"image": ""},
        {"store": "postgresql://me:secret@host/db"},
        {"more": {"secrets.A": "b/c"}},
        {"more": {"secret.A": "b"}},
        {"more": {"secret.": "b/c"}},
        {"more": {"pull-policy": "Sometimes"}},
        {"more": {"parallel": "many"}},
        {"more": {"views": "some"}},
        {"more": {"caching": "some"}},
        {"schedule": "often"},
        {"schedule": "@daily", "start": "soon"},
    ],
    ids=str,
)
def test_options_that_mean_nothing(options, tmp_path):
    made(tmp_path, "return load(rows)")
    with pytest.raises(UsageError):
        compile_project(
            load_project(tmp_path), "kubeflow", CompileOptions(**{"image": IMAGE, **options})
        )


def test_what_has_to_be_set_up_is_said(tmp_path):
    before = "@step(env=['REGION', 'LEVEL'])\ndef local(n: int) -> int: ...\n"
    notes = made(tmp_path, "return local(rows)", before=before, more={"env.LEVEL": "1"}).notes
    assert "steps depend on REGION: give them with -o env. or -o secret." in notes
    assert len([note for note in notes if "has to reach the same" in note]) == 2


# Schedules --------------------------------------------------------------------------------------


def test_a_schedule_is_a_program(tmp_path):
    compiled = made(
        tmp_path, "return load(rows)", schedule="30 6 * * 1", start="2026-02-01", catchup=True
    )
    text = compiled.files["flow_schedule.py"]
    (call,) = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("create_recurring_run")
    ]
    said = {each.arg: ast.unparse(each.value) for each in call.keywords}
    assert said["cron_expression"] == "'0 30 6 * * 1'"
    assert (said["start_time"], said["no_catchup"]) == ("'2026-02-01T00:00:00Z'", "False")
    assert "enable_caching" not in said  # each task says it


def test_a_scheduled_run_has_nobody_to_ask(tmp_path):
    with pytest.raises(UsageError, match="no value for `rows`"):
        made(tmp_path, "return load(rows)", parameters="rows: int", schedule="@daily")


# Text -------------------------------------------------------------------------------------------

CASES = {
    "plain": ("return fit(load(rows), C=C)", {}),
    "uncached": ("return fit(load(rows), C=C)", {"caching": "no"}),
    "loop": ("frame = load(rows)\nreturn map_over(scale, [1.0, 2.0], frame=frame)", {}),
    "branches": ("return tell(when(deep, push, hold, model=fit(load(rows))))", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_text_is_as_expected(case, tmp_path):
    body, more = CASES[case]
    parameters = "rows: int = 40, C: float = 1.0, deep: bool = True"
    compiled = made(
        tmp_path, body, parameters, store="s3://bucket/churn", project="/pipeline/churn", more=more
    )
    text = compiled.files["flow.yaml"]
    file = GOLDEN / f"{case}.yaml"
    if os.environ.get("THRUWAY_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cs",))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
)


@given(JSON)
def test_yaml_is_read_back(value):
    assert json.dumps(yaml.safe_load(yaml_text(value))) == json.dumps(value)


@pytest.mark.parametrize(
    "text", ["yes", "1.0", "1:30", "~", "a: b", "- a", "", "#", "it's", '"', "é"]
)
def test_texts_stay_texts(text):
    assert yaml.safe_load(yaml_text({text: [text]})) == {text: [text]}
