"""DAGs on a real Airflow: the same artifacts, states and verdicts as a local run there.

`make test-engines` makes the environment. One Airflow runs everything, started once: all runs are
triggered at its start, and the tests look at what came of them.
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

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "behaviour"))
sys.path.insert(0, str(Path(__file__).parent))

from airflow_scenes import ALL, PROGRAMS
from airflow_server import PYTHON, ROOT, Airflow
from shapes import write_project

from thruway.kit.project import load_project
from thruway.targets import CompileOptions, compile_project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON.exists(), reason="no Airflow here: python tools/engines.py airflow"
    ),
]
EXAMPLES = {
    "cancer": "cancer/cancer.ipynb",
    "diabetes": "diabetes/diabetes.py",
}
VARIES = ("train_regressors", "search")  # a search keeps how long its fits took
SECOND = {"rows": 30, "C": 2}  # as a browser writes 2.0


def slug(name: str) -> str:
    return "".join(each if each.isalnum() else "_" for each in name).replace("__", "_")


def called(python: Any, env: dict[str, str], *words: Any) -> str:
    """Run a program; return what it printed."""
    done = subprocess.run(
        [python, *map(str, words)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compiled(project: Path, dags: Path, **options: Any) -> None:
    made = compile_project(load_project(project), "airflow", CompileOptions(**options))
    for path, text in made.files.items():
        target = dags / path if path.endswith("_dag.py") else dags.parent / "packages" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


class Bench:
    """All pipelines, on Airflow and without it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dags = folder / "dags"
        self.dags.mkdir()
        self.events = folder / "openlineage.jsonl"
        self.airflow = Airflow(
            PYTHON, folder / "home", self.dags, THRUWAY_OPENLINEAGE=str(self.events)
        )
        # The package of an example is not installed: it is found all the same.
        self.airflow.env["PYTHONPATH"] += f"{os.pathsep}{folder}/packages/diabetes_project/src"
        self.env = {k: v for k, v in self.airflow.env.items() if k != "THRUWAY_OPENLINEAGE"}
        for name, shape in ALL.items():
            write_project(folder / "local" / slug(name), shape)
            project = write_project(folder / "airflow" / slug(name), shape)
            compiled(project, self.dags, more={"dag": slug(name)})
        for name, program in PROGRAMS.items():
            self._write(name, program.text, program.options)
        for name, source in EXAMPLES.items():
            self._migrate(name, source)

    def _write(self, name: str, text: str, options: dict[str, Any]) -> None:
        project = self.folder / "airflow" / name
        (project / name).mkdir(parents=True)
        (project / name / "pipeline.py").write_text(text)
        (project / "pyproject.toml").write_text(
            f'[tool.thruway]\npipeline = "{name}.pipeline:{name}"\n'
        )
        compiled(project, self.dags, **options)

    def _migrate(self, name: str, source: str) -> None:
        """Migrate an example here; its DAG calls this interpreter, which has its packages."""
        data = self.folder / "examples" / name
        shutil.copytree((ROOT / "examples" / source).parent, data)
        words = ["-m", "thruway.ui.main", "migrate", data / Path(source).name, "-o", data / "made"]
        called(sys.executable, {**os.environ, "PYTHONPATH": str(ROOT / "src")}, *words, "--quiet")
        options: dict[str, Any] = {"store": str(self.folder / "stores" / name)}
        more = {"python": sys.executable}
        if name == "diabetes":
            more |= {"package": "yes", "data": str(data)}
        compiled(data / "made", self.dags, more=more, **options)

    # What is run --------------------------------------------------------------------------------

    def run(self) -> None:
        server = self.airflow
        wanted = {*map(slug, ALL), *PROGRAMS, *EXAMPLES}
        server.until(lambda: wanted <= server.known(), f"all DAGs are read: {wanted}")
        runs = [(slug(name), "first", self.params("airflow", name)) for name in ALL]
        runs += [(name, "first", {}) for name in EXAMPLES]
        runs += [("diamond", "second", SECOND), ("slow", "first", {"mark": str(self.mark)})]
        runs += [("spanned", "given", {"day": "once"})]
        for dag, run, params in sorted(runs, key=lambda each: each[0] != "line"):
            server.trigger(dag, run, **params)
        backfill = {"dag_id": "spanned", "run_backwards": False, "dag_run_conf": {}}
        span = {"from_date": "2026-01-01T00:00:00Z", "to_date": "2026-01-02T00:00:00Z"}
        server.api("POST", "backfills", backfill | span | {"max_active_runs": 2})
        server.schedule()
        self._stop_the_slow_one()
        told = {
            str(self.folder / "local" / slug(name)): [self.params("local", name)] for name in ALL
        }
        told[str(self.folder / "local" / "diamond")].append({"rows": 30, "C": 2.0})
        self.local = self.outcomes("local", told)
        self.states = {(dag, run): server.ended(dag, run) for dag, run, _ in runs}
        self.tasks = {each: server.tasks(*each) for each in self.states}
        told = {str(self.folder / "airflow" / slug(name)): ["latest"] for name in ALL}
        self.there = self.outcomes("read", told)

    @property
    def mark(self) -> Path:
        """A file with the id of the process of the step that waits."""
        return self.folder / "slow.pid"

    def _stop_the_slow_one(self) -> None:
        self.airflow.until(lambda: self.mark.is_file() and self.mark.read_text(), "slow waits")
        self.airflow.api("PATCH", "dags/slow/dagRuns/first", {"state": "failed"})

    def params(self, where: str, name: str) -> dict[str, Any]:
        return {**ALL[name].params, "counter": str(self.folder / where / f"{slug(name)}.txt")}

    def outcomes(self, what: str, told: Any) -> Any:
        script = ROOT / "tests/engines/airflow_outcomes.py"
        return json.loads(called(PYTHON, self.env, script, what, json.dumps(told)).splitlines()[-1])

    def thruway(self, *words: Any, python: Any = PYTHON, **env: str) -> Any:
        """Call the command line; return its record."""
        return json.loads(called(python, self.env | env, "-m", "thruway.ui.main", *words, "--json"))

    def project(self, name: str) -> Path:
        return self.folder / "airflow" / slug(name)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    made = Bench(tmp_path_factory.mktemp("airflow"))
    with made.airflow:
        made.run()
        yield made


