"""Throughput of the store: `python store.py MEGABYTES REPEATS` prints rows as JSON.

Values of a given size are written through the store and read back from it, and by the plain call
of their library, in turn. Both write to the folder it is started in; nothing is flushed to the disk
by either, so what is measured is the work, not the disk.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from thruway.run.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable


def frame(megabytes: int) -> pd.DataFrame:
    """Numbers, whole numbers, texts and times, about `megabytes` of them in memory."""
    rows = megabytes * 1_000_000 // 104
    random = np.random.default_rng(0)
    columns: dict[str, Any] = {f"x{at}": random.standard_normal(rows) for at in range(8)}
    columns |= {f"n{at}": random.integers(0, 1000, rows) for at in range(2)}
    columns["town"] = random.choice(["Aachen", "Basel", "Cremona", "Delft"], rows)
    columns["day"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        random.integers(0, 999, rows), "D"
    )
    return pd.DataFrame(columns)


def numbers(megabytes: int) -> pd.DataFrame:
    """A frame of floating-point numbers alone."""
    random = np.random.default_rng(0)
    return pd.DataFrame(random.standard_normal((megabytes * 1_000_000 // 160, 20))).add_prefix("x")


def array(megabytes: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((megabytes * 1_000_000 // 800, 100))


def _put(root: Path, value: Any) -> tuple[str, str, int]:
    store = Store(root)
    store.prepare()
    return store.put_values({"return": value})


def _load(root: Path, address: str, form: str, *, trusted: bool) -> Any:
    """Read an object; `trusted` as in the run that wrote it, which needs no check of it."""
    return _touched(Store(root).load_object(address, form, trusted=trusted)["return"])


def _touched(value: Any) -> Any:
    """Return a value of which every number was looked at: what is mapped is read only then."""
    numbers = value if isinstance(value, np.ndarray) else value.select_dtypes("number")
    float(np.asarray(numbers).sum())
    return value


def seconds(call: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    found = call(*arguments, **named)
    return time.perf_counter() - began, found


def measured(
    what: str, value: Any, repeats: int, write: Callable[[Path], Any], read: Callable[[Path], Any]
) -> list[tuple[str, str, float, float]]:
    """Return (what, way, seconds through the store, seconds of the plain call), for each way."""
    file, root = Path("plain.bin"), Path("store")
    times: dict[str, list[float]] = {}

    def timed(way: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        taken, found = seconds(call, *arguments, **named)
        times.setdefault(way, []).append(taken)
        return found

    def plain() -> None:
        timed("plain read", lambda: _touched(read(file)))

    def trusted() -> None:
        timed("read, in the same run", _load, root, address, form, trusted=True)

    def checked() -> None:
        timed("read, in another run", _load, root, address, form, trusted=False)

    for number in range(repeats + 1):
        shutil.rmtree(root, ignore_errors=True)
        file.unlink(missing_ok=True)
        address, form, _ = timed("write", _put, root, value)
        timed("plain write", write, file)
        # In another order each round: whoever is the first to touch memory waits for it.
        reads = [plain, trusted, checked]
        for read_once in (*reads[number % 3 :], *reads[: number % 3]):
            read_once()
    shutil.rmtree(root)
    file.unlink()
    medians = {way: statistics.median(taken[1:]) for way, taken in times.items()}
    return [
        (f"{what} ({form})", way, medians[way], medians[f"plain {way.partition(',')[0]}"])
        for way in ("write", "read, in the same run", "read, in another run")
    ]


def main(megabytes: int, repeats: int) -> None:
    mixed, plain, block = frame(megabytes), numbers(megabytes), array(megabytes)
    rows = measured("frame, mixed", mixed, repeats, mixed.to_parquet, pd.read_parquet)
    rows += measured("frame, numbers", plain, repeats, plain.to_parquet, pd.read_parquet)

    def save(file: Path) -> None:
        with file.open("wb") as handle:
            np.save(handle, block)

    rows += measured("array", block, repeats, save, np.load)
    print(json.dumps(rows))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
