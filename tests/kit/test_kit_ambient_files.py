# The calls of `os`, `glob` and `open` are what is tested.
# ruff: noqa: PTH101, PTH103, PTH104, PTH107, PTH123, PTH207, SIM115
"""Accesses become tokens; a workspace looks like the folder and never writes into it."""

import builtins
import glob
import os
import pickle
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thruway.kit.ambient import audit, workspace
from thruway.kit.ambient.files import Access, File, FileLog, changed, protect, scan, unprotect
from thruway.kit.ambient.workspace import mirror


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A program's folder with data, beside another folder of data."""
    root = tmp_path / "home" / "program"
    for name, text in {
        "in.csv": "a\n1\n",
        "sub/deep.csv": "d",
        "model.json": "{}",
        "../data/out.csv": "o",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def log(place):
    log = FileLog(place).start()
    yield log
    log.stop()


def read(path):
    with open(path) as handle:
        return handle.read()


def write(path, mode="w"):
    with open(path, mode) as handle:
        handle.write("new")


def connect(path, **options):
    sqlite3.connect(path, **options).close()


def temporary():
    with tempfile.TemporaryDirectory() as folder:
        write(f"{folder}/x")


ACCESSES = [
    (lambda: read("in.csv"), "read file:in.csv"),
    (lambda: read(Path("sub") / "deep.csv"), "read file:sub/deep.csv"),
    (lambda: read("sub/../in.csv"), "read file:in.csv"),
    (lambda: read(b"in.csv"), "read file:in.csv"),
    (lambda: write("in.csv"), "write file:in.csv"),
    (lambda: write("in.csv", "a"), "update file:in.csv"),
    (lambda: write("in.csv", "r+"), "update file:in.csv"),
    (lambda: write("new.csv", "x"), "write file:new.csv"),
    (lambda: (read("in.csv"), write("in.csv")), "update file:in.csv"),
    (lambda: (write("in.csv"), read("in.csv")), "write file:in.csv"),
    (lambda: os.close(os.open("in.csv", os.O_RDONLY)), "read file:in.csv"),
    (lambda: os.truncate("in.csv", 0), "update file:in.csv"),
    (lambda: os.remove("in.csv"), "update file:in.csv"),
    (lambda: Path("in.csv").unlink(), "update file:in.csv"),
    (lambda: os.rename("in.csv", "b.csv"), "update file:in.csv; write file:b.csv"),
    (lambda: os.rename("sub", "s"), "update dir:sub; write dir:s; update file:sub/deep.csv; write file:s/deep.csv"),
    (lambda: os.makedirs("x/y"), "write dir:x; write dir:x/y"),
    (os.listdir, "read dir:."),
    (lambda: list(os.scandir("sub")), "read dir:sub"),
    (lambda: glob.glob("sub/*.csv"), "read dir:sub"),
    (lambda: list(Path().glob("*.csv")), "read dir:."),
    (lambda: shutil.copy("in.csv", "b.csv"), "read file:in.csv; write file:b.csv"),
    (lambda: shutil.rmtree("sub"), "update dir:sub; update file:sub/deep.csv"),
    (lambda: connect("x.db"), "update file:x.db"),
    (lambda: connect(":memory:"), ""),
    (lambda: connect("file:x.db?mode=memory", uri=True), ""),
    (lambda: pd.read_csv("in.csv"), "read file:in.csv"),
    (lambda: np.save("a.npy", [1]), "write file:a.npy"),
    (temporary, ""),
    (lambda: read(os.__file__), ""),
    (lambda: read(os.devnull), ""),
    (os.getcwd, ""),
    (lambda: subprocess.run([sys.executable, "-c", ""], check=True), "update outside:process"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "expected"), ACCESSES)
def test_accesses(log, act, expected):
    act()
    assert "; ".join(f"{a.mode} {a.resource}" for a in log.take()) == expected


def test_outside_of_the_program(log, monkeypatch):
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname()):
        pass
    monkeypatch.setattr(sys, "stdin", open(os.devnull))
    with sys.stdin, pytest.raises(EOFError):
        builtins.input()
    assert log.take() == (Access("outside:network", "update"), Access("outside:stdin", "update"))


def test_paths_outside_are_absolute_and_in_mirrored_parents_relative(place):
    outside = place.parent / "data" / "out.csv"
    for log, token in [
        (FileLog(place), f"file:{outside.as_posix()}"),
        (FileLog(place, place.parent), "file:../data/out.csv"),
    ]:
        log.start()
        read(outside)
        log.stop()
        assert [access.resource for access in log.take()] == [token]


def test_imports_are_not_accesses(log, place, monkeypatch):
    (place / "tw_local_module.py").write_text("value = 1")
    monkeypatch.syspath_prepend(str(place))
    log.take()
    import tw_local_module

    del sys.modules[tw_local_module.__name__]
    assert log.take() == ()


def test_made_and_removed_outside_in_one_piece_is_nothing(log, tmp_path):
    path = tmp_path / "x"
    write(path)
    path.unlink()
    assert log.take() == ()
    write(path)
    assert [access.mode for access in log.take()] == ["write"]
    path.unlink()
    assert [access.mode for access in log.take()] == ["update"]


def test_paused_and_stopped_logs_are_silent(log):
    with audit.paused():
        read("in.csv")
    assert log.take() == ()
    log.stop()
    read("in.csv")
    assert log.take() == ()


@pytest.mark.usefixtures("place")
def test_file_is_a_path_and_a_value():
    file = File("in.csv")
    assert read(file) == "a\n1\n"
    assert os.fspath(file) == str(file) == "in.csv"
    assert repr(pickle.loads(pickle.dumps(file))) == "File('in.csv')"
    first = file.content_digest
    copy = File("deep/er/copy.csv").write_bytes(file.read_bytes())
    assert copy.content_digest == first
    write("in.csv", "a")
    assert file.content_digest not in ("", first)
    assert File("missing").content_digest == ""


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


