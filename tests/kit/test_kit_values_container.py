"""Large memory lies beside the stream, is mapped when read, and behaves like any other memory."""

from __future__ import annotations

import gc
import io
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thruway.errors import StorageError
from thruway.kit.values import container, rebuild, sharing, storage, unpickling, views
from thruway.kit.values.fingerprint import fingerprint
from thruway.run.store.hashing import HashingWriter, digest_file

LARGE = np.random.default_rng(0).normal(size=(1000, 200))
FRAME = pd.DataFrame(LARGE, columns=[f"c{i}" for i in range(200)]).assign(n=1, s="text")
posix = pytest.mark.skipif(os.name != "posix", reason="files are not mapped here")


class Pipe:
    """A handle that can do nothing but `write`."""

    def __init__(self, handle):
        self._handle = handle

    def write(self, data):
        return self._handle.write(data)


def write(path, **values):
    with path.open("wb") as handle:
        return storage.write(values, Pipe(handle))


def base_of(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


def test_the_memory_is_aligned_and_the_stream_comes_first(tmp_path):
    path = tmp_path / "bundle"
    assert write(path, a=LARGE, b=[LARGE[:100].copy()], c="x") == "objects/3"
    content = path.read_bytes()
    assert content[:2] == pickle.PROTO + b"\x05"
    first = content.index(LARGE.tobytes())
    second = content.index(LARGE[:100].tobytes(), first + LARGE.nbytes)
    assert (first % 64, second % 64) == (0, 0)
    assert len(content) < LARGE.nbytes * 1.1 + 1000


def test_without_memory_beside_it_is_a_stream_of_pickle(tmp_path):
    path = tmp_path / "bundle"
    write(path, a=(1, [2]), b={"x": {1}})
    assert unpickling.Texts(io.BytesIO(path.read_bytes())).load() == {
        "a": (1, [2]),
        "b": {"x": {1}},
    }


def test_writing_needs_no_more_than_write_and_goes_through_the_digest(tmp_path):
    path = tmp_path / "bundle"
    with path.open("wb") as handle, HashingWriter(handle) as hashed:
        storage.write({"a": [LARGE, FRAME]}, hashed)
    assert hashed.digest() == digest_file(path)
    assert hashed.size == path.stat().st_size


@posix
def test_large_files_are_mapped_and_small_ones_read(tmp_path):
    write(tmp_path / "large", a=(LARGE,))
    write(tmp_path / "small", a=(LARGE[:50].copy(),))
    large = storage.read("objects/3", tmp_path / "large")["a"][0]
    small = storage.read("objects/3", tmp_path / "small")["a"][0]
    assert isinstance(base_of(large), container.Mapped)
    assert isinstance(base_of(small), bytearray)
    for array in (large, small):
        assert array.flags.writeable
        assert array.flags.aligned
        assert array.ctypes.data % 16 == 0


def test_changes_stay_in_the_process(tmp_path):
    path = tmp_path / "bundle"
    write(path, a=(LARGE, FRAME))
    before = path.read_bytes()
    array, frame = storage.read("objects/3", path)["a"]
    array[:] = 7
    frame["c3"] = 1.0
    frame.loc[0, "c4"] = -1.0
    assert path.read_bytes() == before
    again = storage.read("objects/3", path)["a"]
    assert fingerprint(again) == fingerprint((LARGE, FRAME))


def test_two_readings_are_apart(tmp_path):
    path = tmp_path / "bundle"
    write(path, a=(LARGE,))
    one, other = (storage.read("objects/3", path)["a"][0] for _ in range(2))
    one[0] = 9
    assert (other == LARGE).all()


@posix
def test_a_file_may_go_while_its_arrays_live(tmp_path):
    path = tmp_path / "bundle"
    write(path, a=(LARGE,))
    array = storage.read("objects/3", path)["a"][0]
    path.unlink()
    Path(path).write_bytes(b"another")
    gc.collect()
    assert (array == LARGE).all()


def test_arrays_of_one_file_do_not_seem_to_share(tmp_path):
    path = tmp_path / "bundle"
    for size in (slice(None), slice(50)):
        write(path, a=LARGE[size].copy(), b=[LARGE[size].copy()], c=FRAME[size].copy())
        back = storage.read("objects/3", path)
        assert len(sharing.groups(back)) == 3
        back["d"] = back["a"][3:]
        assert frozenset("ad") in sharing.groups(back)


def test_what_is_shared_is_shared_after(tmp_path):
    path = tmp_path / "bundle"
    write(path, whole=LARGE, part=LARGE[10:20], turned=LARGE.T)
    back = storage.read("objects/3", path)
    back["whole"][10, 0] = 99
    assert (back["part"][0, 0], back["turned"][0, 10]) == (99, 99)
    assert not back["part"].flags.owndata
    assert path.stat().st_size < LARGE.nbytes * 1.1


def test_what_was_read_can_be_stored_again(tmp_path):
    path = tmp_path / "bundle"
    write(path, a=(LARGE, LARGE[:3]), f=FRAME)
    back = storage.read("objects/3", path)
    write(tmp_path / "again", **back)
    assert fingerprint(storage.read("objects/3", tmp_path / "again")) == fingerprint(
        {"a": (LARGE, LARGE[:3]), "f": FRAME}
    )


@posix
def test_only_so_many_files_are_kept_open(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "_MOST_MAPS", 3)
    gc.collect()
    write(tmp_path / "bundle", a=(LARGE,))
    held = [storage.read("objects/3", tmp_path / "bundle")["a"][0] for _ in range(6)]
    mapped = [isinstance(base_of(array), container.Mapped) for array in held]
    assert not all(mapped)
    assert all((array == LARGE).all() for array in held)
    del held
    gc.collect()
    assert isinstance(
        base_of(storage.read("objects/3", tmp_path / "bundle")["a"][0]), container.Mapped
    )


@posix
def test_nothing_is_copied_until_it_is_touched(tmp_path):
    path = tmp_path / "bundle"
    write(path, a=(np.zeros(1 << 25),))
    script = """
        import resource, sys
        from pathlib import Path
        import numpy
        from thruway.kit.values import storage
        storage.unstorable(1)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        array = storage.read("objects/3", Path(sys.argv[1]))["a"][0]
        array[5] = 1
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    grown = _run(script, path)
    assert int(grown) * 1024 < (1 << 25)  # an eighth of its bytes


DAMAGES = {
    "cut": lambda content: content[:-1],
    "halved": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "no end": lambda content: content[:-8] + bytes(8),
    "more": lambda content: content + b"\0",
    "index": lambda content: content[:-48] + b"\xff" * 8 + content[-40:],
    "count": lambda content: content[:-16] + b"\x09" + content[-15:],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("rows", [1000, 50])
def test_damaged_files_are_refused(damage, rows, tmp_path):
    path = tmp_path / "bundle"
    write(path, a=(LARGE[:rows].copy(),))
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(StorageError, match="read back"):
        storage.read("objects/3", path)


# --- stores of before --------------------------------------------------------------------------

OLD = {
    "pickle/1": {"a": [1, (2,)], "f": FRAME, "x": LARGE},
    "pickle/2": {"a": [1, (2,)], "b": Pipe("a"), "x": LARGE},
    "objects/1": {"a": [1, "".join("ab"), "".join("ab")], "x": {1, 2}},
    "objects/2": {"a": [1, "".join("ab"), "".join("ab")], "x": {1, 2}},
    "pickle/3": {"a": [Pipe("ab"), "".join("ab")], "x": LARGE},
    "json/1": {"a": [1, {"b": None}]},
    "npy/1": {"x": np.asfortranarray(LARGE)},
}


class EqualTexts(pickle.Pickler):
    def persistent_id(self, part):
        return part if type(part) is str else None


def write_old(form, values):
    """Write a bundle as the first versions did."""
    handle = io.BytesIO()
    if form == "pickle/1":
        pickle.Pickler(handle, 5).dump(values)
    elif form in {"pickle/2", "objects/1"}:
        writer = container.Writer(handle)
        pickle.Pickler(writer, 5, buffer_callback=writer.beside).dump(values)
        writer.close()
    elif form in {"pickle/3", "objects/2"}:
        writer = container.Writer(handle)
        EqualTexts(writer, 5, buffer_callback=writer.beside).dump(values)
        writer.close()
    elif form == "json/1":
        handle.write(b'{"a": [1, {"b": null}]}')
    else:
        np.lib.format.write_array(handle, values["x"], allow_pickle=False)
        handle.write(b'"x"')
    return handle.getvalue()


@pytest.mark.parametrize("form", OLD)
def test_stores_of_before_are_read(form, tmp_path):
    (tmp_path / "bundle").write_bytes(write_old(form, OLD[form]))
    assert fingerprint(storage.read(form, tmp_path / "bundle")) == fingerprint(OLD[form])


class Window:
    def __reduce__(self):
        whole = np.arange(32, dtype="u1")
        return views.window, (whole, 8, (2,), (8,), np.dtype("u8"), False)


def test_windows_and_locks_of_before_are_read(tmp_path):
    assert views.window is rebuild.window
    content = pickle.dumps({"w": Window()}, 5).replace(
        b"thruway.kit.values.rebuild", b"thruway.kit.values.views"
    )
    content = content.replace(
        b"\x8c\x1athruway.kit.values.views", b"\x8c\x18thruway.kit.values.views"
    )
    content = content[:2] + content[11:]  # the frame's length is another now
    (tmp_path / "bundle").write_bytes(content)
    back = storage.read("pickle/1", tmp_path / "bundle")["w"]
    assert back.tolist() == np.arange(32, dtype="u1").view("u8")[1:3].tolist()
    assert not back.flags.writeable


# --- another process ---------------------------------------------------------------------------


def _run(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_process_that_has_imported_nothing_reads_it(tmp_path):
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = (LARGE[:, 0] > 0).astype(int)
    model = make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=2)).fit(
        LARGE, labels
    )
    assert write(tmp_path / "bundle", m=model, f=FRAME, x=LARGE[::2]) == "objects/3"
    script = """
        import sys
        from pathlib import Path
        from thruway.kit.values import storage
        assert "numpy" not in sys.modules
        back = storage.read("objects/3", Path(sys.argv[1]), trusted=sys.argv[2] == "True")
        from thruway.kit.values.fingerprint import fingerprint
        print(fingerprint(back["f"]).hex, back["m"].predict(back["x"]).sum())
    """
    for trusted in (True, False):
        told = _run(script, tmp_path / "bundle", trusted)
        assert told == f"{fingerprint(FRAME).hex} {model.predict(LARGE[::2]).sum()}"