# The same as without Airflow ----------------------------------------------------------------------


def ran(states: dict[str, str]) -> dict[str, str]:
    """The states of steps; on Airflow, two equal ones may run at the same time."""
    return {name: "COMPLETE" if s == "CACHED" else s for name, s in states.items()}


@pytest.mark.parametrize("name", ALL)
def test_a_shape_comes_to_the_same(bench, name):
    told = ALL[name]
    (here,) = bench.local[str(bench.folder / "local" / slug(name))][:1]
    there = bench.there[str(bench.project(name))][0] if name != "diamond" else first(bench, name)
    tasks = bench.tasks[slug(name), "first"]
    assert (bench.states[slug(name), "first"], there["state"]) == (
        ("failed", "FAILED") if told.refused else ("success", "COMPLETE")
    )
    if name != "output that cannot be stored":
        assert there["hashes"] == here["hashes"]
        assert ran(there["states"]) == ran(here["states"])
        assert there["values"] == here["values"]
        counter = {"counter": repr(bench.params("airflow", name)["counter"])}
        assert there["params"] == here["params"] | counter
    skipped = {each for each, states in tasks.items() if {"skipped"} == {s for s, _ in states}}
    empty = {"scale.item"} if name == "fan-out over nothing" else set()
    assert skipped == set(told.skipped) | empty
    if told.refused:
        assert {each.partition(".")[0] for each in there["hashes"]} == set(told.kept)
        assert tasks["finish_run"] == [("failed", 1)]


def first(bench, name):
    """The first run of a pipeline that ran twice."""
    runs = bench.thruway("runs", bench.project(name))
    (run,) = (each["run"] for each in runs if each["engine_run"].endswith("/first"))
    path = str(bench.project(name))
    return bench.outcomes("read", {path: [run]})[path][0]


def test_a_gate_is_not_tried_again_and_a_failure_is(bench):
    tasks = bench.tasks["gate_with_retries_fails", "first"]
    assert (tasks["strict"], tasks["fit_checked"]) == ([("failed", 1)], [("upstream_failed", 0)])
    assert bench.tasks["retry_succeeds", "first"]["flaky"] == [("success", 2)]
    log = bench.airflow.log("gate_with_retries_fails", "first", "strict")
    assert "the gate of step `strict` failed: never good enough" in log


