"""Try programs on engines: migrate each, run it here and on the engine, and compare every artifact.

    python tools/engine_trial.py iris/train.ipynb churn/train.py --out trial

Each program is migrated by the environment of the engine itself (`tools/engines.py`), since what is
computed may differ between versions of packages. The two runs have a store of their own, so that
neither is answered from what the other kept. What was not the same is listed, port by port.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from engines import NAMES, ROOT, environment

MAIN = ("-m", "thruway.ui.main")
ON_KUBEFLOW = """
import sys, tempfile
from kfp import components, local
local.init(
    local.SubprocessRunner(use_venv=False),
    pipeline_root=tempfile.mkdtemp(dir=sys.argv[2]),
    enable_caching=True,
    cache_root=sys.argv[2] + "/cache",
)
components.load_component_from_file(sys.argv[1])()
"""


def main() -> int:
    """Try all on each; return 1 when something was not the same."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("programs", nargs="+", type=Path, help="notebooks and scripts, their data beside them")
    add("--on", action="append", choices=NAMES, help="engines; all if not given")
    add("--engines", type=Path, default=ROOT / ".engines", help="folder of their environments")
    add("--out", type=Path, default=Path("trial"), help="folder for projects, stores and results")
    add("--again", type=int, default=0, help="how often it is run again on the engine, cached")
    add("--folder", type=Path, help="folder that is copied with a program; its own if not given")
    asked = parser.parse_args()
    good = True
    for program in asked.programs:
        for engine in asked.on or NAMES:
            row = _tried(program.resolve(), engine, asked)
            good &= row["verdict"] == "same"
            print(_line(row), flush=True)
            file = asked.out / f"{row['program']}-{engine}.json"
            file.write_text(json.dumps(row, indent=1), encoding="utf-8")
    return 0 if good else 1


def _tried(program: Path, engine: str, asked: argparse.Namespace) -> dict[str, Any]:
    source = (asked.folder or program.parent).resolve()
    place = (asked.out / engine / program.parent.name).resolve()
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source, place / "data")
    trial = Trial(place, environment(engine, asked.engines), engine)
    try:
        found = trial.compared(place / "data" / program.relative_to(source), asked.again)
    except subprocess.CalledProcessError as error:
        step = next(word for word in error.cmd if word in _STEPS)
        found = {"verdict": f"{_STEPS[step]} failed", "said": trial.said}
    return {"program": program.parent.name, "engine": engine, **found}


_STEPS = {
    "migrate": "migration",
    "run": "the run here",
    "compile": "compilation",
    "show": "reading the run",
    **dict.fromkeys(("dags", "-c", "tfx_runner.py", "db"), "the run there"),
}


