"""Parts of a run by themselves: objects, folders, mirrors, what goes over to a worker."""

from __future__ import annotations

import io
import json
import os
import pickle
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath

import pytest

from thruway.errors import StorageError
from thruway.kit.ambient.workspace import mirror
from thruway.run.executors import wire
from thruway.run.step.job import Done
from thruway.run.step.key import exact
from thruway.run.step.linktree import look_at
from thruway.run.store.folders import Packing, index_of, restore
from thruway.run.store.hashing import HashingWriter, digest_bytes
from thruway.run.store.store import Store


@pytest.mark.parametrize("size", [0, 10, 3 << 20])
def test_hashing_while_writing(size):
    content = os.urandom(size)
    into = io.BytesIO()
    with HashingWriter(into) as writer:
        writer.write(content)
        writer.write(memoryview(content))
    assert into.getvalue() == content * 2
    assert (writer.size, writer.digest()) == (2 * size, digest_bytes(content * 2))


def test_an_object_is_its_content(tmp_path):
    store = Store(tmp_path)
    address, form, size = store.put_values({"a": [1]})
    assert (form, store.path(address).stat().st_size) == ("json/1", size)
    assert digest_bytes(store.path(address).read_bytes()) == address
    assert store.load_object(address, form) == {"a": [1]}


@pytest.mark.parametrize(("damage", "kept"), [(None, True), (b"other bytes", False)])
def test_an_object_that_is_there_is_kept_if_it_is_sound(tmp_path, damage, kept):
    store = Store(tmp_path)
    address, _, _ = store.put_values({"a": [1]})
    path = store.path(address)
    if damage is not None:
        path.chmod(0o644)
        path.write_bytes(damage)
    os.utime(path, (1, 1))
    inode = path.stat().st_ino
    assert store.put_values({"a": [1]})[0] == address
    assert digest_bytes(path.read_bytes()) == address
    assert path.stat().st_mtime > 1  # as young as the run that refers to it
    assert not kept or path.stat().st_ino == inode
    assert [one for one in store.folder.folder.iterdir() if one.is_file()] == []


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else "/"
        for path in sorted(folder.rglob("*"))
    }


def packed(folder: Path, into: Path) -> Path:
    with into.open("wb") as handle:
        Packing(folder, folder / "not there", folder).write(handle)
    return into


def test_a_folder_is_packed_the_same_whatever_made_it(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, names in ((one, ["b", "a"]), (two, ["a", "b"])):
        (folder / "empty").mkdir(parents=True)
        for name in names:
            (folder / name).write_text(name * 3)
    first = packed(one, tmp_path / "1")
    assert first.read_bytes() == packed(two, tmp_path / "2").read_bytes()
    (one / "a").unlink()
    (one / "b").write_text("other")
    (one / "more").mkdir()
    restore(first, one)
    assert tree(one) == tree(two) == {"a": "aaa", "b": "bbb", "empty": "/"}
    assert [(name, entry.kind) for name, entry in index_of(first).items()] == [
        ("a", "file"),
        ("b", "file"),
        ("empty", "folder"),
    ]


# What a made-up folder claims to hold: nothing of it may be written outside.
OUTSIDE = [
    {"../x": ["file", "", 1]},
    {"a": ["folder"], "a/../../x": ["file", "", 1]},
    {"/x": ["file", "", 1]},
    {"C:/x": ["file", "", 1]},
    {"a": ["link", ".."], "a/x": ["file", "", 1]},
    {"a": ["link", ".."], "a/b": ["folder"], "a/b/x": ["file", "", 1]},
]


@pytest.mark.parametrize("index", OUTSIDE, ids=" ".join)
def test_a_folder_stays_inside(tmp_path, index):
    text = json.dumps(index).encode()
    (tmp_path / "made-up").write_bytes(b"!" + text + len(text).to_bytes(8, "big"))
    with pytest.raises(StorageError, match="which is not inside of it"):
        restore(tmp_path / "made-up", tmp_path / "into")
    assert [path.name for path in tmp_path.iterdir()] == ["made-up"]


def test_links_inside_a_folder(tmp_path):
    folder = tmp_path / "models"
    (folder / "v1").mkdir(parents=True)
    (folder / "v1" / "m").write_text("1")
    (folder / "latest").symlink_to("v1")
    first = packed(folder, tmp_path / "1")
    restore(first, tmp_path / "other")
    assert (tmp_path / "other" / "latest").readlink() == Path("v1")
    assert tree(tmp_path / "other") == tree(folder)


def test_a_mirror_grows_again(tmp_path):
    root = tmp_path / "up" / "data"
    (root / "deep").mkdir(parents=True)
    (root / "deep" / "a.csv").write_text("a")
    (root / "b.json").write_text("{}")
    (tmp_path / "up" / "beside.csv").write_text("c")
    made = mirror(root, tmp_path / "into", climb=1)
    cwd = look_at(made).grow(tmp_path / "again")
    assert cwd == tmp_path / "again" / "data"
    assert tree(tmp_path / "again") == tree(made.top)
    assert (cwd / "deep" / "a.csv").is_symlink()
    assert not (cwd / "b.json").is_symlink()


class Strange(str):
    __slots__ = ()


@dataclass
class Foreign:
    x: int = 1


VALUES = [
    1, 1.0, True, "1", b"1", None, [1], (1,), [[1], 2], [[1, 2]], [[1, 2], []], ["1, int:2"], {1: 2},
    {1, 2}, [{1: [2]}], range(3), Path("1"), Decimal(1), Fraction(1), Fraction(1, 2),
]  # fmt: skip


def test_a_parameter_is_its_value_and_type():
    assert len(set(map(exact, VALUES))) == len(VALUES)
    assert exact(Plain(1)) == exact(Plain(1)) != exact(Plain(2))
    assert exact(iter([1])) != exact(iter([1]))  # what cannot be looked into is never the same


class Plain:
    def __init__(self, x):
        self.x = x


def test_an_answer_needs_no_library(tmp_path):
    done = Done(reads=(Strange("a"), "b"), values={"x": Foreign(), "p": PurePosixPath("/a")})
    wire.answer(tmp_path / "done", done)
    back = wire.receive(tmp_path / "done")
    assert [type(text) for text in back.reads] == [str, str]
    assert back.values["x"] == str(Foreign())
    assert back.values["p"] == Path("/a")
    assert b"PurePosixPath" not in (tmp_path / "done").read_bytes()
    wire.send(tmp_path / "order", Foreign(2))
    assert pickle.loads((tmp_path / "order").read_bytes()) == Foreign(2)
