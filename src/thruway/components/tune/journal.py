"""Answers on disk: what was computed before an interruption is not computed again.

A search is replayed from its beginning, which proposes the same settings, and answers that are in
the journal are read. One line an answer; a line that was not finished is ignored.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components.tune.folds import Score
from thruway.errors import UsageError
from thruway.kit.values.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping


class Journal:
    """The answers of one search, in a file or (without a path) in memory only."""

    def __init__(self, path: str | os.PathLike[str] | None, about: str) -> None:
        """Open or make it.

        Args:
            path: of the file; None for none.
            about: digest of everything that answers depend on, but the settings.

        Raises:
            UsageError: the file holds another search.
        """
        self._path = None if path is None else Path(path)
        self._answers: dict[str, Score] = {}
        if self._path is None:
            return
        if self._path.exists():
            self._read(about)
        else:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._append({"search": about})

    def _read(self, about: str) -> None:
        assert self._path is not None
        text = self._path.read_text(encoding="utf-8")
        lines = [_parsed(line) for line in text.splitlines()]
        if not lines or lines[0] is None or lines[0].get("search") != about:
            raise UsageError(
                "the storage holds another search: other rows, estimator, metric, folds or seed",
                where=str(self._path),
                fix="name another file, or delete this one",
            )
        for line in lines[1:]:
            if line is not None and "of" in line:
                self._answers[line["of"]] = Score(line["score"], line["reason"])
        if text and not text.endswith("\n"):
            with self._path.open("a", encoding="utf-8") as handle:
                handle.write("\n")

    def known(self, setting: Mapping[str, Any], fold: int) -> Score | None:
        """Return an answer that is there already."""
        return self._answers.get(_key(setting, fold))

    def keep(self, setting: Mapping[str, Any], fold: int, score: Score) -> None:
        """Keep an answer."""
        key = _key(setting, fold)
        self._answers[key] = score
        if self._path is not None:
            self._append({"of": key, "score": score.value, "reason": score.reason})

    def _append(self, line: dict[str, Any]) -> None:
        assert self._path is not None
        with self._path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")
            handle.flush()
            os.fsync(handle.fileno())


def _key(setting: Mapping[str, Any], fold: int) -> str:
    return f"{fingerprint(dict(setting)).hex}/{fold}"


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:  # cut off when the process was killed
        return None
    return found if isinstance(found, dict) else None
