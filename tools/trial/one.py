"""Try one program: two plain runs, the migration, a run of the pipeline, and the verdict.

| verdict | meaning |
|---|---|
| `equal` | verify says so, and what is printed and written is the same |
| `tolerance` | the same, with numbers within a stated tolerance |
| `differs` | verify names a difference |
| `SILENT` | verify says equal, but something printed or written is not: never to be seen |
| `refused` | Thruway says why it does not migrate the program |
| `crash` | Thruway failed, or the pipeline did not run to its end |
| `original fails` | the plain run does not come to its end here |
| `timeout` | one of the runs took too long |
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trial.table import is_generic

from thruway.verify.lines import Pattern, compare_lines, first_mismatch, pattern_of, unstable

if TYPE_CHECKING:
    from collections.abc import Callable

_HERE = Path(__file__).resolve().parent
_GRACE = 15.0
_INTERNAL = 70  # thruway's exit status for an error of its own
# Their bytes hold identities, dates or rendering; the values in them are compared by verify.
_NOT_BY_BYTES = {".pkl", ".pickle", ".joblib", ".sav", ".pdf", ".png", ".svg", ".jpg", ".pt", ".h5"}
_NOT_DATA = re.compile(r"(^|/)(__pycache__|\.ipynb_checkpoints|\.thruway)(/|$)")

_DURATION = re.compile(
    r"\b\d+(\.\d+)?(e-?\d+)?\s?(ns|µs|us|ms|s|secs?|seconds?|min|minutes?)\b", re.IGNORECASE
)
_UP = re.compile(r"\.\./")  # folders above the program are `up` among the outputs


@dataclass(frozen=True)
class Settings:
    """How programs are tried.

    Attributes:
        envs: `env` of a program → interpreter; the running one for those not named.
        seed: ambient seed of all runs.
        timeout: seconds for one run.
        work: folder for the copies of programs.
        keep: keep those copies, with the generated projects.
    """

    envs: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    timeout: float = 900.0
    work: Path = Path("work")
    keep: bool = False


@dataclass(frozen=True)
class Ran:
    """One process that came to its end, or was ended: then its status is None."""

    status: int | None
    stdout: str
    stderr: str
    seconds: float


@dataclass(frozen=True)
class Plain:
    """A plain run: what the original printed, and the digest of every file that it wrote."""

    ran: Ran
    stdout: str
    seconds: float
    files: dict[str, str]


def try_program(program: dict[str, Any], programs: Path, settings: Settings) -> dict[str, Any]:
    """Return the row of one program for the table."""
    row = {key: program.get(key, "") for key in ("name", "repo", "path", "env")}
    folder = settings.work / program["name"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        return {**row, **_tried(program, programs, folder, settings)}
    finally:
        if not settings.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _tried(
    program: dict[str, Any], programs: Path, folder: Path, settings: Settings
) -> dict[str, Any]:
    home = programs / program["name"]
    file = (programs / program["file"]).relative_to(home)
    python = settings.envs.get(program["env"], sys.executable)
    words = program.get("args", [])

    def plain(number: int) -> Plain:
        return run_plain(home, file, words, python, folder / f"plain{number}", settings)

    runs = [plain(1), plain(2)]
    for run in runs:
        if run.ran.status != 0:
            timed_out = run.ran.status is None
            reason = "the plain run" if timed_out else _last_line(run.ran.stderr)
            return {"verdict": "timeout" if timed_out else "original fails", "reason": reason}
    pattern = pattern_of(runs[0].stdout, runs[1].stdout)
    plain_seconds = min(run.seconds for run in runs)
    row: dict[str, Any] = {
        "plain_seconds": plain_seconds,
        "lines": len(runs[0].stdout.splitlines()),
        "unstable_lines": unstable(pattern),
        "printed_past_python": len(runs[0].ran.stdout),
    }
    project = folder / "project"
    copy = _copy(home, folder / "original")
    ran = _migrate([str(copy / file), "-o", str(project)], words, python, folder, settings)
    row["migrate_seconds"] = ran.seconds
    migrated = _json(ran.stdout)
    if ran.status is None:
        return {**row, "verdict": "timeout", "reason": "the migration"}
    if migrated is None or not migrated.get("proof"):
        return {**row, **_not_migrated(ran, migrated)}
    row |= _described(migrated, plain_seconds)
    done = _compared(
        pattern, runs, lambda: plain(3), project, python, folder, settings, migrated["proof"]
    )
    return {**row, **done}


def run_plain(
    home: Path, file: Path, arguments: list[str], python: str, folder: Path, settings: Settings
) -> Plain:
    """Run the original in a copy of its folder, by Python alone."""
    copy = _copy(home, folder / home.name)
    before = _files(copy)
    printed, report = folder / "stdout.txt", folder / "report.json"
    text = "".join(
        each.read_text(encoding="utf-8", errors="replace")
        for each in copy.rglob("*")
        if each.suffix in {".py", ".ipynb"} and each.is_file()
    )
    options = {
        "stdout": str(printed),
        "report": str(report),
        "seed": settings.seed,
        "libraries": ["torch"] if re.search(r"\bimport torch|from torch", text) else [],
    }
    target = copy / file
    extra = {"FIELD_TRIAL": json.dumps(options), "MPLBACKEND": "Agg"}
    if file.suffix == ".ipynb" or "get_ipython(" in target.read_text(encoding="utf-8"):
        words = [python, str(_HERE / "plain.py"), str(target)]
        extra["IPYTHONDIR"] = str(folder / "ipython")
    else:
        words = [python, str(target), *arguments]
        extra["PYTHONPATH"] = os.pathsep.join(
            part for part in (str(_HERE / "start"), os.environ.get("PLAIN_PYTHONPATH", "")) if part
        )
    ran = _run(words, target.parent, settings.timeout, _environment(extra))
    stdout = printed.read_text(encoding="utf-8") if printed.exists() else ""
    seconds = (_json(report.read_text(encoding="utf-8")) if report.exists() else None) or {}
    written = {
        os.path.relpath(path, file.parent): digest  # as the program sees it
        for path, digest in _files(copy).items()
        if before.get(path) != digest
    }
    return Plain(ran, stdout, seconds.get("seconds", ran.seconds), written)


def _environment(extra: dict[str, str]) -> dict[str, str]:
    """Return the environment of a plain run: what fixes its behaviour, and no Thruway."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8", **extra}


