"""Thruway inside an environment of a few years ago: pandas 1.5, NumPy 1.23, scikit-learn 1.1.

Makes that environment, installs Thruway into it, checks that this changed none of the old
packages, and then does the main job there on every program of `examples/`: migrate, prove, run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLD = {
    "pandas": "1.5.3",
    "numpy": "1.23.5",
    "scikit-learn": "1.1.3",
    "matplotlib": "3.7.5",
    "seaborn": "0.12.2",
    "statsmodels": "0.13.5",
    "scipy": "1.10.1",
}
PROGRAMS = ("cancer/cancer.ipynb", "affairs/affairs.ipynb", "diabetes/diabetes.py")


def main() -> int:
    """Make the environment and try; return 0 when everything holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / ".venv-legacy")
    folder = parser.parse_args().into
    python = _environment(folder)
    failures = _changed(python)
    with tempfile.TemporaryDirectory() as scratch:
        examples = Path(scratch) / "examples"
        shutil.copytree(ROOT / "examples", examples)
        failures += [name for name in PROGRAMS if not _migrates(python, examples / name)]
    print(f"{len(PROGRAMS) + 1 - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


def _environment(folder: Path) -> Path:
    """Return the interpreter of the old environment, with Thruway in it."""
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    stamp = folder / ".installed"
    if not stamp.exists():
        venv.create(folder, with_pip=True, clear=True)
        pins = [f"{name}=={version}" for name, version in OLD.items()]
        _pip(python, *pins)
        stamp.touch()
    _pip(python, str(ROOT))
    return python


def _pip(python: Path, *words: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *words], check=True)


def _changed(python: Path) -> list[str]:
    """Return the old packages that the installation of Thruway moved."""
    done = subprocess.run(
        [str(python), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    )
    versions = {each["name"].lower(): each["version"] for each in json.loads(done.stdout)}
    moved = [name for name, version in OLD.items() if versions.get(name) != version]
    for name in moved:
        print(f"installing Thruway changed {name} to {versions.get(name)}")
    return moved


def _migrates(python: Path, program: Path) -> bool:
    """Migrate a program and run the pipeline; say how it went."""
    project = program.parent / "project"
    thruway = [str(python), "-m", "thruway.ui.main"]
    migrated = subprocess.run(
        [*thruway, "migrate", str(program), "-o", str(project), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if migrated.returncode:
        print(f"{program.name}: {migrated.stdout[-2000:]}{migrated.stderr[-2000:]}")
        return False
    proof = json.loads(migrated.stdout)["proof"]
    ran = subprocess.run([*thruway, "run", str(project), "--force", "--quiet"], check=False)
    print(f"{program.name}: {proof['verdict']}, {proof['counts']}, run exits {ran.returncode}")
    return proof["holds"] and ran.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
