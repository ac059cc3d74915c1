"""Children start, libraries are seeded when first imported, nothing heavy is loaded."""

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

from thruway.kit import bootstrap
from thruway.kit.ambient import farewell
from thruway.kit.ambient.children import command, environment
from thruway.kit.ambient.imports import ImportWatch

SOURCE = Path(bootstrap.__file__).resolve().parents[2]


def run(code, **variables):
    """Run code in a fresh interpreter that can import thruway; return what it prints."""
    env = environment({"PYTHONPATH": str(SOURCE), **variables})
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_bootstrap_parses_on_old_pythons_and_says_so(monkeypatch, capsys):
    ast.parse(Path(bootstrap.__file__).read_text(), feature_version=(3, 8))
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    assert bootstrap.main(["anything"]) == 8
    assert capsys.readouterr().err.startswith("thruway: Python 99.0 or later is needed")


def test_bootstrap_makes_only_thruway_importable(tmp_path):
    package = tmp_path / "elsewhere" / "thruway"
    (package / "kit").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "kit" / "__init__.py").write_text("")
    (package / "kit" / "code.py").write_text("raise SystemExit('shadows the standard library')")
    (package.parent / "neighbour.py").write_text("")
    (package / "kit" / "ambient").mkdir()
    (package / "kit" / "ambient" / "__init__.py").write_text("")
    at_the_end = Path(farewell.__file__).read_text()
    (package / "kit" / "ambient" / "farewell.py").write_text(at_the_end)
    start = package / "kit" / "bootstrap.py"
    start.write_text(Path(bootstrap.__file__).read_text())
    (package / "job.py").write_text(
        "import code, importlib.util\n"
        "def main(arguments):\n"
        "    print(arguments, importlib.util.find_spec('neighbour'))\n"
        "    return 3\n"
    )
    done = subprocess.run(
        [sys.executable, str(start), "thruway.job", "a", "b"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == ("['a', 'b'] None", 3), done.stderr


def test_command_and_environment():
    assert command("py", "thruway.run.executors.worker", "x")[2:] == [
        "thruway.run.executors.worker",
        "x",
    ]
    made = environment(
        {"EXTRA": "1"}, base={"HOME": "/h", "PYTHONHASHSEED": "7", "PYTHONINSPECT": "1"}
    )
    assert made["HOME"] == "/h"
    assert made["PYTHONHASHSEED"] == "0"
    assert made["MPLBACKEND"] == "module://thruway.kit.ambient.figures"
    assert made["EXTRA"] == "1"
    assert "PYTHONINSPECT" not in made


def test_importing_the_package_loads_no_library():
    modules = "audit children display drawing figures files ignored imports options output "
    modules += "protection random scanning skipped workspace"
    code = f"""
        import importlib, sys
        for name in {modules.split()!r}:
            importlib.import_module("thruway.kit.ambient." + name)
        heavy = ("numpy", "pandas", "matplotlib", "IPython", "torch")
        print([name for name in heavy if name in sys.modules])
    """
    assert run(code) == "[]"


def test_numpy_is_seeded_when_first_imported():
    code = """
        import sys
        from thruway.kit.ambient.random import seed_all, seed_on_import, streams
        seed_all(7)
        finders = len(sys.meta_path)
        with seed_on_import(7):
            assert list(streams()) == ["random:python"]
            import numpy as np
            first = np.random.rand()
        assert len(sys.meta_path) == finders
        np.random.seed(7)
        print(first == np.random.rand(), type(np.random.__spec__.loader).__name__)
    """
    assert run(code) == "True SourceFileLoader"


def test_watch_acts_once_per_module_and_leaves(tmp_path, monkeypatch):
    (tmp_path / "tw_watched_a.py").write_text("value = 1")
    (tmp_path / "tw_watched_b.py").write_text("import tw_watched_a")
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = []
    actions = {name: lambda m: seen.append(m.__name__) for name in ("tw_watched_a", "tw_watched_b")}
    before = list(sys.meta_path)
    with ImportWatch(actions):
        import tw_watched_b  # noqa: F401
    assert seen == ["tw_watched_a", "tw_watched_b"]
    assert sys.meta_path == before
    for name in actions:
        del sys.modules[name]
