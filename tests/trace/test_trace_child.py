"""The child process: what the parent gets when all is well, and when it is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from thruway.errors import InterpreterError
from thruway.findings import Unknown
from thruway.kit.ambient.own_copies import replace_links
from thruway.trace.observe import ObserveOptions, observe, observe_values

SOURCE = str(Path(__file__).parents[2] / "src")


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Make every temporary file land where a test can see that it is gone."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


class Listener:
    def __init__(self):
        self.heard = []

    def observing(self, statements):
        self.heard.append(f"{statements} statements")

    def statement_started(self, statement):
        self.heard.append(f"start {statement.id}")

    def statement_finished(self, statement, seconds):
        assert seconds >= 0
        self.heard.append(f"end {statement.id}")


def test_a_whole_run(program):
    made = program(
        "import sys, os\nclass Box:\n    n = 1\nx = [1]",
        "print('hello')\nprint('there', file=sys.stderr)\nx",
        "y = _\nopen('out.txt', 'w').close()",
    )
    listener = Listener()
    trace, captured = observe_values(
        made, ObserveOptions(capture=frozenset({(3, "x"), (2, "Box"), (4, "absent")})), listener
    )
    assert trace.failure is None
    assert trace.dump().splitlines() == [
        "1: -> os sys",
        "2: -> Box",
        "3: -> x",
        "4: ->",
        "5: sys ->",
        "6: x -> _",
        "7: _ -> y",
        "8: -> write(file:out.txt)",
    ]
    assert trace.fact(4).stdout == "hello\n"
    assert trace.fact(6).displays[0].text == "[1]"
    assert trace.fact(7).shares == (frozenset({"_", "x", "y"}),)
    assert trace.alive == {"x", "y"}
    assert trace.stderr == "there\n"
    assert (trace.executable, trace.python) == (sys.executable, sys.version.split()[0])
    assert listener.heard[:3] == ["8 statements", "start 1", "end 1"]
    assert captured[3, "x"] == [1]
    assert isinstance(captured[2, "Box"], Unknown)
    assert set(captured) == {(3, "x"), (2, "Box")}
    assert [path.name for path in made.source.path.parent.iterdir()] == ["t.ipynb"]


def test_a_script_is_main(program):
    made = program(
        """\
        import os, pickle, sys
        import beside
        class Point: pass
        copy = pickle.loads(pickle.dumps(Point()))
        facts = (__name__, os.path.basename(__file__), sys.argv, sys.modules["__main__"].Point is Point)
        if __name__ == "__main__":
            print(facts)
        beside.seen.append(1)
        """.replace("        ", "", 1).replace("\n        ", "\n"),
        kind="script",
    )  # fmt: skip
    made.source.path.with_name("beside.py").write_text("seen = []\n")
    trace = observe(made)
    assert trace.failure is None
    assert trace.facts[5].stdout == "('__main__', 't.py', ['t.py'], True)\n"
    assert trace.local_modules == ("beside.py",)
    assert "update(module:beside)" in trace.dump()


def test_until_a_cell(program):
    trace = observe(program("a = 1", "b = 2", "1 / 0"), ObserveOptions(until_cell=2))
    assert trace.failure is None
    assert trace.alive == {"a", "b"}


def test_the_same_ambient_seed_gives_the_same_numbers(program):
    made = program("import random\nx = random.random()")
    first, second = (observe(made, ObserveOptions(seed=seed)) for seed in (1, 1))
    other = observe(made, ObserveOptions(seed=2))
    digests = [trace.facts[1].values["x"].fingerprint for trace in (first, second, other)]
    assert digests[0] == digests[1] != digests[2]


def test_the_users_files_are_not_written(program):
    made = program(
        "open('data.txt', 'a').write('more')\nx = open('../up.txt').read()", kind="script"
    )
    folder = made.source.path.parent
    (folder / "data.txt").write_text("old")
    (folder.parent / "up.txt").write_text("up")
    trace = observe(made)
    assert trace.failure is None
    assert (folder / "data.txt").read_text() == "old"
    assert set(trace.facts[0].files_written) == {"data.txt"}
    assert set(trace.facts[1].files_read) == {"../up.txt"}


@pytest.mark.skipif(os.name != "posix", reason="a shell")
@pytest.mark.parametrize(
    "start",
    [
        "import os\nos.system(LINE)",
        "import subprocess\nsubprocess.run(LINE, shell=True)",
        "import subprocess\nsubprocess.check_output(['sh', '-c', LINE])",
    ],
)
def test_other_programs_do_not_write_the_users_files(program, start):
    line = "echo new > data.txt; echo new >> deep/a.txt; echo new > ../beside/b.txt; rm gone.txt"
    made = program(f"LINE = {line!r}\n{start}\nx = open('deep/a.txt').read()", kind="script")
    folder = made.source.path.parent
    files = [folder / "data.txt", folder / "deep/a.txt", folder.parent / "beside/b.txt"]
    for file in [*files, folder / "gone.txt"]:
        file.parent.mkdir(exist_ok=True)
        file.write_text("old")
    trace = observe(made)
    assert trace.failure is None
    assert [file.read_text() for file in [*files, folder / "gone.txt"]] == ["old"] * 4


def test_linked_folders_get_files_of_their_own(tmp_path):
    deep = tmp_path / "data" / "deep"
    deep.mkdir(parents=True)
    (deep / "a.txt").write_text("old")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "data").symlink_to(tmp_path / "data")
    replace_links(workspace)
    (workspace / "data" / "deep" / "a.txt").write_text("new")
    assert (deep / "a.txt").read_text() == "old"


def test_what_there_is_no_room_to_copy_is_left_out(tmp_path, capsys):
    for name, size in (("small", 10), ("large", 1000)):
        (tmp_path / name).write_text("x" * size)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for name in ("small", "large"):
        (workspace / name).symlink_to(tmp_path / name)
    replace_links(workspace, room=100)
    assert [path.name for path in workspace.iterdir() if not path.is_symlink()] == ["small"]
    assert "large" in capsys.readouterr().err


FAILURES = {
    "in a helper": (
        ("def f(v):\n    return 1 / v", "x = 1\n\ny = f(\n    0\n)"),
        ("ZeroDivisionError", "division by zero", 3, ['"<t.ipynb, cell 1>", line 2, in f', 'cell 2>", line 3']),
    ),
    "of a class of its own": (
        ("class Bad(Exception): pass\nraise Bad('no')",), ("Bad", "no", 2, ["Bad: no"]),
    ),
    "asking for input": (
        ("x = input('? ')",), ("EOFError", "the program asks for input", 1, []),
    ),
    "leaving with a status": (
        ("import sys\nsys.exit(3)",), ("SystemExit", "3", 2, ["SystemExit: 3"]),
    ),
    "an interrupt of its own": (
        ("raise KeyboardInterrupt",), ("KeyboardInterrupt", "", 1, []),
    ),
    "without an end": (
        ("def f(): return f()\nf()",), ("RecursionError", "maximum recursion", 2, ["RecursionError"]),
    ),
    "with a broken message": (
        ("class E(Exception):\n    def __str__(self): 1 / 0\nraise E",), ("E", "<no message", 3, []),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_the_users(trace, name):
    cells, (kind, message, line, pieces) = FAILURES[name]
    observed = trace(*cells)
    failure = observed.failure
    assert (failure.type, failure.line) == (kind, line)
    assert message in failure.message
    assert all(piece in failure.traceback for piece in pieces)
    assert "thruway" not in failure.traceback
    assert len(failure.traceback.splitlines()) < 30


ENDINGS = {
    "sys.exit()": "x = 1\nimport sys\nsys.exit()\ny = 2",
    "exit status 0": "x = 1\nraise SystemExit(0)\ny = 2",
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_program_may_end_itself(trace, name):
    observed = trace(ENDINGS[name], kind="script")
    assert observed.failure is None
    assert observed.alive == {"x"}


def test_output_survives_what_programs_do_to_it(trace):
    observed = trace(
        "import io, sys\nold = sys.stdout\nsys.stdout = io.StringIO()\nprint('hidden')",
        "sys.stdout = old\nprint('seen')\nprint('x' * 30_000_000)",
    )
    assert observed.failure is None
    assert [fact.stdout for fact in observed.facts[3:6]] == ["", "", "seen\n"]
    assert len(observed.facts[6].stdout) < 11_000_000


def test_threads_and_top_level_await(trace):
    observed = trace(
        "import asyncio, threading\nstop = threading.Event()\nt = threading.Thread(target=stop.wait)\nt.start()",
        "stop.set()\nt.join()",
        "x = await asyncio.sleep(0, 5)",
    )
    assert observed.failure is None
    assert "update(outside:thread)" in observed.dump()
    assert "-> x" in observed.dump()


def test_source_of_a_function_is_found(trace):
    observed = trace(
        "import inspect\ndef f():\n    return 1\ntext = inspect.getsource(f)\nprint(text)"
    )
    assert "return 1" in observed.facts[-1].stdout


def test_figures_of_a_notebook_are_flushed(trace):
    pytest.importorskip("matplotlib")
    observed = trace(
        "import matplotlib.pyplot as plt",
        "plt.plot([1, 2])\nplt.title('a')",
        "plt.plot([3])\nplt.show()",
    )
    flushed = [fact.statement for fact in observed.facts if fact.flushed]
    shown = [(fact.statement, f.number, f.shown) for fact in observed.facts for f in fact.figures]
    assert flushed == [3]
    assert shown == [(3, 1, True), (5, 2, True)]


def test_figures_of_a_script_that_nobody_showed(trace):
    pytest.importorskip("matplotlib")
    observed = trace("import matplotlib.pyplot as plt\nplt.plot([1])\nx = 1", kind="script")
    assert [(f.number, f.shown) for f in observed.facts[1].figures] == [(1, False)]


KILLED = {
    "killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", "memory"),
    "crashed": ("import os\nos.abort()", "SIGABRT", "compiled library"),
    "left": ("import os\nos._exit(0)", "status 0", "os._exit"),
}


@pytest.mark.parametrize("name", KILLED)
def test_a_dead_child(program, name):
    code, what, fix = KILLED[name]
    with pytest.raises(InterpreterError) as caught:
        observe(program("x = 1", code))
    assert what in caught.value.what
    assert caught.value.where == "t.ipynb, cell 2, line 2"
    assert fix in caught.value.fix


def test_out_of_time(program):
    start = time.monotonic()
    with pytest.raises(InterpreterError, match="longer than 1 seconds") as caught:
        observe(program("import time\ntime.sleep(60)"), ObserveOptions(timeout=1))
    assert caught.value.where == "t.ipynb, cell 1, line 2"
    assert time.monotonic() - start < 20


def test_no_interpreter(program):
    with pytest.raises(InterpreterError, match="no interpreter 'python-of-nowhere'"):
        observe(program("x = 1"), ObserveOptions(python="python-of-nowhere"))


def test_an_interpreter_that_cannot_be_used(program, tmp_path):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'thruway: Python 3.11 or later is needed' >&2\nexit 8\n")
    fake.chmod(0o755)
    with pytest.raises(InterpreterError, match=r"Python 3\.11 or later is needed"):
        observe(program("x = 1"), ObserveOptions(python=str(fake)))


PARENT = """
import sys, tempfile
sys.path[:0] = [{tests!r}, {source!r}]
from pathlib import Path
from conftest import make_program
from thruway.trace.observe import observe
tempfile.tempdir = {scratch!r}
path = Path({folder!r}) / "t.ipynb"
code = "import os, time\\nopen({pid!r}, 'w').write(str(os.getpid()))\\ntime.sleep(100)"
observe(make_program(path, [code]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends the child of a dead parent")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_child_dies_with_its_parent(tmp_path, scratch, how):
    folder, pid = tmp_path / "project", tmp_path / "pid"
    folder.mkdir()
    script = PARENT.format(
        tests=str(Path(__file__).parent), source=SOURCE, scratch=str(scratch), folder=str(folder),
        pid=str(pid),
    )  # fmt: skip
    parent = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    _wait_for(lambda: pid.exists() and pid.read_text())
    parent.send_signal(how)
    parent.wait()
    _wait_for(lambda: not _runs(int(pid.read_text())))
    if how == signal.SIGKILL:  # nobody was left to clean up: the next run does
        from thruway.trace import observe as module

        module._sweep()


def _wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def _runs(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


def test_the_second_name_of_the_program_is_no_module_of_it(trace):
    observed = trace("import multiprocessing\nx = 1\nx = 2", kind="script")
    assert "module:" not in observed.dump()
    assert observed.local_modules == ()
