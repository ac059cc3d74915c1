"""Whether what a component gives can be stored, and comes back equal."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.api.component.report import Flaw
from thruway.errors import StorageError
from thruway.kit.values import storage
from thruway.kit.values.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping


def stored(outputs: Mapping[str, Any], where: str) -> tuple[list[Flaw], str]:
    """Return the flaws of results, and how each is stored."""
    flaws: list[Flaw] = []
    formats: list[str] = []
    with tempfile.TemporaryDirectory(prefix="thruway-") as folder:
        for name, value in outputs.items():
            flaw, form = _one(name, value, Path(folder, "value"), where)
            flaws += [flaw] if flaw else []
            safe = "read back from anyone" if storage.is_safe(form) else "from your own store only"
            formats.append(f"{name} as {form}, {safe}" if form else f"{name} not")
    return flaws, "; ".join(formats)


def _one(name: str, value: Any, file: Path, where: str) -> tuple[Flaw | None, str]:
    try:
        with file.open("wb") as handle:
            form = storage.write({name: value}, handle)
        back = storage.read(form, file)[name]
    except StorageError as error:
        fix = error.fix or "give plain data, frames, arrays or estimators; re-create the rest"
        return Flaw("storable", "fail", error.what.rstrip("."), where, fix), ""
    if fingerprint(back).hex != fingerprint(value).hex:
        what = f"`{name}` is another value when it is read back"
        return Flaw(
            "storable", "fail", what, where, "give its class a `__reduce__` that is whole"
        ), form
    if not storage.is_safe(form):
        what = f"`{name}` is stored as a pickle, which is read from your own store only"
        fix = "if others are to read it, give plain data, frames, arrays or known estimators"
        return Flaw("storable", "warn", what, where, fix), form
    return None, form
