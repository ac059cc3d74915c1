"""The function `batch_predict`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from thruway.components import html, parallel
from thruway.components.batch_predict import writing
from thruway.components.batch_predict.answers import Asker, Column, answered
from thruway.components.batch_predict.chunks import Source, source_of
from thruway.components.frames import wrapped
from thruway.components.models import features_of
from thruway.components.models.adapters import adapter_of
from thruway.components.schemas import columns_of
from thruway.errors import UsageError
from thruway.kit.values.fingerprint import fingerprint

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

_FILES = {".parquet", ".pq", ".csv"}


@dataclass(frozen=True, repr=False)
class InferenceResult:
    """Predictions on disk.

    Attributes:
        path: of the file, or of the folder of Parquet files.
        n_rows: predicted.
        n_parts: files.
        columns: of each.
    """

    path: str
    n_rows: int
    n_parts: int
    columns: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as JSON takes it."""
        return dataclasses.asdict(self)

    def _repr_html_(self) -> str:
        facts = [
            ("path", self.path),
            ("rows", self.n_rows),
            ("files", self.n_parts),
            ("columns", ", ".join(self.columns)),
        ]
        return html.view("Inference result", html.table(("", ""), facts))

    def __repr__(self) -> str:
        """Return what is there, short."""
        return f"InferenceResult({self.n_rows} rows in {self.n_parts} files, {self.path})"


def batch_predict(
    examples: Any,
    model: Any,
    *,
    keys: str | Sequence[str] = (),
    columns: Sequence[Column] | None = None,
    output: str | os.PathLike[str] | None = None,
    chunk_rows: int = 100_000,
    n_jobs: int = 1,
    schema: Any = None,
) -> Any:
    """Return the predictions for all rows, in their order: a frame, or a record of what is on disk.

    Args:
        examples: a frame, a path (Parquet, a folder of Parquet files, CSV), or an iterator of
            frames. Of files, only the columns that are needed are read, a chunk at a time.
        model: of any library, see `models`; a `TrainedModel` takes raw rows.
        keys: columns that are given back beside the predictions.
        columns: of `prediction`, `probability` (one column a class: `probability_yes`), `score`
            (margins or logits); by default the prediction, and probabilities where the model has
            some.
        output: where to write: a folder, which is filled with Parquet files, one a chunk; or a
            file `.parquet` or `.csv`. A folder is taken up where it stopped, when everything else
            is the same; a file is begun anew. Without it, the result is a frame in the library of
            the examples (pandas keeps its index); of files, a frame of pandas.
        chunk_rows: rows that are held at once, by each process.
        n_jobs: processes; -1 is one for each core. Order and result are the same.
        schema: each chunk is checked against it; the label may be missing.

    Raises:
        DataError: rows that are not what the model takes: says which.
        UsageError: a folder that holds something else.

    Example:
        >>> import pandas as pd
        >>> rows = pd.DataFrame({"id": ["a", "b"], "age": [20, 70]})
        >>> batch_predict(rows, lambda frame: frame["age"] > 60, keys="id")["prediction"].tolist()
        [False, True]
    """
    _check(columns, chunk_rows)
    names = (keys,) if isinstance(keys, str) else tuple(keys)
    adapter_of(model)  # says what predicts nothing, before anything is read
    asker = Asker(
        model=model,
        keys=names,
        columns=None if columns is None else tuple(columns),
        schema=schema,
        label=str(getattr(model, "label", "") or ""),
    )
    source = source_of(examples, chunk_rows, _needed(asker))
    if output is None:
        return _as_frame(source, asker, n_jobs)
    path = Path(output)
    if path.suffix.lower() in _FILES:
        with parallel.workers(asker, n_jobs) as work:
            part = writing.to_file(path, work.each(answered, source.chunks()))
        return InferenceResult(str(output), part.rows, 1, part.columns)
    about = _about(source, asker, chunk_rows)
    writing.opened(path, about)
    with parallel.workers(writing.Folder(path, asker), n_jobs) as work:
        parts = list(work.each(writing.written, source.chunks()))
    writing.closed(path, about, parts)
    rows = sum(part.rows for part in parts)
    return InferenceResult(str(output), rows, len(parts), parts[0].columns)


def _check(columns: Sequence[Column] | None, chunk_rows: int) -> None:
    if chunk_rows < 1:
        raise UsageError("`chunk_rows` is at least 1")
    if columns is not None:
        known = get_args(Column)
        odd = [one for one in columns if one not in known]
        if odd or isinstance(columns, str) or not columns:
            raise UsageError(
                f"`columns` is {columns!r}", fix=f"give a list of {', '.join(map(repr, known))}"
            )


def _needed(asker: Asker) -> list[str] | None:
    """Return the columns to read; None for all, when the model does not know its names."""
    features = features_of(asker.model)
    if features is None or (asker.schema is not None and columns_of(asker.schema) is None):
        return None
    named = [name for name in columns_of(asker.schema) or () if name != asker.label]
    return list(dict.fromkeys([*asker.keys, *features, *named]))


def _as_frame(source: Source, asker: Asker, n_jobs: int) -> Any:
    import narwhals as nw

    with parallel.workers(asker, n_jobs) as work:
        frames = [wrapped(frame) for frame in work.each(answered, source.chunks())]
    return frames[0].to_native() if len(frames) == 1 else nw.concat(frames).to_native()


def _about(source: Source, asker: Asker, chunk_rows: int) -> dict[str, Any]:
    return {
        "examples": source.digest(),
        "model": fingerprint(asker.model).hex,
        "keys": list(asker.keys),
        "columns": None if asker.columns is None else list(asker.columns),
        "chunk_rows": chunk_rows,
    }
