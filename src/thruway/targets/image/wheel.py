"""The Thruway that is running, as a wheel: what an image runs is what was tried here.

It is made from the files of the package, however that was installed, and is the same for the same
files, so that the layer of an image that holds it is made once.

Source: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import hashlib
import io
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from thruway.errors import ProjectError
from thruway.version import __version__

NAME = f"thruway-{__version__}-py3-none-any.whl"
_INFO = f"thruway-{__version__}.dist-info"
_WHEEL = "Wheel-Version: 1.0\nGenerator: thruway\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_SCRIPTS = "[console_scripts]\nthruway = thruway.ui.main:main\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def wheel_of_thruway() -> bytes:
    """Return the wheel.

    Raises:
        ProjectError: it cannot be told what Thruway needs.
    """
    package = Path(__file__).parents[2]
    files = {
        f"thruway/{file.relative_to(package).as_posix()}": file.read_bytes()
        for file in sorted(package.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    files[f"{_INFO}/METADATA"] = _metadata(package).encode()
    files[f"{_INFO}/WHEEL"] = _WHEEL.encode()
    files[f"{_INFO}/entry_points.txt"] = _SCRIPTS.encode()
    rows = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    record = f"{_INFO}/RECORD"
    files[record] = ("\n".join([*rows, f"{record},,"]) + "\n").encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _metadata(package: Path) -> str:
    """Return name, version and requirements: of the sources if they are there, else as installed.

    What an editable installation says is what its sources said when it was made.
    """
    file = package.parent.parent / "pyproject.toml"
    if file.is_file():
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == "thruway":
            return _of_project(project)
    try:
        return str(distribution("thruway").read_text("METADATA"))
    except PackageNotFoundError as error:
        raise ProjectError(
            "Thruway is not installed as a package: what it needs is not known.",
            str(package),
            "install it with pip, and build again",
        ) from error


def _of_project(project: dict[str, Any]) -> str:
    lines = ["Metadata-Version: 2.1", "Name: thruway", f"Version: {__version__}"]
    lines.append(f"Requires-Python: {project['requires-python']}")
    lines += [f"Requires-Dist: {each}" for each in project["dependencies"]]
    for extra, needed in project.get("optional-dependencies", {}).items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {each}; extra == '{extra}'" for each in needed]
    return "\n".join(lines) + "\n"
