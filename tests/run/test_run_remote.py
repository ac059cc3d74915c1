"""Objects that machines share: a folder under `file://`, and a real server that speaks S3."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import time
import urllib.request
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from thruway.errors import StorageError
from thruway.kit.project import StoreConfig, load_project
from thruway.kit.values import container
from thruway.run import RunOptions, list_runs, run_project
from thruway.run.lineage.lineage import Lineage
from thruway.run.store.hashing import digest_bytes
from thruway.run.store.store import Store
from thruway.run.types import ArtifactRef

if TYPE_CHECKING:
    from pathlib import Path

FLOW = """
    import os
    from pathlib import Path

    class Odd:
        def __init__(self, n):
            self.n = n

    @step
    def load(csv: str = "x.csv") -> list:
        print("loading")
        return [int(line) for line in Path(csv).read_text().split()]

    @step
    def wrap(rows: list) -> Odd:
        return Odd(len(rows))

    @step
    def total(rows: list, odd: Odd, scale: float = 1.0) -> float:
        Path("made").mkdir()
        Path("made/a.txt").write_text("a")
        Path("sum.txt").write_text(str(sum(rows)))
        return sum(rows) * scale + odd.n

    @pipeline
    def flow(scale: float = 1.0):
        rows = load()
        odd = wrap(rows)
        value = total(rows, odd, scale)
        return value
