"""What the disk does to a store: it is full, read-only, or was cut off in the middle."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
FLOW = """
    @step
    def small() -> list:
        return [1, 2, 3]

    @step
    def large(rows: list, size: int) -> bytes:
        return bytes(size)

    @step
    def count(data: bytes) -> int:
        return len(data)

    @pipeline
    def flow(size: int = 3_000_000):
        rows = small()
        data = large(rows, size)
        n = count(data)
        return n
"""


@pytest.fixture
def flow(toy):
    toy.write(FLOW)
    return toy


def command(toy, *words: str, limit: int = 0):
    """Run `thruway`; files of this and all child processes have at most `limit` bytes."""
    isolate = ["--isolate"] if words[0] == "run" and toy.isolate else []
    return subprocess.run(
        [sys.executable, "-m", "thruway.ui.main", words[0], str(toy.dir), *words[1:], *isolate],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(SOURCE)},
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,
    )  # fmt: skip


def states(toy, *words: str) -> dict[str, str]:
    done = command(toy, "run", "--json", *words)
    assert done.returncode == 0, done.stdout
    return {step["name"]: step["state"] for step in json.loads(done.stdout)["steps"]}


def check_three_lines(done, *words: str) -> None:
    lines = done.stderr[done.stderr.index("error: ") :].splitlines()
    assert lines[1].startswith("  at: "), done.stderr
    assert lines[2].startswith("  do: "), done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_an_object_that_is_too_large_for_the_disk(flow):
    """A limit on files stands for a disk that is full; nothing half-written is left."""
    done = command(flow, "run", limit=2_000_000)
    assert done.returncode == 7, done.stderr
    check_three_lines(done, "File too large", "make room on the disk")
    store = flow.dir / ".thruway"
    assert not list(store.rglob(".new-*"))
    assert states(flow) == {"small": "CACHED", "large": "COMPLETE", "count": "COMPLETE"}


@pytest.fixture
def disk(flow):
    """A disk of 2 MB under the store of the project; needs the right to mount one."""
    place = flow.dir / ".thruway"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs", str(place)]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a disk")
    yield place
    with contextlib.suppress(OSError):
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def remount(place: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True, capture_output=True)


def test_a_disk_that_is_full(flow, disk):
    done = command(flow, "run")
    assert done.returncode == 7, done.stderr
    check_three_lines(done, "No space left on device", "make room on the disk")
    remount(disk, "size=8m")
    assert states(flow) == {"small": "CACHED", "large": "COMPLETE", "count": "COMPLETE"}


def test_a_disk_without_a_byte_left(flow, disk):
    """Not even the lineage can be written; what was there can be read."""
    assert states(flow, "-p", "size=10")
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    done = command(flow, "run", "-p", "size=11", "--force")
    assert done.returncode == 7, done.stderr
    check_three_lines(done, "make room on the disk")
    (disk / "filler").unlink()
    assert set(states(flow, "-p", "size=10").values()) == {"CACHED"}
    assert "COMPLETE" in command(flow, "runs").stdout


def test_a_disk_that_cannot_be_written(flow, disk):
    states(flow, "-p", "size=10")
    remount(disk, "ro")
    done = command(flow, "run", "-p", "size=10")
    assert done.returncode == 7, done.stderr
    check_three_lines(done, "correct the rights")
    runs = command(flow, "runs")
    assert (runs.returncode, len(runs.stdout.splitlines())) == (0, 1), runs.stderr
    shown = command(flow, "show", "latest")
    assert "count  COMPLETE" in shown.stdout, shown.stderr
    tree = command(flow, "lineage", "count")
    assert "rows: list" in tree.stdout, tree.stderr
    remount(disk, "rw")
    assert set(states(flow, "-p", "size=10").values()) == {"CACHED"}


# What happens to the file → words of the message.
FILES = {
    "cut off": (lambda file: os.truncate(file, file.stat().st_size // 2), "malformed"),
    "no database": (lambda file: file.write_bytes(b"something else" * 600), "not a database"),
    "zeros": (lambda file: file.write_bytes(bytes(file.stat().st_size)), "not a database"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_lineage_that_is_broken(flow, name):
    states(flow, "-p", "size=10")
    damage, message = FILES[name]
    file = flow.dir / ".thruway" / "lineage.db"
    for beside in file.parent.glob("lineage.db-*"):
        beside.unlink()
    damage(file)
    before = file.read_bytes()
    done = command(flow, "run", "-p", "size=10")
    assert done.returncode == 7, done.stderr
    check_three_lines(done, message, "move the file away (the objects stay)", "lineage.db")
    assert file.read_bytes() == before  # what might be saved of it is still there
    file.rename(file.with_suffix(".broken"))
    assert set(states(flow, "-p", "size=10").values()) == {"COMPLETE"}


def test_a_store_that_is_a_file(flow):
    (flow.dir / ".thruway").write_text("")
    done = command(flow, "run", "-p", "size=10")
    assert done.returncode == 7, done.stderr
    check_three_lines(done, "the store cannot be written to")
