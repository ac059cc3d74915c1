"""What a task reads of KFP's message, and what it leaves for KFP to record and to show."""

from __future__ import annotations

import json
import textwrap

import pytest

from thruway.errors import PipelineError, UsageError
from thruway.kit.project import load_project
from thruway.run import EngineRun, Part, RunOptions, list_runs, run_part
from thruway.targets.kubeflow.protocol import ExecutorMain
from thruway.targets.kubeflow.views import curves_of, numbers_of
from thruway.ui.main import _guarded

PIPELINE = """
from dataclasses import dataclass
from typing import NamedTuple
from thruway import map_over, pipeline, step, when
from thruway.kit.gate import Gate

class Table(NamedTuple):
    rows: int
    def _repr_html_(self):
        return f"<table>{self.rows}</table>"

class Broken:
    def _repr_html_(self):
        raise RuntimeError("no picture")

class Parts(NamedTuple):
    auc: float
    view: str

@step
def table(rows: int) -> Table: return Table(rows)

@step
def broken(rows: int) -> Broken: return Broken()

@step(role="evaluate")
def judge(rows: int) -> Parts: return Parts(0.5, "<b>")

@step
def good(rows: int) -> bool: return rows > 2

@step
def odd(rows: int) -> int: return rows

@step
def push(rows: int) -> str: return "pushed"

@step
def check(rows: int) -> Gate: return Gate("warn", ("few <rows>",))

@step
def twice(n: int) -> int: return 2 * n

@pipeline
def flow(rows: int = 3, share: float = 0.5):
    shown = table(rows)
    bad = broken(rows)
    parts = judge(rows)
    ok = good(rows)
    number = odd(rows)
    warned = check(rows)
    doubled = map_over(twice, [1, 2], )
    pushed = when(ok, push, rows=rows)
    return shown, parts.auc, doubled, number
"""
TYPES = {"Output": "system.Artifact", "view": "system.HTML"}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "flow.py").write_text(textwrap.dedent(PIPELINE))
    (tmp_path / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
    return load_project(tmp_path)


def message(folder, values=None, types=TYPES, parameters=()):
    """An executor input, as the launcher of KFP writes one."""
    return json.dumps(
        {
            "inputs": {"parameterValues": {"run-id": "r", **(values or {})}},
            "outputs": {
                "outputFile": str(folder / "out" / "executor_output.json"),
                "artifacts": {
                    name: {
                        "artifacts": [
                            {
                                "name": name,
                                "uri": str(folder / "out" / name),
                                "type": {"schemaTitle": kind},
                            }
                        ]
                    }
                    for name, kind in types.items()
                },
                "parameters": {name: {"outputFile": str(folder / name)} for name in parameters},
            },
        }
    )


def told(project, tmp_path, step, stage="", index=0, types=TYPES, parameters=()):
    """Run a part and tell of it; return the executor output."""
    of = EngineRun("kubeflow", "r")
    if stage == "item":
        run_part(project, Part(of, step, "items"))
    done = run_part(project, Part(of, step, stage, index), RunOptions())
    ExecutorMain(project, message(tmp_path, types=types, parameters=parameters)).tell(done)
    return json.loads((tmp_path / "out" / "executor_output.json").read_text())


def test_what_it_is_told(project, tmp_path):
    told_ = ExecutorMain(
        project, message(tmp_path, {"rows": 5, "share": 1, "item-index": 2.0})
    ).told()
    assert (dict(told_.params), told_.item) == ({"rows": 5, "share": 1.0}, 2)
    assert isinstance(told_.params["share"], float)
    assert ExecutorMain(project, message(tmp_path, {"rows": 3})).told().params == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": {}}'])
def test_what_is_no_message(text, project):
    with pytest.raises(UsageError, match="not an executor input"):
        ExecutorMain(project, text)


def test_what_it_is_told_of_the_run(project, tmp_path, monkeypatch):
    told_ = ExecutorMain(project, message(tmp_path)).told()
    assert (told_.run, told_.failed) == ("", False)
    monkeypatch.setenv("THRUWAY_ENGINE_RUN", "6a1e")
    ended = {"run-status": {"state": "FAILED", "pipelineTaskName": "exit-handler-1"}}
    told_ = ExecutorMain(project, message(tmp_path, ended)).told()
    assert (told_.run, told_.failed) == ("6a1e", True)
    ended["run-status"]["state"] = "COMPLETE"
    assert not ExecutorMain(project, message(tmp_path, ended)).told().failed


STEPS = ("table", "broken", "judge", "good", "odd", "check", "twice", "push")


def test_what_the_store_answers_is_said_at_the_start(project, tmp_path):
    keys = [f"answer-{name}" for name in STEPS]
    words = ["task-start", str(project.dir), "--engine", "kubeflow", "--run-id", "r"]
    words += ["--protocol", "kfp.dsl.executor_main", "--message"]
    text = message(tmp_path, {"rows": 7}, types={}, parameters=keys)
    assert _guarded([*words, text]) == 0
    file = tmp_path / "out" / "executor_output.json"
    first = json.loads(file.read_text())["parameterValues"]
    (run,) = {value for name, value in first.items() if name != "answer-twice"}
    of = EngineRun("kubeflow", "r")
    run_part(project, Part(of, "table"), RunOptions(params={"rows": 7}))
    assert _guarded([*words, text]) == 0
    second = json.loads(file.read_text())["parameterValues"]
    assert {name for name in keys if second[name] != run} == {"answer-table"}
    assert len(second["answer-table"]) == 40
    assert _guarded([*words, message(tmp_path, types={}, parameters=keys[1:])]) == 2


def test_a_task_has_its_run_from_its_pod(project, tmp_path, monkeypatch, capsys):
    place = "{{$.pipeline_job_uuid}}"
    words = ["task", str(project.dir), "table", "--engine", "kubeflow", "--run-id", place]
    words += ["--link", f"https://ml/#/runs/details/{place}", "--message", message(tmp_path)]
    words += ["--protocol", "kfp.dsl.executor_main", "--engine-cache"]
    assert _guarded(words) == 2
    assert "no run is named" in capsys.readouterr().err
    monkeypatch.setenv("THRUWAY_ENGINE_RUN", "6a1e")
    assert _guarded(words) == 0
    (run,) = list_runs(project.storage)
    assert (run["engine_run"], run["engine_link"]) == ("6a1e", "https://ml/#/runs/details/6a1e")
    end = ["task-end", str(project.dir), "--engine", "kubeflow", "--run-id", place]
    end += ["--protocol", "kfp.dsl.executor_main", "--message", message(tmp_path)]
    assert _guarded(end) == 1  # most of its steps are missing
    (run,) = list_runs(project.storage)
    assert (run["engine_run"], run["state"]) == ("6a1e", "FAILED")


def test_an_artifact_is_a_reference(project, tmp_path):
    found = told(project, tmp_path, "table")["artifacts"]["Output"]["artifacts"][0]
    metadata = found["metadata"]
    assert (metadata["step"], metadata["member"], metadata["state"]) == (
        "table",
        "return",
        "COMPLETE",
    )
    assert len(metadata["hash"]) == 40
    assert metadata["store"] == str(tmp_path / ".thruway")
    assert json.loads((tmp_path / "out" / "Output").read_text()) == metadata
    assert "<table>3</table>" in (tmp_path / "out" / "view").read_text()


def test_a_view_that_fails_is_no_reason_to_fail(project, tmp_path, capsys):
    told(project, tmp_path, "broken")
    assert "no view: RuntimeError: no picture" in capsys.readouterr().err
    assert "Broken" in (tmp_path / "out" / "view").read_text()


def test_metrics_are_numbers_beside_the_reference(project, tmp_path):
    types = {"auc": "system.Metrics", "view-value": "system.Artifact", "view": "system.HTML"}
    found = told(project, tmp_path, "judge", types=types)["artifacts"]
    assert found["auc"]["artifacts"][0]["metadata"]["auc"] == 0.5
    # A port that has the name of our page goes by another.
    assert found["view-value"]["artifacts"][0]["metadata"]["member"] == "view"
    assert "&lt;b&gt;" in (tmp_path / "out" / "view").read_text()


def test_what_others_are_decided_by(project, tmp_path):
    found = told(project, tmp_path, "good", parameters=["holds"])
    assert found["parameterValues"] == {"holds": True}
    with pytest.raises(PipelineError):
        told(project, tmp_path, "odd", parameters=["holds"])


def test_items_are_a_list_of_indexes(project, tmp_path):
    found = told(project, tmp_path, "twice", "items", types={}, parameters=["Output"])
    assert found == {"artifacts": {}, "parameterValues": {"Output": [0, 1]}}
    found = told(project, tmp_path, "twice", "item", 1)
    assert found["artifacts"]["Output"]["artifacts"][0]["metadata"]["preview"] == "4"


def test_gates_are_told(project, tmp_path):
    metadata = told(project, tmp_path, "check")["artifacts"]["Output"]["artifacts"][0]["metadata"]
    assert (metadata["gate"], metadata["reasons"]) == ("warn", "few <rows>")
    assert "few &lt;rows&gt;" in (tmp_path / "out" / "view").read_text()


def test_a_compiled_task_that_does_not_fit_any_more(project, tmp_path):
    with pytest.raises(UsageError, match="could be decided by"):
        told(project, tmp_path, "table", parameters=["holds-other"])


def test_a_skipped_step_gives_nothing(project, tmp_path):
    of = EngineRun("kubeflow", "r")
    run_part(project, Part(of, "good"), RunOptions(params={"rows": 1}))
    found = told(project, tmp_path, "push")
    assert list(found["artifacts"]) == ["view"]
    assert "SKIPPED" in (tmp_path / "out" / "view").read_text()


def test_the_command_reads_and_writes_it(project, tmp_path):
    words = ["task", str(project.dir), "table", "--engine", "kubeflow", "--run-id", "r"]
    words += ["--protocol", "kfp.dsl.executor_main", "--message", message(tmp_path, {"rows": 7})]
    assert _guarded(words) == 0
    assert "<table>7</table>" in (tmp_path / "out" / "view").read_text()
    assert _guarded(["task", str(project.dir), "table", "--run-id", "r", "--protocol", "x"]) == 2


# Numbers and curves -----------------------------------------------------------------------------


class Estimate:
    def __init__(self, value):
        self.value = value


class Evaluation:
    def __init__(self, **facts):
        self.__dict__ |= facts


class Confusion:
    classes = ("no", True)
    counts = ((3, 1), (0, 2))


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        (0.25, {"auc": 0.25}),
        (float("nan"), {}),
        (True, {}),
        ("text", {}),
        ({"a": 1, "b": None, 3: 2.5}, {"a": 1.0, "3": 2.5}),
        (Evaluation(metrics={"roc": Estimate(0.5), "none": Estimate(None)}), {"roc": 0.5}),
    ],
)
def test_numbers(value, numbers):
    assert numbers_of("auc", value) == numbers


def test_curves():
    assert curves_of(0.5) is None
    assert curves_of(Evaluation(curves={}, confusion=None)) is None
    found = curves_of(Evaluation(curves={"roc": ((0, 0), (0.5, 1), (1, 1))}, confusion=Confusion()))
    assert found["confusionMatrix"] == {
        "annotationSpecs": [{"displayName": "no"}, {"displayName": "True"}],
        "rows": [{"row": [3.0, 1.0]}, {"row": [0.0, 2.0]}],
    }
    assert found["confidenceMetrics"][1] == {
        "confidenceThreshold": 0.5,
        "falsePositiveRate": 0.5,
        "recall": 1.0,
    }
