"""Let ruff, which is always installed with Thruway, lay out what is written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

_LAYOUT = ("--isolated", "--no-cache", "--config", "line-length = 100", "-")


def formatted(text: str) -> str:
    """Return Python laid out; as it is where there is no ruff."""
    ruff = _find_ruff()
    if not ruff:
        return text
    done = subprocess.run(
        [ruff, "format", "--quiet", *_LAYOUT],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout


def _find_ruff() -> str:
    beside = shutil.which("ruff", path=str(Path(sys.executable).parent))
    return beside or shutil.which("ruff") or ""
