"""One library that describes a table, in its own process: seconds of each round, as JSON.

    python workers.py LIBRARY FILE ROUNDS wall|cpu

Each round describes the table that is in memory ("frame"), and reads the file and describes it
("file"). One round before does not count. This file imports nothing of ours but the library.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

# `statistics` beside this file would hide that of the standard library.
sys.path = [one for one in sys.path if Path(one).resolve() != Path(__file__).resolve().parent]


def pandas(path):
    import pandas as pd

    return lambda: pd.read_csv(path), lambda frame: frame.describe(include="all")


def polars(path):
    import polars as pl

    return lambda: pl.read_csv(path), lambda frame: frame.describe()


def polars_pass(path):
    """The cheapest pass that reads every value: missing ones, and smallest and largest."""
    import polars as pl

    def look(frame):
        every = pl.all()
        return frame.select(
            every.null_count().name.suffix(" missing"),
            every.min().name.suffix(" min"),
            every.max().name.suffix(" max"),
        )

    return lambda: pl.read_csv(path), look


def thruway_polars(path):
    import polars as pl

    from thruway.components import statistics

    return lambda: pl.read_csv(path), statistics


def thruway_pandas(path):
    import pandas as pd

    from thruway.components import statistics

    return lambda: pd.read_csv(path), statistics


def thruway_arrow(path):
    from pyarrow import csv

    from thruway.components import statistics

    return lambda: csv.read_csv(path), statistics


def tfdv(path):
    import pandas as pd
    import tensorflow_data_validation as library

    def of_frame(frame):
        return library.generate_statistics_from_dataframe(frame, n_jobs=1)

    return lambda: pd.read_csv(path), of_frame


def tfdv_csv(path):
    """As a pipeline of TFX does it: Beam reads the file and describes it, all in one."""
    import tensorflow_data_validation as library

    return lambda: path, library.generate_statistics_from_csv


def ydata(path):
    import pandas as pd
    from ydata_profiling import ProfileReport

    def of_frame(frame):
        return ProfileReport(frame, minimal=True, progress_bar=False).get_description()

    return lambda: pd.read_csv(path), of_frame


def main() -> None:
    warnings.simplefilter("ignore")
    library, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    clock = time.process_time if sys.argv[4] == "cpu" else time.perf_counter
    read, describe = globals()[library](path)
    times = {"frame": [], "file": []}
    for number in range(rounds + 1):
        began = clock()
        frame = read()
        loaded = clock()
        describe(frame)
        ended = clock()
        if number or not rounds:
            times["frame"].append(ended - loaded)
            times["file"].append(ended - began)
    print("\n" + json.dumps(times))


if __name__ == "__main__":
    main()