class Trial:
    """One program on one engine.

    Args:
        place: folder for all of it.
        python: the engine's interpreter.
        engine: its name.

    Attributes:
        env: of everything that is called.
        said: the end of what the last call printed.
    """

    def __init__(self, place: Path, python: Path, engine: str) -> None:
        self.place, self.python, self.engine = place, python, engine
        self.said: list[str] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("THRUWAY", "AIRFLOW"))}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        self.env = kept | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(place / "compiled"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AIRFLOW_HOME": str(place / "airflow"),
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }

    def compared(self, program: Path, again: int) -> dict[str, Any]:
        """Migrate a program, run it both ways, and compare; so often again with what is cached."""
        made = self.place / "made"
        words = ("migrate", program, "-o", made, "--quiet")
        if self._called(*MAIN, *words, allowed=(0, 1, 5)).returncode:
            return {"verdict": "not proven", "said": self.said}
        self._called(*MAIN, "run", made, "-x", "processes", store="here")
        here = self._shown(made, "here")
        self.on_engine(made, self.place / "there")
        found = _comparison(here, self._shown(made, "there"))
        for _ in range(again):
            self.on_engine(made, self.place / "there")
            there = self._shown(made, "there")
            # A mapped step that the cache answers is answered as a whole.
            compared = _comparison(_wholes(here), _wholes(there))
            states = [each["state"] for each in there["executions"]]
            compared["answered"] = f"{states.count('CACHED')} of {len(states)}"
            found.setdefault("again", []).append(compared)
            found["verdict"] = compared["verdict"] if found["verdict"] == "same" else "different"
        return found

    def on_engine(self, made: Path, store: Path) -> None:
        """Compile a project and run it on the engine, with a store that is given."""
        into = self.place / "compiled"
        shutil.rmtree(into, ignore_errors=True)
        words = ["compile", made, "--to", self.engine]
        if self.engine == "kfp":
            words += ["--image", "python-trial:1", "--project-at", made]
        self._called(*MAIN, *words, "--into", into, "--store", store)
        if self.engine == "airflow":
            self._called("-m", "airflow", "db", "migrate")
            (dag,) = into.glob("*_dag.py")
            self._called("-m", "airflow", "dags", "test", dag.stem.removesuffix("_dag"))
        elif self.engine == "kfp":
            root = self.place / "kubeflow"
            root.mkdir(exist_ok=True)
            self._called("-c", ON_KUBEFLOW, next(into.glob("*.yaml")), root)
        else:
            (runner,) = into.glob("*_runner.py")
            self._called(runner.rename(into / "tfx_runner.py"))

    def _shown(self, made: Path, store: str) -> dict[str, Any]:
        found = self._called(*MAIN, "show", made, "latest", "--json", store=store)
        return dict(json.loads(found.stdout))

    def _called(
        self, *words: Any, store: str = "", allowed: tuple[int, ...] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        env = self.env | ({"THRUWAY_STORE": str(self.place / store)} if store else {})
        done = subprocess.run(
            [self.python, *map(str, words)],
            env=env,
            cwd=self.place,
            capture_output=True,
            text=True,
            check=False,
        )
        self.said = (done.stdout + done.stderr).strip().splitlines()[-12:]
        if done.returncode not in allowed:
            command = [Path(each).name for each in done.args]
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done


def _comparison(here: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """Return what is the same in two runs, and what is not."""
    one, other = _artifacts(here), _artifacts(there)
    differ = sorted(port for port in one.keys() & other.keys() if one[port] != other[port])
    lacking = sorted(one.keys() ^ other.keys())
    verdicts = [(_done(each["state"]), _states(each), each["params"]) for each in (here, there)]
    same = not differ and not lacking and verdicts[0] == verdicts[1]
    return {
        "verdict": "same" if same else "different",
        "steps": len(_states(here)),
        "artifacts": len(one),
        "differ": differ,
        "only in one": lacking,
        "states": "same" if verdicts[0][:2] == verdicts[1][:2] else verdicts,
        "params": here["params"],
        "engine_run": there["engine_run"],
    }


def _wholes(record: dict[str, Any]) -> dict[str, Any]:
    """Return a run without the calls for the items of mapped steps."""
    kept = [each for each in record["executions"] if "[" not in each["step"]]
    return record | {"executions": kept}


def _artifacts(record: dict[str, Any]) -> dict[str, str]:
    return {
        f"{each['step']}.{port}": ref["hash"]
        for each in record["executions"]
        for port, ref in each["outputs"].items()
    }


def _states(record: dict[str, Any]) -> dict[str, str]:
    return {each["step"]: _done(each["state"]) for each in record["executions"]}


def _done(state: str) -> str:
    return "COMPLETE" if state == "CACHED" else state


def _line(row: dict[str, Any]) -> str:
    text = f"{row['program']} on {row['engine']}: {row['verdict']}"
    if "steps" in row:
        text += f" ({row['steps']} steps, {row['artifacts']} artifacts"
        text += f"; differ: {', '.join(row['differ'])}" if row["differ"] else ""
        text += f"; only in one: {', '.join(row['only in one'])}" if row["only in one"] else ""
        answered = [each["answered"] for each in row.get("again", ())]
        return text + (f"; again, cached: {', '.join(answered)})" if answered else ")")
    return text + "\n    " + "\n    ".join(row.get("said", []))


if __name__ == "__main__":
    sys.exit(main())
