"""How long `ingest` takes beside the library's own reader, on the same file.

    python benchmarks/components/ingest.py

One file of Parquet and one of CSV, about 20 MB each. Each reader in turn, `ROUNDS` times; printed
is the median, and the median of the ratios of each round. The last lines are for chunks: the first
look that settles the types, and each loop after it.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder has a `statistics` of its own

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
from pyarrow import csv

from thruway.components import fingerprint, ingest

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


def examples(rows: int) -> pd.DataFrame:
    random = np.random.RandomState(0)
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "x": random.rand(rows),
            "y": random.rand(rows),
            "n": random.randint(0, 1000, rows),
            "city": random.choice(["Rome", "Oslo", "Lima", "Bern"], rows),
            "day": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(random.randint(0, 500, rows), unit="D"),
        }
    )


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def beside(name: str, own: Callable[[], object], ours: Callable[[], object]) -> None:
    own()
    ours()
    pairs = [(seconds(own), seconds(ours)) for _ in range(ROUNDS)]
    theirs, here = (statistics.median(one) for one in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{name:<22}{theirs * 1000:9.1f} ms{here * 1000:11.1f} ms{ratio:9.2f}x")


def main() -> None:
    with tempfile.TemporaryDirectory() as top:
        parquet, text = Path(top, "a.parquet"), Path(top, "a.csv")
        examples(750_000).to_parquet(parquet)
        examples(360_000).to_csv(text, index=False)
        for file in (parquet, text):
            print(f"{file.suffix[1:]}: {file.stat().st_size / 1e6:.1f} MB")
        print(f"\n{'':<22}{'its own reader':>12}{'ingest':>14}{'ratio':>10}")
        beside("parquet, pandas", lambda: pd.read_parquet(parquet), lambda: ingest(parquet))
        beside(
            "parquet, polars",
            lambda: pl.read_parquet(parquet),
            lambda: ingest(parquet, frames="polars"),
        )
        beside(
            "parquet, Arrow",
            lambda: pq.read_table(parquet),
            lambda: ingest(parquet, frames="pyarrow"),
        )
        beside("csv, pandas", lambda: pd.read_csv(text), lambda: ingest(text))
        beside("csv, polars", lambda: pl.read_csv(text), lambda: ingest(text, frames="polars"))
        beside("csv, Arrow", lambda: csv.read_csv(text), lambda: ingest(text, frames="pyarrow"))
        for file in (parquet, text):
            print(f"\n{file.suffix[1:]}, in chunks of 50,000 rows")
            print(f"  a fingerprint alone {seconds(lambda file=file: fingerprint(file)):6.3f} s")
            start = time.perf_counter()
            chunks = ingest(file, chunk_rows=50_000)
            print(f"  ingest              {time.perf_counter() - start:6.3f} s")
            print(
                f"  a loop              {seconds(lambda chunks=chunks: sum(map(len, chunks))):6.3f} s"
            )


if __name__ == "__main__":
    main()