"""


class Machines:
    """The same project on several machines that share a place and a lineage."""

    def __init__(self, toy, url: str, lineage: str, tmp_path: Path):
        self.toy, self.url, self.tmp_path = toy, url, tmp_path
        toy.write(FLOW)
        (toy.data / "x.csv").write_text("1 2 3")
        self.settings = f'store = "{url}"\nlineage = "{lineage}"\n'
        self.trust()

    def trust(self, trust: bool = True) -> None:
        text = '[tool.thruway]\npipeline = "toy:flow"\ndata = "../data"\n' + self.settings
        (self.toy.dir / "pyproject.toml").write_text(text + "trust = true\n" * trust)

    def another(self) -> None:
        """Go on at a machine that never ran anything."""
        for name in (".thruway", "outputs"):
            shutil.rmtree(self.toy.dir / name, ignore_errors=True)

    @property
    def config(self) -> StoreConfig:
        return load_project(self.toy.dir).storage

    def here(self) -> set[str]:
        """Addresses of the objects on this machine."""
        store = Store(self.config)
        return {
            entry.address for folder in (store.folder, store.foreign) for entry in folder.entries()
        }

    def there(self) -> set[str]:
        entries = list(Store(self.config).remote.entries())
        assert all(entry.address for entry in entries), "something half-written is left"
        return {entry.address for entry in entries}


@pytest.fixture(params=["file", "s3"])
def machines(request, toy, tmp_path, monkeypatch):
    if request.param == "file":
        place, lineage = f"file://{tmp_path}/shared/runs", f"{tmp_path}/shared.db"
    else:
        server = request.getfixturevalue("s3")
        lineage = request.getfixturevalue("postgres").url()
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        place = f"s3://{server.bucket}/{tmp_path.name}"
    return Machines(toy, place, lineage, tmp_path)


ALL = "load={0} wrap={0} total={0}"


def test_a_second_machine_takes_what_the_first_made(machines):
    toy = machines.toy
    first, _ = toy.run()
    assert machines.there() == machines.here()
    machines.another()
    again, heard = toy.run()
    assert heard.states == dict.fromkeys(["load", "wrap", "total"], "CACHED")
    assert heard.text == "loading\n"
    assert (toy.dir / "outputs" / "sum.txt").read_text() == "6"
    assert (toy.dir / "outputs" / "made" / "a.txt").read_text() == "a"
    rows, odd = again.step("load").outputs["return"], again.step("wrap").outputs["return"]
    assert not {rows.hash, odd.hash} & machines.here()  # what nobody read was not fetched
    assert again.load("value") == first.load("value") == 9.0
    assert len(list_runs(machines.config)) == 2


def test_a_second_machine_goes_on_from_what_the_first_made(machines):
    machines.toy.run()
    machines.another()
    result, heard = machines.toy.run(params={"scale": 2.0})
    assert heard.states == {"load": "CACHED", "wrap": "CACHED", "total": "COMPLETE"}
    assert result.load("value") == 15.0
    assert machines.here() <= machines.there()
    machines.another()
    assert machines.toy.states(params={"scale": 2.0}) == ALL.format("CACHED")


def overwrite(machines, address: str, content: bytes | None) -> None:
    remote = Store(machines.config).remote
    path = remote._path(address)
    if content is None:
        remote._files.rm_file(path)
    else:
        remote._files.pipe_file(path, content)


# What happens to the object of `load` → whether a run notices before it needs its content.
DAMAGES = {"another byte": b"[1, 2, 4]", "cut off": b"[1,", "gone": None}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_object_is_made_anew(machines, damage):
    result, _ = machines.toy.run()
    rows = result.step("load").outputs["return"]
    content = Store(machines.config).path(rows.hash).read_bytes()
    broken = DAMAGES[damage]
    if broken and len(broken) == 9:
        broken = content.replace(b"3", b"4")
        assert len(broken) == len(content)
    machines.another()
    overwrite(machines, rows.hash, broken)
    again, heard = machines.toy.run(params={"scale": 2.0})
    assert again.load("value") == 15.0
    assert heard.states["load"] == "COMPLETE"
    assert any("gone or damaged" in text for text in heard.warnings)
    machines.another()
    assert machines.toy.states(params={"scale": 2.0}) == ALL.format("CACHED")
    assert Store(machines.config).load(rows) == [1, 2, 3]  # it is whole again where it is shared


def test_a_damaged_result_is_told_and_made_anew(machines):
    result, _ = machines.toy.run()
    value = result.results["value"]
    size = Store(machines.config).size(value.hash)
    machines.another()
    overwrite(machines, value.hash, b"x" * size)
    with pytest.raises(StorageError, match="is not in the store, or is damaged"):
        machines.toy.run()[0].load("value")
    again, heard = machines.toy.run()
    assert (heard.states["total"], again.load("value")) == ("COMPLETE", 9.0)


def test_pickles_of_others_are_not_read(machines):
    result, _ = machines.toy.run()
    odd = result.step("wrap").outputs["return"]
    assert odd.format.startswith("pickle")
    machines.another()
    machines.trust(False)
    store = Store(machines.config)
    assert not store.trusted
    with pytest.raises(StorageError) as caught:
        store.load(odd)
    assert "is a pickle" in caught.value.what
    assert caught.value.where == machines.url
    assert "trust = true" in caught.value.fix
    assert machines.here() == set()  # it was not even fetched
    # A run takes the plain values from there, and makes the others itself.
    again, heard = machines.toy.run(params={"scale": 2.0})
    assert heard.states == {"load": "CACHED", "wrap": "COMPLETE", "total": "COMPLETE"}
    assert any("a pickle that others can have written" in text for text in heard.warnings)
    assert again.load("value") == 15.0
    machines.trust()
    machines.another()
    assert Store(machines.config).load(odd).n == 3


@dataclass
class Odd:
    """Of no known library: it is stored as a pickle."""

    n: int


class Bomb:
    def __reduce__(self):
        return os.mkdir, (os.environ["THRUWAY_TEST_BOMB"],)


@pytest.mark.parametrize("as_file_first", [False, True])
def test_what_was_fetched_is_never_taken_for_our_own(tmp_path, monkeypatch, as_file_first):
    """Even if a lineage calls an object a file first, and a value after it is here."""
    monkeypatch.setenv("THRUWAY_TEST_BOMB", str(tmp_path / "exploded"))
    content = pickle.dumps({"return": Bomb()}, protocol=5)
    address = digest_bytes(content)
    there = tmp_path / "shared" / "objects" / address[:2] / address[2:]
    there.parent.mkdir(parents=True)
    there.write_bytes(content)
    value = ArtifactRef(address, "return", "pickle/1", len(content))
    config = StoreConfig(tmp_path / ".thruway", objects=f"file://{tmp_path}/shared")
    store = Store(config)
    store.prepare()
    if as_file_first:
        store.restore(replace(value, format="file", path="x"), tmp_path / "x")
        assert (tmp_path / "x").read_bytes() == content
        assert store.is_here(address)
    listed = store.put_list([value])
    readers = [store, Store(config.folder)]  # the second: what a worker sees
    for reader in readers:
        with pytest.raises(StorageError, match=r"pickle|not in the store"):
            reader.load(value)
        with pytest.raises(StorageError, match=r"pickle|not in the store"):
            reader.load_object(address, "pickle/1", trusted=True)
        with pytest.raises(StorageError, match=r"pickle|not in the store"):
            reader.load(listed)
    assert not (tmp_path / "exploded").exists()
    with pytest.raises(StorageError, match="cannot be read back"):
        Store(config).load(replace(value, format="npy/1"))  # lying about the format does not help
    assert not (tmp_path / "exploded").exists()


def test_plain_objects_of_others_are_vetted(tmp_path, monkeypatch):
    """A stream that calls itself plain and is not, makes nothing."""
    monkeypatch.setenv("THRUWAY_TEST_BOMB", str(tmp_path / "exploded"))
    stream = io.BytesIO()
    writer = container.Writer(stream)
    pickle.Pickler(writer, protocol=5).dump({"return": Bomb()})
    writer.close()
    content = stream.getvalue()
    address = digest_bytes(content)
    there = tmp_path / "shared" / "objects" / address[:2] / address[2:]
    there.parent.mkdir(parents=True)
    there.write_bytes(content)
    config = StoreConfig(tmp_path / ".thruway", objects=f"file://{tmp_path}/shared")
    for trust in (False, True):
        with pytest.raises(StorageError):
            Store(replace(config, trust=trust)).load_object(address, "objects/3")
    assert not (tmp_path / "exploded").exists()


def test_plain_objects_of_others_are_read(tmp_path):
    config = StoreConfig(tmp_path / "one", objects=f"file://{tmp_path}/shared")
    store = Store(config)
    store.prepare()
    value = ArtifactRef(*_put(store, {"return": {1, 2}}))
    assert value.format == "objects/3"
    store.share([value.hash])
    other = Store(replace(config, folder=tmp_path / "two"))
    assert other.load(value) == {1, 2}
    assert not other.trusted


# Who may write to a local store → whether its pickles are read.
RIGHTS = [(0o700, True), (0o755, True), (0o777, False), (0o757, False)]


@pytest.mark.skipif(os.name == "nt", reason="rights are kept differently")
@pytest.mark.parametrize(("mode", "trusted"), RIGHTS, ids=lambda v: oct(v) if v > 1 else "")
@pytest.mark.parametrize("where", ["", "objects"])
def test_a_local_store_that_others_can_write_to(tmp_path, mode, trusted, where):
    store = Store(tmp_path / ".thruway")
    store.prepare()
    address, form, size = store.put_values({"return": Odd(2)})
    value = ArtifactRef(address, "return", form, size)
    (store.root / where).chmod(mode)
    store = Store(store.root)
    assert (form.partition("/")[0], store.trusted) == ("pickle", trusted)
    if trusted:
        assert store.load(value) == Odd(2)
        return
    with pytest.raises(StorageError) as caught:
        store.load(value)
    assert "others can write to the store" in caught.value.what
    assert "trust = true" in caught.value.fix
    assert Store(StoreConfig(store.root, trust=True)).load(value) == Odd(2)
    plain, form, size = store.put_values({"return": [1, 2]})
    assert store.load(ArtifactRef(plain, "return", form, size)) == [1, 2]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs chown")
def test_a_local_store_of_another_user(tmp_path):
    store = Store(tmp_path / ".thruway")
    store.prepare()
    os.chown(store.root, 12345, -1)
    assert not Store(store.root).trusted


def test_an_isolated_run_on_a_store_that_others_can_write_to(toy):
    toy.write(FLOW)
    (toy.data / "x.csv").write_text("1 2 3")
    (toy.dir / ".thruway").mkdir()
    (toy.dir / ".thruway").chmod(0o777)
    if toy.isolate:  # values meet only through the store
        with pytest.raises(StorageError, match="is a pickle") as caught:
            toy.run()
        assert "trust = true" in caught.value.fix
        settings = toy.dir / "pyproject.toml"
        settings.write_text(settings.read_text() + "trust = true\n")
    result, _ = toy.run()
    assert result.load("value") == 9.0


def test_objects_in_memory(tmp_path):
    config = StoreConfig(tmp_path / "one", objects="memory://thruway-test/x", trust=True)
    store, other = Store(config), Store(replace(config, folder=tmp_path / "two"))
    store.prepare()
    other.prepare()
    value = ArtifactRef(*_put(store, {"return": Odd(1)}))
    store.share([value.hash, value.hash, ""])
    assert (other.has(value.hash), other.is_here(value.hash)) == (True, False)
    assert other.size(value.hash) == value.bytes
    assert other.load(value) == Odd(1)
    assert other.is_here(value.hash)
    assert other.fetch(["f" * 40, value.hash]) == {"f" * 40}


def _put(store, values):
    address, form, size = store.put_values(values)
    return address, "return", form, size


def test_workers_see_neither_addresses_nor_passwords(toy, tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr(
        "thruway.run.executors.wire.write_atomically",
        lambda t, c, **_: sent.append(c) or t.write_bytes(c),
    )
    monkeypatch.setenv("THRUWAY_STORE", f"file://{tmp_path}/hidden-place")
    monkeypatch.setenv("THRUWAY_LINEAGE", f"{tmp_path}/hidden-lineage.db")
    toy.write(FLOW)
    (toy.data / "x.csv").write_text("1 2 3")
    toy.run()
    assert bool(sent) == toy.isolate
    assert not any(b"hidden" in content for content in sent)
    assert (tmp_path / "hidden-lineage.db").is_file()
    assert (tmp_path / "hidden-place" / "thruway.json").is_file()


# What is wrong → where the store is said to be, and words of the message.
WRONG = {
    "no such protocol": ("nothing://x", "Protocol not known: nothing"),
    "a file in the way": ("file://{tmp}/file/x", "Error"),
    "a newer layout": ("file://{tmp}/newer", "made by a newer Thruway: its layout is 9"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_place_that_cannot_be_used(local, tmp_path, monkeypatch, name):
    url, message = WRONG[name]
    (tmp_path / "file").write_text("")
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "thruway.json").write_text('{"layout": 9}')
    check_refused(local, monkeypatch, url.format(tmp=tmp_path), message)


def check_refused(local, monkeypatch, url: str, message: str) -> None:
    monkeypatch.setenv("THRUWAY_STORE", url)
    local.write(FLOW)
    began = time.monotonic()
    with pytest.raises(StorageError, match=message) as caught:
        local.run()
    assert time.monotonic() - began < 15
    assert caught.value.where == url
    assert caught.value.fix
    assert not (local.dir / "outputs").exists()


def test_without_fsspec(local, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    monkeypatch.setenv("THRUWAY_STORE", "s3://x")
    local.write(FLOW)
    with pytest.raises(StorageError) as caught:
        local.run()
    assert "thruway[remote]" in caught.value.fix


def test_a_missing_bucket(local, monkeypatch, s3):
    use(monkeypatch, s3.environment)
    check_refused(local, monkeypatch, "s3://no-such-bucket/x", "bucket does not exist")


def test_no_server(local, monkeypatch, s3):
    use(monkeypatch, {**s3.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    check_refused(local, monkeypatch, f"s3://{s3.bucket}/x", "Could not connect")


def test_wrong_credentials(local, monkeypatch, s3):
    use(monkeypatch, {**s3.environment, "AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ACCESS_KEY_ID": "x"})
    require_credentials(s3, "0")
    try:
        check_refused(local, monkeypatch, f"s3://{s3.bucket}/x", "PermissionError")
    finally:
        require_credentials(s3, "inf")


def require_credentials(s3, after: str) -> None:
    """Have the server ask who we are, after some requests."""
    url = f"{s3.environment['AWS_ENDPOINT_URL']}/moto-api/reset-auth"
    headers = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(url, after.encode(), headers)).read()


def use(monkeypatch, environment) -> None:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()  # made with the environment of another test
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def test_a_server_that_goes_away_in_the_middle(local, tmp_path, monkeypatch, s3):
    """What is finished is kept here; the run ends with the reason, and goes on later."""
    use(monkeypatch, s3.environment)
    monkeypatch.setenv("THRUWAY_STORE", f"s3://{s3.bucket}/{tmp_path.name}")
    local.write(FLOW)
    (local.data / "x.csv").write_text("1 2 3")
    local.edit(
        "return Odd(len(rows))", "os.kill(int(Path('pid').read_text()), 9); return Odd(len(rows))"
    )
    (local.data / "pid").write_text(str(s3._process.pid))
    began = time.monotonic()
    with pytest.raises(StorageError, match="the store cannot be used"):
        local.run()
    assert time.monotonic() - began < 20
    s3.close()
    s3.start()
    local.edit("os.kill(int(Path('pid').read_text()), 9); ", "")
    result, heard = local.run()
    assert heard.states == {"load": "CACHED", "wrap": "COMPLETE", "total": "COMPLETE"}
    assert result.load("value") == 9.0
    states = [row["state"] for row in list_runs(load_project(local.dir).storage)]
    assert states == ["COMPLETE", "FAILED"]


def test_a_lineage_beside_remote_objects(tmp_path):
    with Lineage(StoreConfig(tmp_path / ".thruway", objects="memory://x")) as lineage:
        assert lineage.database.place == str(tmp_path / ".thruway" / "lineage.db")


def test_options_of_a_run_on_a_shared_store(machines):
    """`--only` takes what another machine made."""
    machines.toy.run()
    machines.another()
    run = run_project(
        load_project(machines.toy.dir),
        RunOptions(isolate=machines.toy.isolate, only="total", force=True),
    )
    assert {step.name: step.state for step in run.steps} == {
        "load": "CACHED",
        "wrap": "CACHED",
        "total": "COMPLETE",
    }