def _migrate(
    words: list[str], arguments: list[str], python: str, folder: Path, settings: Settings
) -> Ran:
    command = [sys.executable, "-m", "thruway.ui.main", "migrate", *words, "--json", "--force"]
    command += ["--python", python, "--seed", str(settings.seed)]
    command += ["--", *arguments] if arguments else []
    return _run(command, folder, 3 * settings.timeout, dict(os.environ))


def _not_migrated(ran: Ran, answer: dict[str, Any] | None) -> dict[str, Any]:
    if answer is None or ran.status == _INTERNAL or "what" not in answer:
        what = (answer or {}).get("what", _last_line(ran.stderr) or "no answer")
        return {"verdict": "crash", "reason": what}
    where = f" ({answer['where']})" if answer.get("where") else ""
    detail = _last_line(answer.get("detail") or "")
    reason = f"{answer['what']}{where}" + (f": {detail}" if detail else "")
    return {"verdict": "refused", "reason": reason}


def _described(migrated: dict[str, Any], plain_seconds: float) -> dict[str, Any]:
    names = [step["name"] for step in migrated["steps"]]
    observed = migrated["observed"]["seconds"]
    return {
        "steps": names,
        "roles": [step["role"] for step in migrated["steps"]],
        "generic": [name for name in names if is_generic(name)],
        "observed_seconds": observed,
        "observed_to_plain": observed / plain_seconds,
        "seconds": migrated["seconds"],
        "not_compared": migrated["proof"]["counts"].get("not compared", 0),
        "findings": sorted({finding["code"] for finding in migrated["findings"]}),
    }


