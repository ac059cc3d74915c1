"""Paths that are not the program's data: interpreter, packages, caches, fonts, devices."""

from __future__ import annotations

import os
import re
import site
import sys
import sysconfig
from functools import cache
from pathlib import Path

_SYSTEM = ("/dev", "/proc", "/sys", "/etc", "/usr/share", "/usr/lib", "/lib", "/System", "/Library")
_FONT_FOLDERS = (".fonts", ".cache/fontconfig", ".cache/matplotlib", ".config/matplotlib")
_HOME_FOLDERS = (*_FONT_FOLDERS, ".matplotlib", ".ipython", ".jupyter", ".local/share/fonts")
_MACHINERY = re.compile(
    r"[/\\](__pycache__|site-packages|dist-packages|joblib_memmapping_folder_[^/\\]*)([/\\]|$)"
    r"|\.py[cdo]$|[/\\]pyvenv\.cfg$"
)
_MODULE = (".py", ".pyi")

# Programs that libraries start while they are imported, to learn about the machine.
_PROBES = frozenset(
    {"ldconfig", "gcc", "cc", "ld", "uname", "lscpu", "fc-list", "fc-cache", "system_profiler",
     "sysctl", "nvidia-smi", "sw_vers", "dscl", "wmic", "getconf", "objdump"}
)  # fmt: skip


def is_machinery(path: str, *, written: bool = False) -> bool:
    """Return whether a path is code or cache wherever it lies, also inside a data folder.

    Modules are read by Python's own machinery; who writes one, writes a file like any other.
    """
    return _MACHINERY.search(path) is not None or (not written and path.endswith(_MODULE))


def is_installed(path: str) -> bool:
    """Return whether a module is of Python, or of an installed package."""
    return path.startswith(("<", *prefixes())) or _MACHINERY.search(path) is not None


def prefixes_beside(folder: str) -> tuple[str, ...]:
    """Return the ignored folders (each with a separator at its end) that do not hold `folder`."""
    return tuple(prefix for prefix in prefixes() if not (folder + os.sep).startswith(prefix))


def is_probe(executable: object) -> bool:
    """Return whether a child process is one by which libraries look at the machine."""
    try:
        name = os.path.basename(os.fsdecode(executable))  # type: ignore[arg-type]  # noqa: PTH119 - as text, links kept
    except TypeError:
        return False
    return name.lower().removesuffix(".exe") in _PROBES


@cache
def prefixes() -> tuple[str, ...]:
    """Return the folders of Python and of the system, each with a separator at its end."""
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *_SYSTEM]
    folders += [sysconfig.get_path(name) or "" for name in ("stdlib", "purelib", "platlib")]
    folders += [site.getusersitepackages(), os.environ.get("MPLCONFIGDIR", "")]
    folders += [str(Path.home() / name) for name in _HOME_FOLDERS]
    folders.append(str(Path(__file__).resolve().parents[2]))
    absolute = {os.path.abspath(folder) for folder in folders if folder}  # noqa: PTH100 - as text, links kept
    real = {os.path.realpath(folder) for folder in absolute}
    every = (absolute | real) - {os.sep}
    return tuple(sorted(folder.rstrip(os.sep) + os.sep for folder in every))
