"""What still happens when a process ends without taking itself apart."""

from __future__ import annotations

import gzip
import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
    import atexit, gzip, os, sys, tempfile, threading, time
    from concurrent.futures import ThreadPoolExecutor
    from thruway.kit.ambient.farewell import leave

    text = open("text.txt", "w")
    text.write("text")
    packed = gzip.open("packed.gz", "wt")
    packed.write("packed")
    raw = open("raw.bin", "r+b" if os.path.exists("raw.bin") else "w+b")
    raw.write(b"raw")
    folder = tempfile.TemporaryDirectory(dir=".")
    pool = ThreadPoolExecutor()
    pool.submit(lambda: (time.sleep(0.2), print("pool")))
    threading.Thread(target=lambda: (time.sleep(0.1), print("thread"))).start()
    atexit.register(print, "at exit")
    sys.stdout.write("begin\\n")

    class Loud:
        def __del__(self):
            print("taken apart")

    loud = Loud()
    threading.Thread(target=sys.stdin.buffer.read, daemon=True).start()
    time.sleep(0.05)
    leave(int(sys.argv[1]))
"""


@pytest.mark.parametrize("status", [0, 3])
def test_what_counts_at_the_end_is_done(tmp_path, status):
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(status)],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.wait(60) == status  # although its input is still open
        assert process.stderr.read() == ""
        printed = process.stdout.read()
    assert printed == "begin\nthread\npool\nat exit\n"
    assert (tmp_path / "text.txt").read_text() == "text"
    assert gzip.decompress((tmp_path / "packed.gz").read_bytes()) == b"packed"
    assert (tmp_path / "raw.bin").read_bytes() == b"raw"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["packed.gz", "raw.bin", "text.txt"]


def test_a_process_that_is_watched_ends_as_usual(tmp_path):
    program = "import sys; sys.setprofile(lambda *_: None)\n"
    program += "from thruway.kit.ambient.farewell import leave\ntry:\n    leave(4)\n"
    program += "except SystemExit as error:\n    print(error.code)\n"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "4\n"
