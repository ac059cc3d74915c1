"""An Airflow of its own for tests: API server, scheduler and DAG processor, on the loopback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from servers import free_port

ROOT = Path(__file__).resolve().parents[2]
PYTHON = (
    Path(os.environ.get("THRUWAY_ENGINES", ROOT / ".engines")).absolute() / "airflow/bin/python"
)
PATIENCE_SECONDS = 600  # all runs are triggered at once, and a machine may have much else to do
ENDED = ("success", "failed")


class Airflow:
    """Airflow with the DAGs of a folder.

    Args:
        python: interpreter of its environment.
        home: folder for all that it writes.
        dags: folder of the DAGs.
    """

    def __init__(self, python: Path, home: Path, dags: Path, **settings: str) -> None:
        self.program = python.with_name("airflow")
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = self._environment(dags) | settings
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._token = ""

    def _environment(self, dags: Path) -> dict[str, str]:
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("AIRFLOW", "THRUWAY")) and name != "PYTHONDONTWRITEBYTECODE"
        }
        return kept | {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__SECRET_KEY": "a key of the tests, and of nothing else",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of the tests, and of nothing else at all, "
            * 2,
            "AIRFLOW__CORE__AUTH_MANAGER": (
                "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
            ),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "3",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db?timeout=60",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "MPLBACKEND": "agg",
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONPATH": str(ROOT / "src"),
        }

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        self.call("db", "migrate")
        self._start("api-server", "--host", "127.0.0.1", "--port", str(self.port))
        self._start("dag-processor")
        self.until(self._answers, "the API server answers")
        return self

    def schedule(self) -> None:
        """Begin to run what was triggered."""
        self._start("scheduler", "--skip-serve-logs")

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def call(self, *words: str, cwd: Path | None = None) -> str:
        """Run a command of Airflow; return what it prints."""
        done = subprocess.run(
            [str(self.program), *words],
            env=self.env,
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def _start(self, *words: str) -> None:
        with (self.home / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(self.program), *words],
                env=self.env,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes[words[0]] = process

    def _go_on(self) -> None:
        """Start the scheduler again if it ended.

        It does when SQLite, which has one writer at a time, is busy; whoever runs Airflow has
        something that starts it again, and a database that is none of this.
        """
        for name, process in list(self._processes.items()):
            if process.poll() is not None:
                assert name == "scheduler", self.logs()
                assert "database is locked" in (self.home / "scheduler.log").read_text(), (
                    self.logs()
                )
                self.schedule()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            self._token = self._send("GET", "/auth/token")["access_token"]
        return bool(self._token)

    def logs(self) -> str:
        """What the servers said."""
        return "\n".join(
            f"== {file.name}\n{file.read_text()[-3000:]}"
            for file in sorted(self.home.glob("*.log"))
        )

    def until(self, holds: Any, what: str) -> Any:
        """Wait until something is so."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if found := holds():
                return found
            self._go_on()
            time.sleep(1)
        raise AssertionError(f"waited in vain: {what}\n{self.logs()}")

    # The API ------------------------------------------------------------------------------------

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return json.loads(answer.read() or b"null")

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API; again when SQLite, which has one writer at a time, is busy."""
        for left in reversed(range(10)):
            try:
                return self._send(method, f"/api/v2/{path}", body)
            except urllib.error.HTTPError as error:
                if error.code == 500 and left:
                    time.sleep(1)
                    continue
                self._refused(error, f"{method} {path}")
        return None

    def _refused(self, error: urllib.error.HTTPError, what: str) -> None:
        raise AssertionError(f"{what}: {error} {error.read().decode()}") from error

    def known(self) -> set[str]:
        """Ids of the DAGs that it has read."""
        return {each["dag_id"] for each in self.api("GET", "dags?limit=100")["dags"]}

    def trigger(self, dag: str, run: str, **conf: Any) -> None:
        """Start a run."""
        body = {"dag_run_id": run, "logical_date": None, "conf": conf}
        self.api("POST", f"dags/{dag}/dagRuns", body)

    def state(self, dag: str, run: str) -> str:
        """Return the state of a run."""
        return str(self.api("GET", f"dags/{dag}/dagRuns/{run}")["state"])

    def ended(self, dag: str, run: str) -> str:
        """Wait for the end of a run; return its state."""
        self.until(lambda: self.state(dag, run) in ENDED, f"the end of {dag} {run}")
        return self.state(dag, run)

    def tasks(self, dag: str, run: str) -> dict[str, list[tuple[str, int]]]:
        """Return task → (state, how often it was tried), of each of its items."""
        found: dict[str, list[tuple[str, int]]] = {}
        path = f"dags/{dag}/dagRuns/{run}/taskInstances?limit=100"
        for each in self.api("GET", path)["task_instances"]:
            found.setdefault(each["task_id"], []).append((each["state"], each["try_number"]))
        return found

    def log(self, dag: str, run: str, task: str, attempt: int = 1) -> str:
        """Return the log of a task, as it was written."""
        folder = self.home / "logs" / f"dag_id={dag}" / f"run_id={run}" / f"task_id={task}"
        return (folder / f"attempt={attempt}.log").read_text()
