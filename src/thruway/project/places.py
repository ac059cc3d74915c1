"""Where each file of a project goes, with names that every file system takes."""

from __future__ import annotations

import re

MANIFEST = "thruway.json"
REPORT = "report.html"
README = "README.md"
GENERATED = "source/generated.zip"
STORE = ".thruway"
OUTPUTS = "outputs"
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def module_name(name: str) -> str:
    """Return the module of a step: its name, unless Windows keeps that name for a device."""
    return f"{name}_" if _RESERVED.fullmatch(name) else name


def step_file(package: str, step: str) -> str:
    """Return where a step is written."""
    return f"{package}/steps/{module_name(step)}.py"


def source_file(name: str) -> str:
    """Return where the original is kept."""
    safe = _FORBIDDEN.sub("_", name).rstrip(". ") or "source"
    stem = safe.split(".")[0]
    return f"source/{'_' if _RESERVED.fullmatch(stem) else ''}{safe}"
