"""What a lineage remembers, the same on SQLite and on PostgreSQL; and how it comes up to date."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from thruway.errors import StorageError
from thruway.kit.project import StoreConfig
from thruway.run import describe_artifact, describe_run, explain_key, list_runs
from thruway.run.lineage import schema
from thruway.run.lineage import upstream as upstream_module
from thruway.run.lineage.lineage import Execution, Lineage
from thruway.run.types import ArtifactRef

SOURCE = Path(__file__).resolve().parents[2] / "src"


def ref(letter: str, member: str = "return", **more) -> ArtifactRef:
    return ArtifactRef(letter * 40, member, "json/1", 3, "int", letter, **more)


def execution(step: str, key: str = "", inputs: str = "") -> Execution:
    found = {"code:f": key}
    return Execution(0, "", step, "RUNNING", key, found, inputs={n: ref(n) for n in inputs})


def record(lineage: Lineage, steps: str, state: str = "COMPLETE") -> str:
    """Record a run from text: `load()->a; total(a)->b` (key = step)."""
    context, run = lineage.start_run("flow", {"C": "1.0"}, 7, "in-process")
    for position, text in enumerate(steps.split("; ")):
        call, _, outputs = text.partition("->")
        step, _, inputs = call.rstrip(")").partition("(")
        asked = execution(step, step, inputs)
        row = lineage.start(context, position, asked, 7)
        if outputs == "!":
            lineage.fail(row, "it raised", attempts=2)
        elif outputs:
            given = {name: ref(name) for name in outputs}
            done = Execution(**{**asked.__dict__, "outputs": given, "seconds": 0.5, "attempts": 3})
            lineage.complete(row, done, cacheable=True)
    lineage.finish_run(context, state, {"value": ("total", "return")}, code="c0de")
    return run


def dump(lineage: Lineage, run: str) -> str:
    return "; ".join(
        f"{one.step}({''.join(one.inputs)})->{''.join(one.outputs)} {one.state}"
        for one in lineage.executions(run)
    )


# Steps of a run → what is remembered of it.
RUNS = {
    "a line": ("load()->a; total(a)->b", "load()->a COMPLETE; total(a)->b COMPLETE"),
    "several ports": ("load()->abc; total(ca)->d", "load()->abc COMPLETE; total(ca)->d COMPLETE"),
    "a failure": ("load()->a; total(a)->!", "load()->a COMPLETE; total(a)-> FAILED"),
    "one that was stopped": ("load()->a; total(a)->", "load()->a COMPLETE; total(a)-> FAILED"),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_remembered(at, name):
    steps, expected = RUNS[name]
    with Lineage(at) as lineage:
        run = record(lineage, steps)
        assert dump(lineage, run) == expected
        first = lineage.executions(run)[0]
        assert (first.attempts, first.seconds, first.peak_bytes) == (3, 0.5, None)
    (row,) = list_runs(at)
    assert (row["run"], row["state"], row["params"], row["seed"]) == (
        run,
        "COMPLETE",
        {"C": "1.0"},
        7,
    )
    assert [each["step"] for each in describe_run(at, "latest")["executions"]] == ["load", "total"]


def test_what_answers_for_a_key(at):
    with Lineage(at) as lineage:
        assert lineage.candidates("load") == ()
        first = record(lineage, "load()->a")
        record(lineage, "load()->!")
        second = record(lineage, "load()->b")
        assert [one.run for one in lineage.candidates("load")] == [second, first]
        assert [list(one.outputs) for one in lineage.candidates("load", limit=1)] == [["b"]]


def test_an_answer_is_an_execution_of_its_own(at):
    with Lineage(at) as lineage:
        record(lineage, "load()->a; total(a)->b")
        (hit,) = lineage.candidates("total")
        context, run = lineage.start_run("flow", {}, 0, "in-process")
        assert lineage.reuse(context, 1, hit, 0)
        assert not lineage.reuse(context, 2, hit, 0, present=lambda: False)
        lineage.finish_run(context, "CACHED", {})
        assert dump(lineage, run) == "total(a)->b CACHED"
        assert len(lineage.candidates("total")) == 1  # an answer does not answer
        assert lineage.query("SELECT COUNT(*) AS n FROM artifact") == [{"n": 2}]


def test_the_newest_of_a_step(at):
    with Lineage(at) as lineage:
        good = record(lineage, "load()->a")
        bad = record(lineage, "load()->!")
        assert [one.run for one in lineage.latest("load")] == [good]
        assert [one.run for one in lineage.latest("load", complete=False, limit=5)] == [bad, good]
        assert lineage.latest("nothing") == ()
    assert explain_key(at, "load") == "nothing differs"


def test_artifacts_are_found_by_a_beginning(at):
    with Lineage(at) as lineage:
        run = record(lineage, "load()->ab; total(a)->c")
    found = describe_artifact(at, "aaaa")
    assert [(e["run"], e["step"], e["kind"]) for e in found["events"]] == [
        (run, "total", "INPUT"),
        (run, "load", "OUTPUT"),
    ]
    assert describe_artifact(at, "a" * 40 + "/return")["preview"] == "a"


# Texts that a database might not take as they are.
TEXTS = [
    "",
    "ü → 漢字 🙂",
    "a\0b",
    "not \udcff text",
    "\x01",
    "\x01[1]",
    "'; DROP TABLE event; --",
    ":name %s %",
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_comes_back(at, text):
    made = ArtifactRef("f" * 40, "return", "file", 1, "file", text, path=text)
    with Lineage(at) as lineage:
        context, run = lineage.start_run("flow", {"p": text}, 0, "in-process")
        row = lineage.start(context, 0, execution("load", "k"), 0)
        done = Execution(0, "", "load", "COMPLETE", "k", {}, files={text: made}, reads={text: text})
        lineage.complete(row, done, cacheable=True)
        row = lineage.start(context, 1, execution(text, text), 0)
        lineage.fail(row, text)
        one, other = lineage.executions(run)
    assert (dict(one.files), dict(one.reads)) == ({text: made}, {text: text})
    assert (other.step, other.error) == (text, text)
    assert list_runs(at)[0]["params"] == {"p": text}


def test_values_in_memory_are_never_one(at):
    loose = ArtifactRef("", "return", "", 0, unstored="a lock")
    with Lineage(at) as lineage:
        context, run = lineage.start_run("flow", {}, 0, "in-process")
        for position in range(2):
            row = lineage.start(context, position, execution(f"s{position}", ""), 0)
            done = Execution(0, "", "", "COMPLETE", "", {}, outputs={"return": loose})
            lineage.complete(row, done, cacheable=False)
        assert [one.outputs["return"] for one in lineage.executions(run)] == [loose, loose]
        assert lineage.query("SELECT COUNT(*) AS n FROM artifact") == [{"n": 2}]


CRASH = """
import sys, time
from pathlib import Path
from thruway.kit.project import StoreConfig
from thruway.run.lineage.lineage import Execution, Lineage
lineage = Lineage(StoreConfig(Path(sys.argv[1]), lineage=sys.argv[2]))
context, run = lineage.start_run("flow", {}, 0, "in-process")
lineage.start(context, 0, Execution(0, run, "load", "RUNNING", "k", {}), 0)
print(run, flush=True)
time.sleep(60)
"""


def test_a_run_that_was_killed_is_told_by_the_next(at):
    process = subprocess.Popen(
        [sys.executable, "-c", CRASH, str(at.folder), at.lineage], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )  # fmt: skip
    run = process.stdout.readline().strip()
    with Lineage(at) as lineage:
        record(lineage, "load()->a")
        assert run in lineage.running()  # it goes on
        process.send_signal(signal.SIGKILL)
        process.communicate()
        context, mine = lineage.start_run("flow", {}, 0, "in-process")
        assert lineage.running() == {mine}
        (broken,) = lineage.executions(run)
        assert (broken.state, broken.error) == ("FAILED", "the run was killed")
        lineage.finish_run(context, "CANCELED", {})
    assert [row["state"] for row in list_runs(at)] == ["CANCELED", "COMPLETE", "FAILED"]


def test_two_writers_do_not_see_halves(at):
    """A reader sees an execution with all its outputs, or with none."""
    with Lineage(at) as writer, Lineage(at) as reader:
        context, run = writer.start_run("flow", {}, 0, "in-process")
        row = writer.start(context, 0, execution("load", "k"), 0)
        with writer.database.transaction() as db:
            db.run("UPDATE execution SET state = 'COMPLETE' WHERE id = :id", id=row)
            assert [one.state for one in reader.executions(run)] == ["RUNNING"]
        assert [one.state for one in reader.executions(run)] == ["COMPLETE"]
        with pytest.raises(KeyError):
            fail_in_the_middle(writer, row)
        assert [one.state for one in reader.executions(run)] == ["COMPLETE"]


def fail_in_the_middle(writer: Lineage, row: int) -> None:
    with writer.database.transaction() as db:
        db.run("UPDATE execution SET state = 'FAILED' WHERE id = :id", id=row)
        raise KeyError


LETTERS = "abcdefgh"


def hammer(at: StoreConfig, number: int, rounds: int) -> list[str]:
    """Write runs whose artifacts are those of all others, in an order of one's own."""
    mine = LETTERS[number:] + LETTERS[:number]
    with Lineage(at) as lineage:
        return [record(lineage, f"load()->{mine}; total({mine[::-1]})->x") for _ in range(rounds)]


