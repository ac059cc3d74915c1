"""Environments of the engines that pipelines are compiled for, each its own, made once.

    python tools/engines.py            # make all of them, or say where they are
    python tools/engines.py airflow    # one of them: prints its interpreter

They lie in `.engines/` (not in git), with Thruway and the packages that the test pipelines use:
`tools/engines/<name>.txt`, in the versions of `tools/engines/pins/<name>.txt`. `uv` makes them,
itself in an environment there: TFX 1.16 says that it needs an older Python than it does, and pip
refuses that. What an engine needs an older Python for than there is, is left out, and said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tools" / "engines"
ONLY = {"tfx": "3.11"}
NAMES = tuple(sorted(file.stem for file in PINS.glob("*.txt")))


def main() -> int:
    """Make environments; print name and interpreter of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--into", type=Path, default=ROOT / ".engines", help="where they are made")
    asked = parser.parse_args()
    for name in asked.names or NAMES:
        if name not in NAMES:
            parser.error(f"there is no engine `{name}`")
        try:
            print(f"{name}\t{environment(name, asked.into)}", flush=True)
        except LookupError as error:
            print(f"{name}\tnot made: {error}", flush=True)
    return 0


def environment(name: str, folder: Path = ROOT / ".engines") -> Path:
    """Return the interpreter of an engine's environment, made unless it is there as pinned.

    Raises:
        LookupError: the Python that it needs is not here.
    """
    target = folder.resolve() / name
    python = target / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pins = PINS / f"{name}.txt"
    stamp = target / ".installed"
    versions = PINS / "pins" / pins.name
    wanted = f"{pins.read_text()}\n{versions.read_text()}\n{ROOT}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    interpreter = _interpreter(name)
    print(f"making the environment of {name} …", file=sys.stderr, flush=True)
    uv = _uv(folder)
    clean = {key: text for key, text in os.environ.items() if key != "VIRTUAL_ENV"}
    subprocess.run(
        [uv, "venv", "-q", "--clear", "-p", interpreter, str(target)],
        check=True,
        env=clean,
    )
    # Each task is a process of its own: without byte code, each would compile all that it imports.
    words = [
        uv,
        "pip",
        "install",
        "-q",
        "--compile-bytecode",
        "--python",
        str(python),
        "-r",
        str(pins),
        "-c",
        str(versions),
    ]
    subprocess.run([*words, "-e", str(ROOT)], check=True, env=clean)
    stamp.write_text(wanted)
    return python


def _interpreter(name: str) -> str:
    """Return the Python that an engine's environment is made with."""
    version = ONLY.get(name, "")
    if version in ("", f"{sys.version_info.major}.{sys.version_info.minor}"):
        return sys.executable
    found = shutil.which(f"python{version}")
    # A shim of pyenv is there for every Python that it has, and runs only those that are active.
    if (
        found is None
        or subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode
    ):
        raise LookupError(f"it needs Python {version}, which is not here")
    return found


def _uv(folder: Path) -> str:
    found = shutil.which("uv")
    if found:
        return found
    target = folder.resolve() / "uv"
    scripts = target / ("Scripts" if sys.platform == "win32" else "bin")
    if not (scripts / "uv").exists() and not (scripts / "uv.exe").exists():
        venv.create(target, with_pip=True, clear=True)
        pip = [str(scripts / "python"), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "--disable-pip-version-check", "uv"], check=True)
    return str(scripts / "uv")


if __name__ == "__main__":
    sys.exit(main())
