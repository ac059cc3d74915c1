"""What storing costs beside the libraries' own files, as ratios measured in one run.

    python benchmarks/storage.py [--megabytes N] [--repeats N] [--folder DIR] [--json]

A frame and an array of N megabytes are written and read by turns with Thruway and with the
library's own format (`numpy.save`/`load`, `to_parquet`/`read_parquet`; without pyarrow, `to_pickle`
and `read_pickle`). A read ends when every value was added up, so that a file which is mapped counts
what it costs to touch. Ratios are of throughput: 1 is as fast, 2 twice as fast. Files are in the
cache of the system on both sides, and are not synced.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from thruway.kit.values import storage
from thruway.run.store.hashing import HashingWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Way = tuple[Callable[[Any, Path], Any], Callable[[Path], Any]]


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rows = [
            row
            for name, value, ways in _cases(options.megabytes)
            for row in _measure(name, value, ways, Path(folder) / "value", options.repeats)
        ]
    print(json.dumps(rows, indent=2) if options.json else _table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument(
        "--folder", help="where the files go; the system's folder for them if not said"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _cases(megabytes: int) -> Iterator[tuple[str, Any, dict[str, Way]]]:
    rng = np.random.default_rng(0)
    rows = megabytes * 10**6 // 8 // 20
    array = rng.normal(size=(rows, 20))
    yield "array", array, {"numpy.save": (_save, _load)}
    frame = pd.DataFrame(rng.normal(size=(rows, 15)), columns=[f"x{i}" for i in range(15)])
    for number in range(5):
        frame[f"n{number}"] = rng.integers(0, 10**6, rows)
    yield "frame", frame, _frame_ways()
    yield "frame and array", (frame.iloc[: rows // 2], array[: rows // 2]), {"pickle": _PICKLE}


def _frame_ways() -> dict[str, Way]:
    if importlib.util.find_spec("pyarrow") is None:
        return {"to_pickle": (_to_pickle, pd.read_pickle)}
    return {
        "to_parquet": (lambda frame, path: frame.to_parquet(path), pd.read_parquet),
        "to_feather": (
            lambda frame, path: frame.to_feather(path, compression="uncompressed"),
            pd.read_feather,
        ),
    }


def _to_pickle(value: Any, path: Path) -> None:
    pd.to_pickle(value, path)


def _save(array: np.ndarray, path: Path) -> None:
    with path.open("wb") as handle:
        np.save(handle, array)


def _load(path: Path) -> np.ndarray:
    return np.load(path)


_PICKLE = (_to_pickle, pd.read_pickle)


def _store(value: Any, path: Path) -> str:
    with path.open("wb") as handle:
        return storage.write({"value": value}, handle)


def _hash(value: Any, path: Path) -> None:
    with path.open("wb") as handle, HashingWriter(handle) as hashed:
        storage.write({"value": value}, hashed)


def _measure(
    name: str, value: Any, ways: dict[str, Way], path: Path, repeats: int
) -> Iterator[dict[str, Any]]:
    size = _bytes(value)
    form = _store(value, path)
    own = (_store, lambda path: storage.read(form, path)["value"])
    for other, theirs in ways.items():
        times = {"write": ([], []), "read": ([], []), "open": ([], [])}
        for number in range(repeats):
            # Who comes first finds the caches as the other left them.
            for side in (0, 1) if number % 2 else (1, 0):
                write, read = (own, theirs)[side]
                path.unlink()
                times["write"][side].append(_seconds(write, value, path))
                times["open"][side].append(_seconds(read, path))
                times["read"][side].append(_seconds(_read_all, read, path))
        _store(value, path)
        for what, (ours, others) in times.items():
            mine, its = statistics.median(ours), statistics.median(others)
            yield {
                "value": name, "format": form, "what": what, "beside": other,
                "ratio": round(its / mine, 2), "ours MB/s": round(size / mine / 1e6),
                "theirs MB/s": round(size / its / 1e6),
            }  # fmt: skip
    path.unlink()
    hashed = statistics.median(_seconds(_hash, value, path) for _ in range(repeats))
    yield {
        "value": name, "format": form, "what": "write and digest", "beside": "", "ratio": None,
        "ours MB/s": round(size / hashed / 1e6), "theirs MB/s": None,
    }  # fmt: skip


def _bytes(value: Any) -> int:
    if isinstance(value, tuple):
        return sum(map(_bytes, value))
    return int(value.nbytes if isinstance(value, np.ndarray) else value.memory_usage().sum())


def _read_all(read: Callable[[Path], Any], path: Path) -> None:
    value = read(path)
    for part in value if isinstance(value, tuple) else (value,):
        part.sum()


def _seconds(do: Callable[..., Any], *arguments: Any) -> float:
    start = time.perf_counter()
    kept = do(*arguments)
    taken = time.perf_counter() - start
    del kept
    return taken


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        f"{'value':16} {'format':10} {'what':17} {'beside':11} {'ratio':>6} {'MB/s':>7} {'theirs':>7}"
    ]
    for row in rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        theirs = "" if row["theirs MB/s"] is None else row["theirs MB/s"]
        lines.append(
            f"{row['value']:16} {row['format']:10} {row['what']:17} {row['beside']:11} "
            f"{ratio:>6} {row['ours MB/s']:>7} {theirs:>7}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
