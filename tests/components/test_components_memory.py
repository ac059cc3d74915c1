"""Statistics and validation of data that is five times larger than the memory they may use."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

pa = pytest.importorskip("pyarrow")
resource = pytest.importorskip("resource")

HEADROOM = 40 << 20
PROGRAM = """
    import resource, sys
    import pandas as pd
    from thruway.components import infer_schema, ingest, statistics, validate

    file, small, headroom = sys.argv[1], sys.argv[2], int(sys.argv[3])

    def described(path):
        return statistics(ingest(path, chunk_rows=20_000))

    # What is imported and kept once is not of the data.
    schema = infer_schema(described(small))
    validate(described(small), schema, baseline=described(small))
    pages = int(open("/proc/self/statm").read().split()[0])
    used = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + headroom, used + headroom))

    found = described(file)
    schema = infer_schema(found)
    print(found["n"].rows, found["n"].numbers.max, validate(found, schema, baseline=found).gate.verdict)
    try:
        bytearray(2 * headroom)
    except MemoryError:
        print("the limit is one")
"""


def test_five_times_the_memory(tmp_path):
    if not sys.platform.startswith("linux"):
        pytest.skip("limits of memory are Linux's")
    import pyarrow.parquet as pq

    rows = 20_000
    rng = np.random.default_rng(0)
    block = pd.DataFrame(
        {"n": range(rows), "x": rng.random(rows), "kind": rng.choice(list("abc"), rows)}
    )
    block = pd.concat([block, pd.DataFrame({f"x{i}": rng.random(rows) for i in range(8)})], axis=1)
    table = pa.Table.from_pandas(block)
    large, small = tmp_path / "large.parquet", tmp_path / "small.parquet"
    count = 0
    with pq.ParquetWriter(large, table.schema, compression="none", use_dictionary=False) as writer:
        while count * table.nbytes < 5 * HEADROOM:
            writer.write_table(table)
            count += 1
    pq.write_table(pa.concat_tables([table] * 3), small, compression="none", use_dictionary=False)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(large), str(small), str(HEADROOM)],
        capture_output=True, text=True, check=False,
        env={"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
             "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{rows * count} {rows - 1} pass", "the limit is one"]
