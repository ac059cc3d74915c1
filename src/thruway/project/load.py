"""Read `thruway.json` back, and tell what was edited since it was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from thruway.errors import ProjectError
from thruway.plan.override import Override
from thruway.program.types import FanOut, Part, Rewriting
from thruway.project.manifest import content_digest
from thruway.project.places import MANIFEST
from thruway.project.types import (
    FORMAT,
    Accepted,
    Manifest,
    ParameterRecord,
    PortRecord,
    SourceRecord,
    StatementRecord,
    StepRecord,
)

if TYPE_CHECKING:
    from pathlib import Path


def is_project(folder: Path) -> bool:
    """Whether a folder holds a project that Thruway wrote."""
    return (folder / MANIFEST).is_file()


def load_manifest(folder: Path) -> Manifest:
    """Return the record of a project.

    Raises:
        ProjectError: no such record, damaged, or of a newer Thruway.
    """
    path = folder / MANIFEST
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProjectError(
            f"{folder.name or folder} is not a project that Thruway wrote: no {MANIFEST}",
            where=str(path),
            fix="name the folder that `thruway migrate` wrote",
        ) from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if isinstance(record, dict) and record.get("format", 0) > FORMAT:
        raise ProjectError(
            f"this project was written by a newer Thruway ({record.get('version', '?')})",
            where=str(path),
            fix="upgrade thruway",
        )
    try:
        return _manifest(record)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, repr(error)) from error


def edited_files(folder: Path) -> tuple[str, ...]:
    """Return the written files whose content is now different, or that are gone; sorted.

    Raises:
        ProjectError: see `load_manifest`.
    """
    files = load_manifest(folder).files
    return tuple(path for path in sorted(files) if _digest_of(folder, path) != files[path])


def _digest_of(folder: Path, path: str) -> str:
    try:
        return content_digest(path, (folder / path).read_bytes())
    except OSError:
        return ""


def _damaged(path: Path, reason: str) -> ProjectError:
    return ProjectError(
        f"{MANIFEST} is damaged: {reason}",
        where=str(path),
        fix="restore it from version control, or migrate again into another folder",
    )


def _manifest(record: dict[str, Any]) -> Manifest:
    return Manifest(
        **{
            **record,
            "source": SourceRecord(**record["source"]),
            "steps": tuple(_step(each) for each in record["steps"]),
            "statements": tuple(
                StatementRecord(**{**each, "steps": tuple(each["steps"])})
                for each in record["statements"]
            ),
            "shared": tuple(record["shared"]),
            "settings": {name: tuple(ids) for name, ids in record["settings"].items()},
            "results": tuple((name, step) for name, step in record["results"]),
            "dropped": {int(number): why for number, why in record["dropped"].items()},
            "findings": tuple(record["findings"]),
            "accepted": tuple(Accepted(**each) for each in record.get("accepted", ())),
            "overrides": tuple(Override.load(each) for each in record.get("overrides", ())),
            "opened": tuple(record.get("opened", ())),
            "arguments": tuple(record.get("arguments", ())),
            "rewritings": tuple(_rewriting(each) for each in record.get("rewritings", ())),
            "order": tuple(record.get("order", ())),
        }
    )


def _rewriting(record: dict[str, Any]) -> Rewriting:
    parts = tuple(
        Part(**{**part, "fan": FanOut(**part["fan"]) if part["fan"] else None})
        for part in record["parts"]
    )
    return Rewriting(**{**record, "parts": parts, "names": tuple(record["names"])})


def _step(record: dict[str, Any]) -> StepRecord:
    tuples = {name: tuple(value) for name, value in record.items() if isinstance(value, list)}
    return StepRecord(
        **{
            **record,
            **tuples,
            "inputs": tuple(PortRecord(**each) for each in record["inputs"]),
            "outputs": tuple(PortRecord(**each) for each in record["outputs"]),
            "parameters": tuple(ParameterRecord(**each) for each in record["parameters"]),
        }
    )
