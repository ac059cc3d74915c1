"""What `collect` removes and what it never does: old runs, objects, leftovers, runs that go on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from thruway.errors import StorageError
from thruway.kit.project import StoreConfig, load_project
from thruway.run import describe_run, list_runs
from thruway.run.lineage.collect import collect
from thruway.run.lineage.lineage import Execution, Lineage
from thruway.run.step.scratch import sweep
from thruway.run.store.store import Store
from thruway.run.types import ArtifactRef

SOURCE = Path(__file__).resolve().parents[2] / "src"
FLOW = """
    from pathlib import Path

    @step
    def load(n: int = 1) -> list:
        print("loaded", n)
        return [n, n]

    @step
    def fit(item: int) -> tuple:
        return (item, "model")

    @step
    def total(rows: list, models: list) -> float:
        Path("sum.txt").write_text(str(sum(rows)))
        return float(sum(rows) + len(models))

    @pipeline
    def flow(n: int = 1):
        rows = load(n)
        models = map_over(fit, rows)
        value = total(rows, models)
        return value
"""


@pytest.fixture
def flow(local):
    local.write(FLOW)
    return local


def config(toy) -> StoreConfig:
    return load_project(toy.dir).storage


def ids(toy) -> list[str]:
    return [row["run"] for row in list_runs(config(toy))]


def age(toy, seconds: float = 3600.0) -> None:
    """Make all that was done so far happen earlier."""
    for path in (toy.dir / ".thruway" / "objects").rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - seconds,) * 2)
    with Lineage(config(toy)) as lineage, lineage.database.transaction() as db:
        db.run("UPDATE context SET started = started - :seconds", seconds=seconds)


def addresses(toy) -> set[str]:
    return {entry.address for entry in Store(config(toy)).folder.entries()}


def broken(toy) -> list[str]:
    """What the lineage refers to and the store has not."""
    store = Store(config(toy))
    wrong = []
    for run in ids(toy):
        for one in describe_run(config(toy), run)["executions"]:
            for port, ref in {**one["inputs"], **one["outputs"], **one["files"]}.items():
                if ref["hash"] and not store.is_whole(ArtifactRef(**ref)):
                    wrong.append(f"{run} {one['step']}.{port}")
    return wrong


def test_nothing_goes_that_a_run_refers_to(flow):
    flow.run()
    flow.run(params={"n": 2})
    age(flow)
    before = addresses(flow)
    done = collect(config(flow))
    assert (done.runs, done.objects, done.leftovers, done.bytes) == ((), 0, 0, 0)
    assert addresses(flow) == before
    assert broken(flow) == []


# Options → the runs that go, of five: number 4 is the newest; 0 and 1 are older than a day.
CHOICES = [
    ({"keep": 2}, [2, 1, 0]),
    ({"keep": 9}, []),
    ({"keep": 0}, [4, 3, 2, 1, 0]),
    ({"older": 1.0}, [1, 0]),
    ({"older": 1.0, "keep": 4}, [0]),
    ({"older": 0.0, "keep": 1}, [3, 2, 1, 0]),
]


@pytest.mark.parametrize(("options", "gone"), CHOICES)
@pytest.mark.parametrize("dry", [True, False])
def test_which_runs_go(flow, options, gone, dry):
    for n in range(5):
        if n == 2:
            age(flow, 200_000)
        flow.run(params={"n": n})
    age(flow, 60)
    runs = ids(flow)[::-1]
    before = addresses(flow)
    done = collect(config(flow), **options, dry=dry)
    assert list(done.runs) == [runs[n] for n in gone]
    assert ids(flow) == [run for run in runs[::-1] if dry or run not in done.runs]
    assert len(before - addresses(flow)) == (0 if dry else done.objects)
    assert bool(done.objects) == bool(gone)
    assert broken(flow) == []


def test_a_dry_run_is_exact(flow):
    for n in range(4):
        flow.run(params={"n": n})
    age(flow)
    (flow.dir / ".thruway" / "objects" / ".new-left").write_bytes(b"123")
    age(flow)
    dry = collect(config(flow), keep=1, dry=True)
    disk = sum(p.stat().st_size for p in (flow.dir / ".thruway/objects").rglob("*") if p.is_file())
    done = collect(config(flow), keep=1)
    left = sum(p.stat().st_size for p in (flow.dir / ".thruway/objects").rglob("*") if p.is_file())
    assert replace(dry, dry=False) == done
    assert (done.leftovers, done.bytes, done.kept_bytes) == (1, disk - left, left)
    assert collect(config(flow), keep=1).bytes == 0


def test_what_the_newest_run_took_from_the_cache_stays_an_answer(flow):
    flow.run()
    flow.run()
    result, _ = flow.run()
    age(flow)
    done = collect(config(flow), keep=1)
    assert len(done.runs) == 2
    again, heard = flow.run()
    assert set(heard.states.values()) == {"CACHED"}
    assert again.load("value") == result.load("value")
    assert heard.text == "loaded 1\n"  # what it printed, too
    assert broken(flow) == []


def test_a_result_that_was_taken_although_it_differs_does_not_become_an_answer(flow):
    flow.run()
    flow.edit("return [n, n]", "return [n, n, n]")
    flow.run(only="total", force=True)  # on the old rows, under the key of the new code
    age(flow)
    collect(config(flow), keep=1)
    result, heard = flow.run()
    assert heard.states["load"] == "COMPLETE"
    assert result.load("value") == 6.0


def test_what_is_collected_is_made_anew(flow):
    flow.run()
    flow.run(params={"n": 2})
    age(flow)
    collect(config(flow), keep=1)
    result, heard = flow.run()
    assert heard.states["load"] == "COMPLETE"
    assert result.load("value") == 4.0


def test_a_run_that_goes_on_keeps_what_it_has(flow):
    """Its objects are not referred to yet, and its rows are young or old."""
    flow.run()
    with Lineage(config(flow)) as lineage:
        context, run = lineage.start_run("flow", {}, 0, "in-process")
        row = lineage.start(context, 0, Execution(0, run, "load", "RUNNING", "k", {}), 0)
        store = Store(config(flow))
        address, form, size = store.put_values({"return": ["mine"]})
        (store.folder.folder / ".new-mine").write_bytes(b"half")
        done = collect(config(flow), keep=0, older=0)
        assert run not in done.runs
        assert store.has(address)
        assert (store.folder.folder / ".new-mine").is_file()
        made = ArtifactRef(address, "return", form, size)
        lineage.complete(
            row,
            Execution(0, run, "load", "COMPLETE", "k", {}, outputs={"return": made}),
            cacheable=True,
        )
        lineage.finish_run(context, "COMPLETE", {})
    assert broken(flow) == []


def test_a_run_that_starts_while_objects_are_removed(flow, monkeypatch):
    """The cache answers it just before the rows go, and it finds the objects gone."""
    flow.run()
    age(flow)
    reuse = Lineage.reuse

    def late(*words, **more):
        monkeypatch.setattr(Lineage, "reuse", reuse)
        assert len(collect(config(flow), keep=0).runs) == 1
        return reuse(*words, **more)

    monkeypatch.setattr(Lineage, "reuse", late)
    result, heard = flow.run()
    assert heard.states["load"] == "COMPLETE"
    assert heard.reasons["load"] == "its result was collected just now"
    assert result.load("value") == 4.0
    assert broken(flow) == []


def test_runs_and_collections_at_the_same_time(flow):
    """Runs of several processes, cached and not, while another collects without a pause.

    A result is loaded after its run has ended, when the run itself may have been collected: then it
    is gone, and only then.
    """
    program = (
        "import sys\nfrom thruway.errors import StorageError\n"
        "from thruway.kit.project import load_project\n"
        "from thruway.run import RunOptions, list_runs, run_project\n"
        "project = load_project(sys.argv[1])\n"
        "for n in range(12):\n"
        "    result = run_project(project, RunOptions(params={'n': n % 3}))\n"
        "    try:\n"
        "        assert result.load('value') == 2.0 * (n % 3) + 2, result\n"
        "    except StorageError:\n"
        "        if result.run in [row['run'] for row in list_runs(project.storage)]: raise\n"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(flow.dir)], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )
        for _ in range(3)
    ]  # fmt: skip
    count = 0
    while any(run.poll() is None for run in runs):
        collect(config(flow), keep=count % 3)
        count += 1
        time.sleep(0.02)
    told = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], told
    assert count > 5
    assert broken(flow) == []


def test_two_collections_at_once(flow):
    for n in range(6):
        flow.run(params={"n": n})
    age(flow)
    threads = [
        threading.Thread(target=collect, args=(config(flow),), kwargs={"keep": 1}) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids(flow)) == 1
    assert broken(flow) == []


def test_leftovers_of_writers_that_were_killed(flow):
    flow.run()
    store = flow.dir / ".thruway"
    (store / "objects" / ".new-abc").write_bytes(b"half of it")
    (store / "work" / "gone").mkdir(parents=True)
    age(flow)
    done = collect(config(flow))
    assert (done.leftovers, done.objects, done.bytes) == (1, 0, 10)
    assert not (store / "objects" / ".new-abc").exists()
    assert not (store / "work" / "gone").exists()


def test_an_object_written_anew_meanwhile_stays(tmp_path):
    store = Store(tmp_path)
    address, _, _ = store.put_values({"return": [1]})
    path = store.path(address)
    os.utime(path, (1.0, 1.0))
    (entry,) = store.folder.entries()
    store.put_values({"return": [1]})
    assert store.folder.remove([entry.name], before=2.0) == frozenset()
    assert store.sound(address)
    os.utime(path, (1.0, 1.0))
    assert store.folder.remove([entry.name, "/nowhere/x"], before=2.0) == {entry.name}
    assert list(store.folder.entries()) == []


def test_objects_of_another_lineage_are_not_ours_to_judge(flow, tmp_path, monkeypatch):
    flow.run()
    monkeypatch.setenv("THRUWAY_LINEAGE", str(tmp_path / "other.db"))
    flow.run()
    with pytest.raises(StorageError) as caught:
        collect(config(flow))
    assert "another lineage" in caught.value.what
    assert "lineages/" in caught.value.fix
    assert broken(flow) == []


def test_a_lineage_that_was_moved_away_refers_to_nothing(flow):
    flow.run()
    (flow.dir / ".thruway" / "lineage.db").rename(flow.dir / "broken.db")
    for beside in (flow.dir / ".thruway").glob("lineage.db-*"):
        beside.unlink()
    flow.run(params={"n": 2})
    age(flow)
    assert collect(config(flow)).objects > 0
    assert broken(flow) == []


def test_without_a_store(tmp_path):
    assert collect(tmp_path).kept_runs == 0
    assert list(tmp_path.iterdir()) == []


def test_on_a_server_with_shared_objects(flow, tmp_path, monkeypatch, postgres):
    with (flow.dir / "pyproject.toml").open("a") as settings:
        settings.write("trust = true\n")
    monkeypatch.setenv("THRUWAY_LINEAGE", postgres.url())
    monkeypatch.setenv("THRUWAY_STORE", f"file://{tmp_path}/shared")
    flow.run()
    flow.run(params={"n": 2})
    done = collect(config(flow), keep=1, dry=True)
    assert (len(done.runs), done.objects) == (1, 0)  # young: another clock may have written it
    for path in [*(tmp_path / "shared").rglob("*"), *(flow.dir / ".thruway/objects").rglob("*")]:
        if path.is_file():
            os.utime(path, (time.time() - 8000,) * 2)
    dry = collect(config(flow), keep=1, dry=True)
    done = collect(config(flow), keep=1)
    assert replace(dry, dry=False) == done
    assert done.objects > 2
    shutil.rmtree(flow.dir / ".thruway")
    assert broken(flow) == []
    assert flow.run(params={"n": 2})[0].state == "CACHED"


def test_the_folder_of_a_run_that_begins_meanwhile_is_left(local):
    local.write(FLOW)
    local.run()
    store = Store(config(local))
    work = store.root / "work"
    (work / "killed").mkdir(parents=True)
    (work / "begun").mkdir()

    def running():
        (work / "later").mkdir()
        return frozenset({"begun"})

    sweep(store, running)
    assert sorted(folder.name for folder in work.iterdir()) == ["begun", "later"]