def test_two_runs_at_once_are_two_runs_with_their_places_in_airflow(bench):
    runs = bench.thruway("runs", bench.project("diamond"))
    base = f"{bench.airflow.url}/dags/diamond/runs"
    assert {(r["engine"], r["engine_run"], r["engine_link"], r["state"]) for r in runs} == {
        ("airflow", "diamond/first", f"{base}/first", "COMPLETE"),
        ("airflow", "diamond/second", f"{base}/second", "COMPLETE"),
    }
    second = next(r for r in runs if r["engine_run"].endswith("second"))
    assert (second["params"]["rows"], second["params"]["C"]) == ("30", "2.0")
    path = str(bench.project("diamond"))
    there = bench.outcomes("read", {path: [second["run"]]})[path][0]
    here = bench.local[str(bench.folder / "local" / "diamond")][1]
    assert there["hashes"] == here["hashes"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_migrated_program_in_another_interpreter(bench, name):
    assert bench.states[name, "first"] == "success"
    made = bench.folder / "examples" / name / "made"
    of = {"python": sys.executable, "THRUWAY_STORE": str(bench.folder / "stores" / name)}
    (run,) = bench.thruway("runs", made, **of)
    there = bench.thruway("show", made, run["run"], **of)
    of["THRUWAY_STORE"] = str(bench.folder / "stores" / f"{name}-here")
    bench.thruway("run", made, "-x", "processes", **of)
    here = bench.thruway("show", made, "latest", **of)
    assert refs(there) == refs(here)
    assert there["results"] == here["results"]


def refs(record):
    return {
        (each["step"], port): ref["hash"]
        for each in record["executions"]
        for port, ref in each["outputs"].items()
        if (each["step"], port) != VARIES
    }


# What Airflow does with runs ----------------------------------------------------------------------


def test_a_cleared_task_is_done_again_in_the_same_run(bench):
    (before,) = bench.thruway("runs", bench.project("line"))
    body = {"dry_run": False, "dag_run_id": "first", "task_ids": ["fit"]}
    body |= {"include_downstream": True, "only_failed": False, "reset_dag_runs": True}
    bench.airflow.api("POST", "dags/line/clearTaskInstances", body)
    assert bench.airflow.ended("line", "first") == "success"
    tasks = bench.airflow.tasks("line", "first")
    assert (tasks["load"], tasks["fit"]) == ([("success", 1)], [("success", 2)])
    (after,) = bench.thruway("runs", bench.project("line"))
    assert (after["run"], after["state"]) == (before["run"], "COMPLETE")
    states = [
        e["state"]
        for e in bench.thruway("show", bench.project("line"), "latest")["executions"]
        if e["step"] == "fit"
    ]
    assert states == ["COMPLETE", "CACHED"]


def test_a_run_that_is_stopped_leaves_no_process_and_is_ended(bench):
    assert bench.states["slow", "first"] == "failed"
    pid = int(bench.mark.read_text())
    bench.airflow.until(lambda: not Path(f"/proc/{pid}").exists(), "the step is gone")

    def ended() -> Any:
        (run,) = bench.thruway("runs", bench.project("slow"))
        return run["state"] == "FAILED"

    bench.airflow.until(ended, "the end is recorded")
    assert bench.airflow.tasks("slow", "first")["quick"] == [("success", 1)]


def test_a_backfill_gives_each_run_its_date(bench):
    def all_there() -> Any:
        runs = bench.thruway("runs", bench.project("spanned"))
        return runs if len(runs) == 3 and all(r["state"] == "COMPLETE" for r in runs) else None

    runs = bench.airflow.until(all_there, "three runs over spans")
    assert {run["params"]["day"] for run in runs} == {"'2026-01-01'", "'2026-01-02'", "'once'"}


def test_a_dag_runs_when_the_asset_of_another_is_new(bench):
    def run_of(dag: str) -> Any:
        return bench.airflow.api("GET", f"dags/{dag}/dagRuns")["dag_runs"]

    (run, *_) = bench.airflow.until(lambda: run_of("after_line"), "a run after the asset")
    assert run["run_type"] == "asset_triggered"
    events = bench.airflow.api("GET", "assets/events?limit=100")["asset_events"]
    event = next(e for e in events if e["uri"] == "x-thruway://line/model")
    ref = bench.local[str(bench.folder / "local" / "line")][0]["hashes"]["fit.return"]
    assert event["extra"]["outputs"]["return"]["hash"] == ref


def test_a_run_tells_open_lineage(bench):
    events = [json.loads(line) for line in bench.events.read_text().splitlines()]
    place = f"/{slug('condition holds')}/.thruway"
    told = [each for each in events if each["job"]["namespace"].endswith(place)]
    ended = [(each["job"]["name"], each["eventType"]) for each in told]
    steps = ("load", "fit", "judge", "is_good", "push", "tell")
    assert ended[0] == ("shaped", "START")
    assert ended[-1] == ("shaped", "COMPLETE")
    assert {f"shaped.{step}" for step in steps} <= {n for n, type_ in ended if type_ == "COMPLETE"}
    whole = {each["run"]["runId"] for each in told if each["job"]["name"] == "shaped"}
    parents = {
        each["run"]["facets"]["parent"]["run"]["runId"]
        for each in told
        if each["job"]["name"] != "shaped"
    }
    assert len(whole) == 1
    assert parents == whole


def test_one_command_runs_a_dag_without_servers(bench, tmp_path):
    alone = Airflow(PYTHON, tmp_path, bench.dags)  # the scheduler of the bench would take its tasks
    alone.env |= {"PYTHONPATH": bench.env["PYTHONPATH"]}
    alone.call("db", "migrate")
    alone.call("dags", "test", "fan_in")
    runs = bench.thruway("runs", bench.project("fan-in"))
    assert [run["state"] for run in runs] == ["CACHED", "COMPLETE"]


# How it is read -----------------------------------------------------------------------------------


def test_reading_a_dag_imports_neither_the_project_nor_its_libraries(bench):
    program = (
        "import runpy, sys, time\nimport airflow.sdk, airflow.sdk.exceptions\n"
        "begin, known = time.perf_counter(), set(sys.modules)\n"
        "for file in sys.argv[1:]:\n    runpy.run_path(file)\n"
        "print((time.perf_counter() - begin) / len(sys.argv[1:]))\n"
        "print(sorted({m.partition('.')[0] for m in set(sys.modules) - known}))\n"
        "names = {'pandas', 'sklearn', 'thruway', 'shaped', 'cancer', 'slow', 'spanned'}\n"
        "print(sorted(names & set(sys.modules)))"
    )
    files = sorted(bench.dags.glob("*_dag.py"))
    seconds, _, found = called(PYTHON, bench.env, "-c", program, *files).splitlines()
    assert found == "[]", f"read in {seconds} s each"


def test_pods_ask_for_what_the_steps_declare(tmp_path, bench):
    project = bench.project("line")
    source = project / "shaped" / "pipeline.py"
    text = source.read_text().replace(
        '@step(role="train")\ndef fit(',
        '@step(role="train", cpus=1.5, memory="2GB", gpu=1)\ndef fit(',
    )
    copy = shutil.copytree(project, tmp_path / "project", ignore=lambda *_: [".thruway"])
    (copy / "shaped" / "pipeline.py").write_text(text)
    compiled(copy, tmp_path / "dags", image="registry/line:1", more={"kubernetes": "yes"})
    program = (
        "import json, runpy, sys\n"
        "from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator\n"
        "from airflow.serialization.serialized_objects import DagSerialization\n"
        "dag = runpy.run_path(sys.argv[1])['pipeline']()\n"
        "DagSerialization.to_dict(dag)\n"
        "pod = PodGenerator.from_obj(dag.get_task('fit').executor_config)\n"
        "print(json.dumps(PodGenerator.serialize_pod(pod)['spec']['containers']))"
    )
    said = called(PYTHON, bench.env, "-c", program, tmp_path / "dags" / "shaped_dag.py")
    (container,) = json.loads(said.splitlines()[-1])
    assert (container["name"], container["image"]) == ("base", "registry/line:1")
    assert container["resources"] == {
        "requests": {"cpu": "1500m", "memory": "2000000000"},
        "limits": {"memory": "2000000000", "nvidia.com/gpu": "1"},
    }
