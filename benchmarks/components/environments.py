"""The environments of the libraries that components are measured beside: one for each, made once.

They are below `--envs` (`.envs`), and need uv: TensorFlow Data Validation pins versions of Apache
Beam that only install with their own upper bounds left out, and Python 3.11.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PINS = {
    "tfdv": ("tensorflow-data-validation==1.16.1", "apache-beam<2.66", "dill"),
    "ydata": ("ydata-profiling==4.18.4", "setuptools<81"),
}
TITLES = {"tfdv": "TensorFlow Data Validation", "ydata": "ydata-profiling"}
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "YDATA_PROFILING_NO_ANALYTICS": "1",
}


def environment(name: str, envs: Path) -> str:
    """Return the interpreter of an environment, which is made unless it is there as pinned."""
    folder = envs.resolve() / name
    python = folder / "bin" / "python"
    stamp = folder / "pins.json"
    if stamp.is_file() and json.loads(stamp.read_text()) == list(PINS[name]):
        return str(python)
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("these environments need uv: https://docs.astral.sh/uv/")
    print(f"making the environment of {TITLES[name]} …", file=sys.stderr, flush=True)
    subprocess.run([uv, "venv", "-q", "--clear", "--python", "3.11", str(folder)], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", str(python), *PINS[name]], check=True)
    stamp.write_text(json.dumps(list(PINS[name])))
    return str(python)


def variables() -> dict[str, str]:
    """Return the variables for a program of another environment: quiet, and without this one's."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {name: text for name, text in os.environ.items() if name not in dropped}
    return {**kept, **QUIET}
