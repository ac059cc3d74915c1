"""Cells of a notebook: nbformat 4 is read as the JSON it is, older formats through nbformat."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from thruway.errors import SourceError
from thruway.source.drafts import Draft, Drafts

if TYPE_CHECKING:
    from pathlib import Path

    from thruway.source.types import CellKind

CURRENT_FORMAT = 4
PYTHONS = ("python", "ipython")
NOT_PYTHON = {"ir": "R", "irkernel": "R"}
KINDS: dict[str, CellKind] = {"code": "code", "markdown": "markdown", "raw": "raw"}


def read_notebook(path: Path) -> Drafts:
    """Return the cells of an `.ipynb` file.

    Raises:
        SourceError: not JSON, not a notebook, or a notebook of another language.
    """
    notebook = _current(path, _json(path))
    metadata = notebook.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    _require_python(path, metadata)
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise _not_a_notebook(path, "it has no list of cells")
    drafts = tuple(_draft(path, number, cell) for number, cell in enumerate(cells, start=1))
    return Drafts("notebook", drafts, _text(metadata.get("language_info"), "version"))


def _json(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    if not content.strip():
        raise SourceError("The file is empty.", str(path), "give a notebook with code in it")
    try:
        notebook = json.loads(content)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"The notebook is not valid JSON: {error.msg}.",
            f"{path}, line {error.lineno}, column {error.colno}",
            "open it in Jupyter and save it again, or take an earlier version"
            + (" (merge markers?)" if b"<<<<<<<" in content else ""),
        ) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise SourceError(
            f"The notebook is not valid JSON: {error}.", str(path), "save it again as UTF-8"
        ) from error
    if not isinstance(notebook, dict):
        raise _not_a_notebook(path, f"it holds a {type(notebook).__name__}")
    return notebook


def _current(path: Path, notebook: dict[str, Any]) -> dict[str, Any]:
    """Bring notebooks of formats 1 to 3 to format 4."""
    version = notebook.get("nbformat")
    if isinstance(version, int) and version >= CURRENT_FORMAT:
        return notebook
    if not isinstance(version, int) and "worksheets" not in notebook:
        if isinstance(notebook.get("cells"), list):
            return notebook
        raise _not_a_notebook(path, "it names no nbformat and no cells")
    import nbformat

    try:
        upgraded: dict[str, Any] = nbformat.convert(
            nbformat.reads(json.dumps(notebook), as_version=nbformat.NO_CONVERT), CURRENT_FORMAT
        )
    except Exception as error:
        raise _not_a_notebook(path, f"nbformat {version} cannot be upgraded: {error}") from error
    return upgraded


def _not_a_notebook(path: Path, reason: str) -> SourceError:
    return SourceError(
        f"The file is JSON, but not a notebook: {reason}.",
        str(path),
        "give an .ipynb file that Jupyter opens",
    )


def _require_python(path: Path, metadata: dict[str, Any]) -> None:
    """Refuse a notebook whose metadata names another language."""
    kernel = _text(metadata.get("kernelspec"), "name")
    language = (
        _text(metadata.get("language_info"), "name")
        or _text(metadata.get("kernelspec"), "language")
        or NOT_PYTHON.get(kernel, "")
        or ("julia" if kernel.startswith("julia") else "")
    )
    if language and not language.lower().startswith(PYTHONS):
        raise SourceError(
            f"The notebook is for {language}, not for Python.",
            f"{path}" + (f", kernel {kernel}" if kernel else ""),
            "give a Python notebook, or correct its kernel in Jupyter (Kernel, Change Kernel)",
        )


def _text(record: object, key: str) -> str:
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, str) else ""


def _draft(path: Path, number: int, cell: object) -> Draft:
    if not isinstance(cell, dict):
        raise _not_a_notebook(path, f"cell {number} is not a record")
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise _not_a_notebook(path, f"the source of cell {number} is not text")
    kind = KINDS.get(str(cell.get("cell_type")), "raw")
    count = cell.get("execution_count")
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    return Draft(kind, text, count=count if isinstance(count, int) else 0)
