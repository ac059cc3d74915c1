"""The edits: each changes one thing that a price is made of, or nothing but a comment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LATER = 3.0
"""Seconds by which an edited file is newer: enough for what looks at times of files."""


@dataclass(frozen=True)
class Edit:
    """One edit of a project.

    Attributes:
        key: for `--edits`.
        title: heading of its column.
        changes: whether the result is another one afterwards.
        apply: makes it, in the folder of a project.
    """

    key: str
    title: str
    changes: bool
    apply: Callable[[Path], None]


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Return an edit that replaces a text which occurs once in a file."""

    def apply(project: Path) -> None:
        file = project / name
        text = file.read_text()
        if text.count(old) != 1:
            raise ValueError(f"{name} holds {old!r} {text.count(old)} times")
        before = file.stat().st_mtime
        file.write_text(text.replace(old, new))
        os.utime(file, (before + LATER, before + LATER))

    return apply


def _data_in_place(project: Path) -> None:
    """Change a file's content but neither its size nor its time, and no inode."""
    file = project / "rows.csv"
    stat = file.stat()
    with file.open("r+") as handle:
        handle.write("11")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _data(project: Path) -> None:
    file = project / "rows.csv"
    before = file.stat().st_mtime
    file.write_text(f"{file.read_text()}40.44\n")
    os.utime(file, (before + LATER, before + LATER))


def _library(project: Path) -> None:
    install_tariff(project / "site-packages", "2.0", 7.0)


def install_tariff(folder: Path, version: str, amount: float) -> None:
    """Lay a small distribution into a folder, as `pip install --target` lays a wheel."""
    for old in folder.glob("tariff-*"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    package, facts = folder / "tariff", folder / f"tariff-{version}.dist-info"
    package.mkdir(parents=True, exist_ok=True)
    facts.mkdir()
    module = package / "__init__.py"
    before = module.stat().st_mtime + LATER if module.exists() else None
    module.write_text(f"def surcharge():\n    return {amount}\n")
    if before is not None:
        os.utime(module, (before, before))
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: tariff\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "top_level.txt": "tariff\n",
        "INSTALLER": "pip\n",
    }
    for name, text in files.items():
        (facts / name).write_text(text)
    listed = [f"{facts.name}/{name},," for name in (*files, "RECORD")]
    (facts / "RECORD").write_text("\n".join(["tariff/__init__.py,,", *listed]) + "\n")


def _comment_in_step(project: Path) -> None:
    file = project / "pipeline.py"
    text = file.read_text()
    assert len(re.findall("# how a price is made$", text, re.MULTILINE)) == 1
    replaced("pipeline.py", "# how a price is made", "# how a price of today is made")(project)


EDITS = (
    Edit("helper", "helper", True, replaced("rates.py", "+ FEE", "+ 2 * FEE")),
    Edit("inner", "helper's helper", True, replaced("levies.py", "* 2.0", "* 3.0")),
    Edit("constant", "constant", True, replaced("rates.py", "FEE = 1.0", "FEE = 4.0")),
    Edit("method", "method of a class", True, replaced("rounding.py", "2)", "0)")),
    Edit("default", "default argument", True, replaced("rates.py", "=0.1", "=0.2")),
    Edit("data", "data file", True, _data),
    Edit("data-in-place", "data file, same size and time", True, _data_in_place),
    Edit("library", "library upgraded", True, _library),
    Edit("comment", "comment in helper", False,
         replaced("rates.py", "# what is left of a sum", "# what is left of a sum of rows")),
    Edit("comment-in-step", "comment in step", False, _comment_in_step),
)  # fmt: skip