@pytest.fixture
def copy(place, tmp_path, monkeypatch):
    """A protected workspace over the place, as the working folder."""
    monkeypatch.setattr(workspace, "WIDEST", 3)
    (place / "wide").mkdir()
    for number in range(4):
        (place / "wide" / f"{number}.csv").write_text("w")
    made = mirror(place, tmp_path / "work", climb=1)
    monkeypatch.chdir(made.cwd)
    protect(made.top)
    yield made
    unprotect(made.top)


def chdir_and_write():
    os.chdir("wide")
    write("1.csv")


WRITES = [
    (lambda: write("in.csv"), {"in.csv": "new"}),
    (lambda: write("in.csv", "a"), {"in.csv": "a\n1\nnew"}),
    (lambda: write("in.csv", "r+"), {"in.csv": "new\n"}),
    (lambda: write("model.json"), {"model.json": "new"}),
    (lambda: write("sub/deep.csv"), {"sub/deep.csv": "new"}),
    (lambda: write("wide/new.csv"), {"wide/new.csv": "new"}),
    (lambda: write("wide/1.csv", "a"), {"wide/1.csv": "wnew"}),
    (lambda: write("wide/../z.csv"), {"z.csv": "new"}),
    (chdir_and_write, {"wide/1.csv": "new"}),
    (lambda: os.truncate("in.csv", 1), {"in.csv": "a"}),
    (lambda: os.remove("in.csv"), {"in.csv": None}),
    (lambda: os.remove("wide/1.csv"), {"wide/1.csv": None}),
    (lambda: os.rename("in.csv", "sub/deep.csv"), {"in.csv": None, "sub/deep.csv": "a\n1\n"}),
    (lambda: shutil.rmtree("wide"), {f"wide/{n}.csv": None for n in range(4)}),
    (lambda: shutil.copy("in.csv", "sub/deep.csv"), {"sub/deep.csv": "a\n1\n"}),
    (lambda: os.chmod("in.csv", 0o600), {}),
]


@pytest.mark.parametrize(("act", "expected"), WRITES)
def test_a_workspace_takes_the_writes(place, copy, act, expected):
    before = contents(place.parent)
    modes = {path: path.stat().st_mode for path in place.rglob("*")}
    seen = {name: text for name, text in contents(copy.cwd).items() if not name.startswith("wide")}
    act()
    os.chdir(copy.cwd)
    assert contents(place.parent) == before
    assert {path: path.stat().st_mode for path in place.rglob("*")} == modes
    for name, text in {**seen, **expected}.items():
        path = copy.cwd / name
        assert (path.read_text() if path.exists() else None) == text, name


def test_databases_and_parents_are_protected_too(place, copy):
    connection = sqlite3.connect(place / "data.db3")
    with connection:
        connection.execute("create table t (a)")
    connection.close()
    content = (place / "data.db3").read_bytes()
    (copy.cwd / "data.db3").symlink_to(place / "data.db3")
    connection = sqlite3.connect("data.db3")
    with connection:
        connection.execute("insert into t values (1)")
    connection.close()
    assert (place / "data.db3").read_bytes() == content
    write("../data/out.csv")
    assert read(place.parent / "data" / "out.csv") == "o"
    assert read("../data/out.csv") == "new"


def test_mirror_says_what_it_did(copy):
    assert copy.cwd == copy.top / "program"
    assert copy.linked == ("wide",)
    assert copy.copied == ("model.json",)
    assert (copy.cwd / "in.csv").is_symlink()
    assert not (copy.cwd / "sub").is_symlink()


def test_mirror_leaves_out_what_is_not_data(place):
    for name in (".git/HEAD", "venv/pyvenv.cfg", "churn/thruway.json", "__pycache__/x", "work/old"):
        (place / name).parent.mkdir()
        (place / name).write_text("")
    made = mirror(place, place / "work" / "now")
    assert sorted(path.name for path in made.cwd.iterdir()) == ["in.csv", "model.json", "sub"]


def test_mirror_limits(place, tmp_path, monkeypatch):
    monkeypatch.setattr(workspace, "DEEPEST", 1)
    (place / "sub" / "below").mkdir()
    (place / "sub" / "below" / "x.csv").write_text("x")
    assert mirror(place, tmp_path / "deep").linked == ("sub/below",)
    monkeypatch.setattr(workspace, "MOST", 2)
    assert mirror(place, tmp_path / "many").linked == ("sub",)
    assert read(tmp_path / "many" / "sub" / "below" / "x.csv") == "x"


def test_mirror_copies_where_links_are_not_permitted(place, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("privilege not held")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    made = mirror(place, tmp_path / "work", climb=1)
    assert read(made.cwd / "in.csv") == "a\n1\n"
    assert read(made.top / "data" / "out.csv") == "o"


def test_scan_finds_what_was_written_past_the_hook(copy):
    before = scan(copy.cwd)
    with audit.paused():
        write("in.csv", "a")
        (copy.cwd / "native.bin").write_bytes(b"x")
        (copy.cwd / "model.json").unlink()
    found = changed(before, scan(copy.cwd))
    assert found.written == ("in.csv", "native.bin")
    assert found.removed == ("model.json",)
    assert found.leaked == ("in.csv",)


def test_unfolding_a_folder_is_no_change(copy):
    before = scan(copy.cwd)
    write("wide/new.csv")
    assert changed(before, scan(copy.cwd)).written == ("wide/new.csv",)