def check_hammered(at: StoreConfig, runs: list[str]) -> None:
    assert sorted(row["run"] for row in list_runs(at)) == sorted(runs)
    with Lineage(at) as lineage:
        assert lineage.query("SELECT COUNT(*) AS n FROM artifact") == [{"n": len(LETTERS) + 1}]
        assert lineage.query("SELECT COUNT(*) AS n FROM event") == [{"n": 17 * len(runs)}]
        for run in runs[::7]:
            load, total = lineage.executions(run)
            assert list(load.outputs) == list(total.inputs)[::-1]
            assert all(found == ref(name) for name, found in load.outputs.items())


def test_eight_threads_at_once_from_the_first_moment(at):
    gate = threading.Barrier(8)

    def one(number: int) -> list[str]:
        gate.wait()
        return hammer(at, number, 6)

    with ThreadPoolExecutor(8) as threads:
        runs = [run for found in threads.map(one, range(8)) for run in found]
    check_hammered(at, runs)


PROCESS = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_run_lineage import StoreConfig, hammer
while time.time() < float(sys.argv[5]):
    pass
at = StoreConfig(Path(sys.argv[2]), lineage=sys.argv[3])
print(json.dumps(hammer(at, int(sys.argv[4]), 6)))
"""


def test_eight_processes_at_once_from_the_first_moment(at):
    begin = str(time.time() + 3.0)
    words = [sys.executable, "-c", PROCESS, str(Path(__file__).parent), str(at.folder), at.lineage]
    processes = [
        subprocess.Popen(
            [*words, str(number), begin], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )
        for number in range(8)
    ]  # fmt: skip
    told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, told
    check_hammered(at, [run for out, _ in told for run in json.loads(out)])


# How it comes up to date ---------------------------------------------------------------------------

OLD = {
    1: """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE context (
        id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL,
        state TEXT NOT NULL, params TEXT NOT NULL, seed INTEGER NOT NULL, executor TEXT NOT NULL,
        host TEXT NOT NULL, pid INTEGER NOT NULL, started REAL NOT NULL, ended REAL,
        results TEXT NOT NULL DEFAULT '{}');
    CREATE TABLE artifact (
        id INTEGER PRIMARY KEY, hash TEXT NOT NULL, member TEXT NOT NULL, type TEXT NOT NULL,
        format TEXT NOT NULL, bytes INTEGER NOT NULL, path TEXT NOT NULL,
        description TEXT NOT NULL, state TEXT NOT NULL, unstored TEXT NOT NULL DEFAULT '',
        preview TEXT NOT NULL DEFAULT '');
    CREATE INDEX artifact_hash ON artifact (hash, member);
    CREATE TABLE execution (
        id INTEGER PRIMARY KEY, context INTEGER NOT NULL REFERENCES context (id),
        step TEXT NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL, key TEXT NOT NULL,
        ingredients TEXT NOT NULL, params TEXT NOT NULL, seed INTEGER NOT NULL,
        started REAL, ended REAL, seconds REAL NOT NULL DEFAULT 0, log TEXT NOT NULL DEFAULT '',
        reads TEXT NOT NULL DEFAULT '{}', reason TEXT NOT NULL DEFAULT '',
        cacheable INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '', source INTEGER);
    CREATE INDEX execution_key ON execution (key, state);
    CREATE INDEX execution_step ON execution (step, id);
    CREATE TABLE event (
        execution INTEGER NOT NULL REFERENCES execution (id),
        artifact INTEGER NOT NULL REFERENCES artifact (id),
        kind TEXT NOT NULL, port TEXT NOT NULL, is_file INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX event_execution ON event (execution);
    CREATE INDEX event_artifact ON event (artifact);
    CREATE TABLE checked (key TEXT PRIMARY KEY);
    INSERT INTO meta VALUES ('schema', '1');
    """,
    2: "ALTER TABLE execution ADD COLUMN stderr TEXT NOT NULL DEFAULT '';"
    "UPDATE meta SET value = '2' WHERE name = 'schema';",
}
ROWS = """
    INSERT INTO context VALUES (1, 'r1', 'flow', 'COMPLETE', '{"C": "1.0"}', 7, 'in-process',
        'here', 1, 100.0, 101.0, '{}');
    INSERT INTO artifact VALUES (1, '{A}', 'return', 'int', 'json/1', 3, '', '{}', 'LIVE', '', '1');
    INSERT INTO artifact VALUES (2, '{B}', 'return', 'int', 'json/1', 3, '', '{}', 'LIVE', '', '2');
    INSERT INTO artifact VALUES (3, '{A}', 'return', 'int', 'json/1', 3, '', '{}', 'LIVE', '', '1');
    INSERT INTO artifact VALUES (4, '', 'm', 'x', '', 0, '', '{}', 'REFERENCE', 'a lock', '');
    INSERT INTO artifact VALUES (5, '', 'm', 'x', '', 0, '', '{}', 'REFERENCE', 'a lock', '');
    INSERT INTO execution (id, context, step, position, state, key, ingredients, params, seed,
        started, seconds, cacheable) VALUES
        (1, 1, 'load', 0, 'COMPLETE', 'k1', '{"code:f": "x"}', '{}', 7, 100.0, 0.5, 1),
        (2, 1, 'total', 1, 'COMPLETE', 'k2', '{}', '{}', 7, 100.5, 0.25, 1);
    INSERT INTO event VALUES (1, 1, 'OUTPUT', 'b', 0), (1, 2, 'OUTPUT', 'a', 0),
        (1, 4, 'OUTPUT', 'm', 0), (2, 3, 'INPUT', 'rows', 0), (2, 5, 'OUTPUT', 'return', 0);
    INSERT INTO checked VALUES ('c');
""".replace("{A}", "a" * 40).replace("{B}", "b" * 40)


def old_file(folder: Path, version: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(folder / "lineage.db") as db:
        db.execute("PRAGMA journal_mode = WAL")
        for number in range(1, version + 1):
            db.executescript(OLD[number])
        db.executescript(ROWS)
    db.close()
    return folder


def tables(lineage: Lineage) -> dict[str, set[str]]:
    """table → its columns, and its indexes."""
    names = lineage.query("SELECT name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    found: dict[str, set[str]] = {}
    for row in names:
        columns = lineage.query(f"SELECT name FROM pragma_table_info('{row['name']}')")
        found.setdefault(row["tbl_name"], {row["name"]}).update(c["name"] for c in columns)
    return found


@pytest.mark.parametrize("version", OLD)
def test_an_older_file_is_brought_up_to_date(tmp_path, version):
    old = old_file(tmp_path / "old", version)
    with Lineage(old) as lineage:
        load, total = lineage.executions("r1")
        assert (list(load.outputs), load.seconds, load.attempts) == (["b", "a", "m"], 0.5, 1)
        assert load.ingredients == {"code:f": "x"}
        assert total.inputs == {"rows": load.outputs["b"]}
        assert [one.step for one in lineage.candidates("k1")] == ["load"]
        assert lineage.was_checked("c")
        ids = [row["id"] for row in lineage.query("SELECT id FROM artifact ORDER BY id")]
        assert ids == [
            1,
            2,
            4,
            5,
        ]  # one that was there twice is there once; what is loose, is loose
        record(lineage, "load()->a; total(a)->b")
        with Lineage(tmp_path / "new") as new:
            assert tables(lineage) == tables(new)
    assert len(list_runs(old)) == 2


def test_an_older_file_that_several_open_at_once(tmp_path):
    old = StoreConfig(old_file(tmp_path, 1))
    gate = threading.Barrier(8)

    def one(number: int) -> list[str]:
        gate.wait()
        return hammer(old, number, 2)

    with ThreadPoolExecutor(8) as threads:
        runs = [run for found in threads.map(one, range(8)) for run in found]
    assert sorted(row["run"] for row in list_runs(old)) == sorted([*runs, "r1"])


def test_a_newer_one_is_refused(at):
    with Lineage(at) as lineage, lineage.database.transaction() as db:
        db.run("UPDATE meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(StorageError) as caught:
        Lineage(at)
    assert "written by a newer Thruway: its schema is 99" in caught.value.what
    assert caught.value.where == lineage.database.place
    assert "update Thruway" in caught.value.fix


def test_a_lineage_comes_up_to_date_on_either(at, monkeypatch):
    with Lineage(at) as lineage:
        record(lineage, "load()->a")
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    change = "ALTER TABLE context ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'"
    monkeypatch.setitem(schema.UPGRADES, schema.SCHEMA_VERSION, change)
    with Lineage(at) as lineage, Lineage(at):
        assert lineage.query("SELECT mood FROM context") == [{"mood": "calm"}]
    # One that fails leaves everything as it was.
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    broken = "ALTER TABLE context ADD COLUMN more TEXT; ALTER TABLE nothing ADD COLUMN x TEXT"
    monkeypatch.setitem(schema.UPGRADES, schema.SCHEMA_VERSION, broken)
    with pytest.raises(StorageError, match="nothing"):
        Lineage(at)
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION - 1)
    with Lineage(at) as lineage:
        assert "more" not in lineage.query("SELECT * FROM context")[0]


# How many queries a tree takes ---------------------------------------------------------------------


def chain(lineage: Lineage, length: int) -> str:
    """Record a run of steps in a row; return the hash of what the last one gave."""
    context, _ = lineage.start_run("flow", {}, 0, "in-process")
    before: dict[str, ArtifactRef] = {}
    for number in range(length):
        one = Execution(0, "", f"s{number}", "RUNNING", f"k{number}", {}, inputs=before)
        row = lineage.start(context, number, one, 0)
        before = {"return": ArtifactRef(f"{number:040x}", "return", "json/1", 1, "int")}
        done = Execution(0, "", f"s{number}", "COMPLETE", f"k{number}", {}, outputs=before)
        lineage.complete(row, done, cacheable=True)
    lineage.finish_run(context, "COMPLETE", {})
    return before["return"].hash


def queries(monkeypatch, look, *words) -> int:
    counted = []
    ask = Lineage.query
    monkeypatch.setattr(Lineage, "query", lambda *w, **v: counted.append(w[1]) or ask(*w, **v))
    among = upstream_module.rows_among
    monkeypatch.setattr(
        upstream_module, "rows_among", lambda *w, **v: counted.append(w[1]) or among(*w, **v)
    )
    node, found = look(*words), 0
    while "by" in node or "used" in node:
        step = node["by"] if "by" in node else node["used"][0]
        found += 1
        node = next(iter({**step.get("inputs", {}), **step.get("outputs", {})}.values()), {})
    monkeypatch.undo()
    assert found > 3
    return len(counted)


def test_a_tree_takes_few_queries_however_deep(at, monkeypatch):
    counts = []
    for length in (5, 50):
        with Lineage(at) as lineage:
            last = chain(lineage, length)
        counts.append(queries(monkeypatch, upstream_module.upstream, at, last))
    assert counts[0] == counts[1] <= 5
    first = f"{0:040x}"
    assert queries(monkeypatch, upstream_module.downstream, at, first) <= 3 * 50 + 3


# A server ------------------------------------------------------------------------------------------


def test_projects_that_share_a_server_see_their_own_runs(tmp_path, postgres):
    url = postgres.url()
    mine, other = (StoreConfig(tmp_path, lineage=url, pipeline=name) for name in ("flow", "sales"))
    with Lineage(mine) as lineage:
        run = record(lineage, "load()->a")
        assert lineage.latest("load")
    with Lineage(other) as lineage:
        lineage.start_run("sales", {}, 0, "in-process")
        assert lineage.latest("load") == ()
        assert lineage.candidates("load")  # equal code and inputs: the result is anyone's
    assert [row["run"] for row in list_runs(mine)] == [run]
    assert [row["pipeline"] for row in list_runs(other)] == ["sales"]


def test_a_connection_that_was_lost_is_made_again(tmp_path, postgres):
    with Lineage(StoreConfig(tmp_path, lineage=postgres.url())) as lineage:
        run = record(lineage, "load()->a")
        postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
        assert dump(lineage, run) == "load()->a COMPLETE"
        record(lineage, "load()->b")


BAD = {
    "nobody answers": ("postgresql://u:secret@127.0.0.1:1/x", "refused"),
    "no such host": ("postgresql://u:secret@nowhere.invalid/x", "resolve|translate|not known"),
    "no such database": ("postgresql://thruway@127.0.0.1:{port}/nothing", 'database "nothing"'),
    "no such user": ("postgresql://nobody:secret@127.0.0.1:{port}/postgres", 'role "nobody"'),
    "no database": ("redis://:secret@127.0.0.1/0", "neither a file nor a PostgreSQL database"),
    "no URL": ("://secret", "neither a file nor a PostgreSQL database"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_server_that_cannot_be_used_is_named(tmp_path, postgres, name):
    url, message = BAD[name]
    began = time.monotonic()
    with pytest.raises(StorageError, match=message) as caught:
        Lineage(StoreConfig(tmp_path, lineage=url.format(port=postgres.port)))
    assert time.monotonic() - began < 15
    assert "secret" not in str(caught.value)


def test_without_its_packages(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(StorageError) as caught:
        Lineage(StoreConfig(tmp_path, lineage="postgresql://u:secret@h/x"))
    assert "thruway[postgresql]" in caught.value.fix
    assert "secret" not in str(caught.value)


def test_a_file_needs_no_sqlalchemy(tmp_path):
    program = (
        "import sys\nfrom pathlib import Path\nfrom thruway.run.lineage.lineage import Lineage\n"
        f"Lineage(Path({str(tmp_path)!r}))\nprint('sqlalchemy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], text=True, capture_output=True, check=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )  # fmt: skip
    assert done.stdout == "False\n"