def _compared(
    pattern: Pattern,
    runs: list[Plain],
    again: Callable[[], Plain],
    project: Path,
    python: str,
    folder: Path,
    settings: Settings,
    proof: dict[str, Any],
) -> dict[str, Any]:
    """Run the pipeline, and say whether it prints and writes what the original does."""
    if not proof["holds"]:
        first = next(check for check in proof["checks"] if check["verdict"] == "differs")
        reason = f"{first['step']}: {first['what']} {first['name']} {first.get('reason', '')}"
        return {"verdict": "differs", "reason": reason.strip()}
    words = [sys.executable, str(_HERE / "pipeline.py"), str(project), python, str(settings.seed)]
    ran = _run(words, folder, 3 * settings.timeout, dict(os.environ))
    done = _json(ran.stdout) or {}
    if "steps" not in done:
        reason = done.get("error", {}).get("what") or _last_line(ran.stderr)
        verdict = "timeout" if ran.status is None else "crash"
        return {"verdict": verdict, "reason": f"the run of the pipeline: {reason}"}
    printed = "".join(step["stdout"] for step in done["steps"])
    answer = compare_lines(pattern, printed)
    if answer != "same" and unstable(pattern):
        # Lines may be alike in two runs by chance.
        pattern = pattern_of(*(run.stdout for run in runs), again().stdout)
        answer = compare_lines(pattern, printed)
    if answer == "differs":
        pattern = [_timeless(part) if isinstance(part, str) else part for part in pattern]
        printed = _timeless(printed)
        answer = compare_lines(pattern, printed)
    notes = _file_differences(runs, Path(done["outputs"]), done["steps"])
    if answer == "differs":
        where = first_mismatch(pattern, printed.splitlines())
        notes.insert(0, f"stdout line {where}")
    verdict = "equal" if proof["verdict"] == "equal" else "tolerance"
    if notes:
        verdict = "SILENT"
    reason = "; ".join(notes) or ("" if verdict == "equal" else proof["verdict"])
    return {"verdict": verdict, "stdout": answer, "reason": reason}


def _file_differences(runs: list[Plain], outputs: Path, steps: list[dict[str, Any]]) -> list[str]:
    """Return in words which files the pipeline does not write as the original does."""
    written = {os.path.normpath(path) for step in steps for path in step["files"]}
    notes = []
    for path, digest in sorted(runs[0].files.items()):
        if path not in written:
            notes.append(f"file {path} is not written")
            continue
        steady = runs[1].files.get(path) == digest and Path(path).suffix not in _NOT_BY_BYTES
        given = outputs / _UP.sub("up/", path)
        if steady and not _is_pickle(given) and _digest(given) != digest:
            notes.append(f"file {path} differs")
    return notes


def _timeless(text: str) -> str:
    """Return a text without durations, which two runs give alike by chance alone."""
    return _DURATION.sub("<duration>", text)


def _is_pickle(path: Path) -> bool:
    """Whether a file begins as pickles do."""
    return path.is_file() and re.match(rb"\x80[\x02-\x05]", path.read_bytes()[:2]) is not None


def _copy(home: Path, target: Path) -> Path:
    shutil.copytree(home, target, symlinks=True)
    return target


def _files(folder: Path) -> dict[str, str]:
    """Return path → digest of every file."""
    found = (each for each in sorted(folder.rglob("*")) if each.is_file())
    paths = {each.relative_to(folder).as_posix(): each for each in found}
    return {path: _digest(each) for path, each in paths.items() if not _NOT_DATA.search(path)}


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _run(words: list[str], cwd: Path, timeout: float, env: dict[str, str]) -> Ran:
    """Run a process in a group of its own; after the timeout end all of it."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            status: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = None
            _end(process)
        seconds = time.perf_counter() - began
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    return Ran(status, texts[0], texts[1], seconds)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask first: Thruway ends what it started when it is interrupted."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
            return


def _json(text: str) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError):
        found = json.loads(text)
        return found if isinstance(found, dict) else None
    return None


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else ""
