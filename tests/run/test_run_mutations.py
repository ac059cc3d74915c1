"""Edits of a project, and which steps each makes run again: those, and no others.

A step that would give another result must run again; what cannot change a result should not
make anything run. Whatever the table says, every row is also compared with a run that uses no
cache.
"""

from __future__ import annotations

import ast
import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from mutants import FILES, LIBRARY, write

from thruway.kit.project import load_project
from thruway.run import RunOptions, SilentReporter, forecast, run_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AFTER_CLEAN = "scale fit judge ranked boxed unboxed shown"
REPORT = "ranked boxed unboxed shown lone told"
ALL = "load clean scale fit judge ranked boxed unboxed shown lone told"


@dataclass(frozen=True)
class Sub:
    """Replace a text in a file."""

    file: str
    old: str
    new: str

    def __call__(self, where: Path) -> None:
        file = (
            where / self.file
            if "/" in self.file or "." in self.file
            else where / f"shop/{self.file}.py"
        )
        text = file.read_text()
        assert text.count(self.old) == 1, f"{self.old!r} is {text.count(self.old)} times in {file}"
        file.write_text(text.replace(self.old, self.new))


@dataclass(frozen=True)
class Row:
    """One edit, what it makes run, and what `why` says of the first of these."""

    name: str
    made: str
    edits: tuple[Callable[[Path], None], ...]
    why: str = ""
    before: tuple[Callable[[Path], None], ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def sub(name, file, old, new, made, why=""):
    return Row(name, made, (Sub(file, old, new),), why)


def code(place):
    return f"the code of `shop.{place}` changed"


def added(file, text):
    """Append statements to a module."""

    def edit(where):
        with (where / f"shop/{file}.py").open("a") as handle:
            handle.write(text)

    return edit


def in_place(file, old, new):
    """Edit a file so that its size and its time stay as they were."""
    assert len(old) == len(new)

    def edit(where):
        before = (where / file).stat()
        text = (where / file).read_text()
        assert old in text
        (where / file).write_text(text.replace(old, new))
        os.utime(where / file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (where / file).stat().st_mtime_ns == before.st_mtime_ns

    return edit


def touched(*names):
    def edit(where):
        for name in names:
            for file in where.glob(name):
                os.utime(file, (10_000, 10_000))

    return edit


def reflowed(where):
    """Write every module anew from its syntax: no comment, other quotes, other line breaks."""
    for file in where.rglob("*.py"):
        file.write_text("# written anew\n\n\n" + ast.unparse(ast.parse(file.read_text())) + "\n")


def reversed_functions(file):
    """Write the functions of a module in another order."""

    def edit(where):
        path = where / f"shop/{file}.py"
        tree = ast.parse(path.read_text())
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        # A decorator has to stand before what it decorates.
        plain = [
            f for f in functions if not f.decorator_list and f.name not in ("traced", "shifted")
        ]
        places = [tree.body.index(node) for node in plain]
        for place, node in zip(places, reversed(plain), strict=True):
            tree.body[place] = node
        path.write_text(ast.unparse(tree))

    return edit


def removed(name):
    return lambda where: (
        shutil.rmtree(where / name) if (where / name).is_dir() else (where / name).unlink()
    )


def moved(where):
    where.rename(where.with_name("elsewhere"))


def upgraded(where):
    """Install another version of the library."""
    site = where.with_name("site-packages")
    (site / "tinylib-1.0.dist-info").rename(site / "tinylib-1.1.dist-info")


def installed_anew(where):
    """Install a working copy of the library again, whose version nobody raised."""
    site = where.with_name("site-packages")
    text = "def mean(values):\n    return sum(values) / len(values) + 1\n"
    shutil.rmtree(site / "tinylib-1.0.dist-info")
    write(site, {**LIBRARY, "tinylib.py": text})
    (site / "tinylib-1.0.dist-info/RECORD").write_text("tinylib.py,sha256=other,70\n")
    from_a_folder(where)


def from_a_folder(where):
    site = where.with_name("site-packages")
    (site / "tinylib-1.0.dist-info/direct_url.json").write_text('{"url": "file:///x"}')


def environment(_where):
    os.environ["SHOP_MODE"] = "fast"


REGISTERED = Row(
    "decorator of a library that registers",
    REPORT,
    (Sub("ranking", "first = 1", "first = 2"),),
    code("ranking (module)"),
    before=(
        added(
            "ranking", "\n\nimport tinylib\n\n@tinylib.register('x')\nclass Late:\n    first = 1\n"
        ),
        lambda where: (where.with_name("site-packages") / "tinylib.py").write_text(
            LIBRARY["tinylib.py"]
            + "KNOWN = {}\n\ndef register(name):\n    return lambda made: KNOWN.setdefault(name, made)\n"
        ),
        Sub("report", "import shop.patched", "import tinylib\nimport shop.patched"),
        Sub("report", "{size}, ", "{tinylib.KNOWN['x'].first} {size}, "),
    ),
)

TWICE = (
    added("deep", "\n\ndef chosen():\n    return 0\n"),
    added("constants", "\n\ndef chosen():\n    return 1\n"),
)


def twice(first, second):
    """Import one name from two modules; the second one counts."""
    return f"from shop.{first} import chosen\nfrom shop.{second} import chosen\n"


MUST = [
    # Helpers, near and far
    sub("helper", "helpers", "v >= low", "v > low", "clean shown", code("helpers.trim")),
    sub("helper, other result", "helpers", "[polish(v) for", "[polish(v) + 1 for", f"clean {AFTER_CLEAN} told", code("helpers.trim")),
    sub("helper of a helper", "deep", "return 0", "return 0 * 2", "clean shown", code("deep.offset")),
    sub("helper in a branch", "deep", "abs(value)", "abs(value) * 1", "clean shown", code("deep.polish")),
    sub("branch not taken", "deep", "engine.polish(value)", "engine.polish(value, 1)", "clean shown", code("deep.polish")),
    sub("test of a branch", "deep", "engine is None", "not engine", "clean shown", code("deep.polish")),
    sub("conditional import", "deep", "import quicklib as", "import slowlib as", "clean shown", "`shop.deep.engine (import)`"),
    sub("private helper of the step's module", "fit", "value > 0 else", "value >= 0 else", "judge", code("fit._sign")),
    sub("body of a step", "report", "return box.open()", "return box.open() + 0", "unboxed", code("report.unboxed")),
    sub("a number of another type", "report", "low=2", "low=2.0", "shown", code("report.shown")),
    sub("an annotation", "fit", "def _sign(value)", "def _sign(value: float)", "judge", code("fit._sign")),
    Row("an edit that keeps size and time", "clean shown", (in_place("shop/helpers.py", "v >= low", "low <= v"),), code("helpers.trim")),
    # Constants and defaults
    sub("constant through a module", "constants", "LIMIT = 100", "LIMIT = 50", "clean shown", code("constants.LIMIT")),
    sub("constant imported by name", "constants", "SEPARATOR = None", "SEPARATOR = ' '", "load", code("constants.SEPARATOR")),
    sub("constant in a decorator", "helpers", "STEP = 1", "STEP = 2", f"clean {AFTER_CLEAN} told", code("helpers.STEP")),
    sub("dictionary", "constants", '"small"', '"tiny"', "told", code("constants.WORDS")),
    sub("lambda", "constants", "round(x, 6)", "round(x, 5)", "judge", code("constants.ROUND")),
    sub("dictionary of functions", "prepare", "x * 2,", "x * 2 + 0,", "scale", code("prepare.TABLE")),
    sub("partial", "prepare", "exp=1", "exp=2", "scale", code("prepare.TABLE")),
    sub("default argument", "helpers", "low=0", "low=1", "clean shown", code("helpers.trim")),
    sub("default of a keyword", "prepare", "rate: float)", "rate: float, *, by: int = 1)", "scale", code("prepare.scale")),
    # Classes
    sub("property of a base class", "kinds", "self.of * self.part", "self.part * self.of", "scale", code("kinds.Whole")),
    sub("class attribute", "kinds", "part = 0.5", "part = 0.25", "scale fit judge", code("kinds.Half")),
    sub("attribute of a base class", "kinds", "part = 1.0", "part = 2.0", "scale", code("kinds.Whole")),
    sub("method that overrides", "kinds", '"half"', '"Half"', "scale", code("kinds.Half")),
    sub("override that is new", "kinds", "part = 0.5\n", "part = 0.5\n    value = 2.0\n", "scale", code("kinds.Half")),
    sub("base class", "kinds", "class Half(Whole):", "class Half(Whole, object):", "scale", code("kinds.Half")),
    sub("default of a dataclass", "kinds", "times: int = 1", "times: int = 3", "scale", code("kinds.Config")),
    sub("value of a configuration", "prepare", "Config(times=2)", "Config(times=3)", "scale fit judge", code("prepare.CONFIG")),
    sub("function that a closure gives", "kinds", "value * times", "times * value", "scale", code("kinds.maker")),
    sub("schema of a port", "schemas", "low: int = 0", "low: int = 1", "scale", code("schemas.Positive")),
    sub("base of a schema", "schemas", "strict = True", "strict = False", "scale", code("schemas.Schema")),
    sub("class of a value that another step made", "kinds", "self.content[0]", "self.content[-1]", "boxed unboxed told", code("kinds.Box")),
    # Decorators
    sub("body of a decorator", "helpers", "+ STEP", "+ STEP + 0", "clean", code("helpers.shifted")),
    sub("body of a decorator with arguments", "helpers", "* times", "* times * 1", "clean", code("helpers.traced")),
    sub("argument of a decorator", "helpers", "@traced(1)", "@traced(2)", f"clean {AFTER_CLEAN} told", code("helpers.weigh")),
    sub("order of decorators", "helpers", "@traced(1)\n@shifted", "@shifted\n@traced(1)", "clean", code("helpers.weigh")),
    sub("a decorator less", "helpers", "@traced(1)\n@shifted", "@shifted", "clean", code("helpers.weigh")),
    Row("decorator of a step", "unboxed", (Sub("report", "@step\ndef unboxed", "def same(f):\n    return f\n\n\n@step\n@same\ndef unboxed"),), code("report.unboxed")),
    # What importing a module does
    sub("module-level effect", "switch", '["shift"] = 0.5', '["shift"] = 0.75', "fit judge", code("switch (module)")),
    sub("what an effect changes", "switch", '"other": 0', '"other": 1', "fit judge", code("switch.SETTINGS")),
    sub("new effect in a package", "__init__", "from .kinds import Box", "from .kinds import Box\nprint(end='')", ALL, "`shop (module)` is new"),
    sub("patch of another module", "patched", '"loud"', '"LOUD"', REPORT, code("patched.louder")),
    sub("what was patched", "target", '"quiet"', '"QUIET"', REPORT, code("target.word")),
    sub("a patch less", "patched", "target.word = louder", "louder", REPORT, code("patched (module)")),
    sub("class that registers itself", "ranking", "sorted(values)[-1]", "sorted(values)[-1] + 0", REPORT, code("ranking (module)")),
    sub("__init_subclass__", "ranking", "= cls\n", "= cls  or cls\n", REPORT, code("ranking.Ranker")),
    sub("metaclass", "ranking", '"the "', '"The "', REPORT, code("ranking.Named")),
    Row("one registered class more", REPORT, (added("ranking", "\n\nclass Highest(Ranker):\n    pass\n"),), code("ranking (module)")),
    # Names and where they come from
    sub("star import", "everything", "def starred(value):\n    return value", "def starred(value):\n    return value + 0", "scale", code("everything.starred")),
    sub("__all__", "everything", '["starred"]', '["starred", "hidden"]', "scale", code("everything.__all__")),
    Row("re-export", "shown", (Sub("__init__", "trim as", "cut as"), added("helpers", "\n\ndef cut(values, low):\n    return trim(values, low)\n")), "`shop.helpers.cut` is new"),
    Row("a helper of one's own instead of an import", "clean shown", (Sub("helpers", "import polish, unit", "import unit"), added("helpers", "\n\ndef polish(value):\n    return abs(value)\n")), "`shop.deep.offset` is gone"),
    sub("import under another name", "prepare", "import trim, weigh", "import trim, unrelated as weigh", f"clean {AFTER_CLEAN} told", "`shop.helpers.shifted` is gone"),
    Row("a name imported twice, the other way round", "fit judge", (Sub("fit", twice("deep", "constants"), twice("constants", "deep")),), "`shop.fit.chosen (import)`",
        before=(*TWICE, Sub("fit", "import tinylib\n", twice("deep", "constants") + "import tinylib\n"), Sub("fit", '["shift"]', '["shift"] + chosen()'))),
    Row("a definition that a star import hides", "scale fit judge", (Sub("everything", "def starred(value):\n    return value", "def starred(value):\n    return value + 1"),), code("everything.starred"),
        before=(Sub("prepare", "from .everything import *", "def starred(value):\n    return value\n\n\nfrom .everything import *"),)),
    Row("a moved star import", "scale", (Sub("prepare", "from .everything import *\n", ""), Sub("prepare", "import functools\n", "import functools\nfrom .everything import *\n")), "starred",
        before=(Sub("prepare", "from .everything import *", "def starred(value):\n    return value\n\n\nfrom .everything import *"),)),
    Row("a constant bound twice, the other way round", "judge told", (Sub("fit", "FINAL = 1\nFINAL = 2\n", "FINAL = 2\nFINAL = 1\n"),), code("fit.FINAL"),
        before=(Sub("fit", "def _sign", "FINAL = 1\nFINAL = 2\n\n\ndef _sign"), Sub("fit", "+ bonus", "+ bonus + FINAL"))),
    Row("a constant computed before and not after a change", "judge told", (Sub("fit", "SEEN = dict(KEPT)\nKEPT['a'] = 2\n", "KEPT['a'] = 2\nSEEN = dict(KEPT)\n"),), "`shop.fit.SEEN`",
        before=(Sub("fit", "def _sign", "KEPT = {'a': 1}\nSEEN = dict(KEPT)\nKEPT['a'] = 2\n\n\ndef _sign"), Sub("fit", "+ bonus", "+ bonus + SEEN['a']"))),
    Row("order of two patches", "fit judge told", (Sub("fit", "import shop.one\nimport shop.two\n", "import shop.two\nimport shop.one\n"),), "order",
        before=(lambda where: write(where / "shop", {"spot.py": "value = 0\n", "one.py": "from shop import spot\nspot.value = 1\n", "two.py": "from shop import spot\nspot.value = 2\n"}),
                Sub("fit", "def _sign", "import shop.one\nimport shop.two\nfrom shop import spot\n\n\ndef _sign"), Sub("fit", "+ bonus", "+ bonus + spot.value"))),
    Row("a name that only a comprehension hides", "judge", (Sub("fit", "return [0]", "return [0, 0]"),), code("fit.part"),
        before=(added("fit", "\n\ndef part():\n    return [0]\n"), Sub("fit", "+ bonus", "+ bonus + sum([part for part in part()])"))),
    REGISTERED,
    Row("a docstring that is read", "told", (Sub("report", '"""one"""', '"""two"""'),), "`shop.report (docstrings)` changed",
        before=(added("report", '\n\ndef said():\n    """one"""\n'), Sub("report", "{size}, ", "{said.__doc__} {size}, "))),
    Row("a module found by its name", "told", (Sub("late", "1", "2"),), "late",
        before=(lambda where: write(where / "shop", {"late.py": "number = 1\n"}),
                Sub("report", "    size = ", "    import importlib\n    number = importlib.import_module('shop.' + 'late').number\n    size = "), Sub("report", "{size}, ", "{number} {size}, "))),
    Row("a module found by its path", "told", (Sub("late", "1", "2"),), "late",
        before=(lambda where: write(where / "shop", {"late.py": "number = 1\n"}),
                Sub("report", "    size = ", "    import runpy\n    number = runpy.run_path(__file__.replace('report', 'late'))['number']\n    size = "), Sub("report", "{size}, ", "{number} {size}, "))),
    Row("a file beside the module, read when it is imported", "fit judge told", (Sub("shop/setting.txt", "1", "2"),), "setting.txt",
        before=(lambda where: write(where / "shop", {"setting.txt": "1"}),
                Sub("fit", "def _sign", "from pathlib import Path\nNAME = 'setting'\nSETTING = int(Path(__file__).with_name(NAME + '.txt').read_text())\n\n\ndef _sign"), Sub("fit", "+ bonus", "+ bonus + SETTING"))),
    # Data, parameters, surroundings
    Row("data in place, with its size and time", f"load clean {AFTER_CLEAN} told", (in_place("data/a.txt", "3 1 2", "5 1 2"),), "the file `a.txt` changed"),
    Row("data of the same meaning", "load", (Sub("data/a.txt", "3 1 2", "3  1  2"),), "the file `a.txt` changed"),
    Row("data under another name", "load", (lambda where: (where / "data/a.txt").rename(where / "data/b.txt"),), "parameter `name` was 'a.txt', is 'b.txt'", params={"name": "b.txt"}),
    Row("parameter", "scale fit judge", (), "parameter `rate` was 2.0, is 4.0", params={"rate": 4.0}),
    Row("type of a parameter", "scale", (), "parameter `rate` was 2.0, is 2", params={"rate": 2}),
    Row("parameter of a late step", "judge told", (), "parameter `bonus` was 0, is 7", params={"bonus": 7}),
    sub("default of a parameter", "pipeline", "bonus: int = 0", "bonus: int = 7", "judge told", "parameter `bonus` was 0, is 7"),
    sub("argument in the pipeline", "pipeline", "judge(fitted, bonus)", "judge(fitted, 7)", "judge told", "parameter `bonus` was 0, is 7"),
    sub("wiring of the pipeline", "pipeline", "shown(cleaned)", "shown(rows)", "", ""),
    Row("version of a library", "fit", (upgraded,), "package tinylib was 1.0, is 1.1"),
    Row("library installed again from a folder", "fit judge", (installed_anew,), "package tinylib was 1.0", before=(from_a_folder,)),
    Row("seed", ALL, (), "the ambient seed was 0, is 1", options={"seed": 1}),
    Row("environment variable", "scale fit judge", (environment,), "environment variable SHOP_MODE changed"),
]  # fmt: skip

SAME = [
    sub("comment", "ingest", "# one line,", "# on one line,", ""),
    sub("comment on a line of code", "helpers", "STEP = 1", "STEP = 1  # more", ""),
    sub("docstring of a step", "ingest", '"""Read the numbers."""', '"""Other."""', ""),
    sub("docstring of a helper", "helpers", '"""Cut."""', "", ""),
    sub("docstring of a module", "helpers", '"""Helpers."""', '"""Other."""', ""),
    Row("all modules formatted anew", "", (reflowed,)),
    sub("line breaks", "helpers", "[polish(v) for v in values if v >= low and v < constants.LIMIT]", "[\n        polish(v)\n        for v in values\n        if (v >= low and v < constants.LIMIT)\n    ]", ""),
    sub("quotes", "constants", '"low": "small"', "'low': 'small'", ""),
    sub("unrelated function", "helpers", "return value - 1", "return value - 9", ""),
    sub("unrelated function of the step's module", "fit", "def _sign", "def other():\n    return 1\n\n\ndef _sign", ""),
    sub("unrelated function behind a star import", "everything", "def hidden(value):\n    return value", "def hidden(value):\n    return value + 1", ""),
    sub("unused constant", "constants", "UNUSED = 1", "UNUSED = 2", ""),
    Row("order of functions", "", (reversed_functions("helpers"),)),
    Row("order of functions in the step's module", "", (Sub("helpers", "def unrelated(value):\n    return value - 1\n\n\n", ""), added("helpers", "\n\ndef unrelated(value):\n    return value - 1\n"))),
    sub("order of constants", "constants", "LIMIT = 100\nUNUSED = 1\n", "UNUSED = 1\nLIMIT = 100\n", ""),
    sub("order of imports", "prepare", "from .kinds import Config, Half, maker\nfrom .schemas import Positive\n", "from .schemas import Positive\nfrom .kinds import Config, maker, Half\n", ""),
    sub("imports in parentheses", "prepare", "from .helpers import trim, weigh", "from .helpers import (\n    trim,\n    weigh,\n)", ""),
    sub("unused import", "ingest", "from thruway import step", "import json\nfrom thruway import step", ""),
    sub("import for type checkers", "ingest", "from thruway import step", "from typing import TYPE_CHECKING\n\nfrom thruway import step\n\nif TYPE_CHECKING:\n    from shop.kinds import Box", ""),
    sub("main block", "fit", "def _sign", 'if __name__ == "__main__":\n    print(1)\n\n\ndef _sign', ""),
    sub("role of a step", "fit", 'role="evaluate"', 'role="validate"', ""),
    sub("retries of a step", "report", "@step\ndef lone", "@step(retries=2)\ndef lone", ""),
    Row("names in the pipeline", "", (Sub("pipeline", "alone = lone()", "lonely = lone()"), Sub("pipeline", "show, alone, text", "show, lonely, text"))),
    sub("order of calls in the pipeline", "pipeline", "show = shown(cleaned)\n    alone = lone()\n", "alone = lone()\n    show = shown(cleaned)\n", ""),
    Row("touched modules", "", (touched("shop/*.py"),)),
    Row("touched data", "", (touched("data/*"),)),
    Row("data written again", "", (lambda where: (where / "data/a.txt").write_text("3 1 2\n"),)),
    Row("new data that nobody reads", "", (lambda where: (where / "data/z.txt").write_text("1"),)),
    Row("new module that nobody imports", "", (lambda where: (where / "shop/news.py").write_text("print(1)\n"),)),
    Row("moved project", "", (moved,)),
    Row("deleted outputs", "", (lambda where: shutil.rmtree(where / "outputs", ignore_errors=True),)),
    Row("blank lines in pyproject.toml", "", (Sub("pyproject.toml", "data =", "\n\n# where\ndata   ="),)),
    Row("new table in pyproject.toml", "", (Sub("pyproject.toml", "[tool.thruway]", "[tool.other]\nx = 1\n\n[tool.thruway]"),)),
]  # fmt: skip


class Heard(SilentReporter):
    def __init__(self):
        self.states = {}

    def step_finished(self, step, state, seconds, reason):  # noqa: ARG002 - the protocol's
        self.states[step] = state


class Mutant:
    """A project and what its steps did in the last run."""

    def __init__(self, folder):
        self.folder = folder

    @property
    def dir(self):
        return next(one for one in self.folder.iterdir() if one.name in ("project", "elsewhere"))

    def run(self, **options):
        heard = Heard()
        result = run_project(load_project(self.where), RunOptions(**options), heard)
        made = " ".join(step for step, state in heard.states.items() if state != "CACHED")
        return made, {name: repr(result.load(name)) for name in result.results}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The project after its first run."""
    folder = tmp_path_factory.mktemp("finished")
    write(folder / "project", FILES)
    write(folder / "site-packages", LIBRARY)
    sys.path.append(str(folder / "site-packages"))
    try:
        Mutant(folder).run()
    finally:
        sys.path.remove(str(folder / "site-packages"))
        forget()
    return folder


@pytest.fixture
def mutant(finished, tmp_path, monkeypatch):
    """A copy of it; the library is in a folder of its own too."""
    shutil.copytree(finished, tmp_path / "copy")
    monkeypatch.syspath_prepend(str(tmp_path / "copy/site-packages"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "copy/site-packages"), prepend=os.pathsep)
    monkeypatch.delenv("SHOP_MODE", raising=False)
    yield Mutant(tmp_path / "copy")
    forget()


def forget():
    """Unload what a process that begins has not loaded."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("shop", "tinylib"):
            del sys.modules[name]


def check(mutant, row, **options):
    for edit in row.before:
        edit(mutant.where)
    if row.before:
        mutant.run(**options)
    for edit in row.edits:
        edit(mutant.where)
    forget()
    options = {**options, **row.options, "params": row.params}
    planned = forecast(load_project(mutant.where), RunOptions(**options))
    made, results = mutant.run(**options)
    assert made == row.made
    first = next((step for step in planned.steps if step.verdict == "run"), None)
    assert row.why in (first.reason if first else "")
    assert bool(first) == bool(row.made)
    _, right = mutant.run(**{**options, "no_cache": True, "force": True})
    assert results == right
    if options.get("isolate"):
        assert mutant.run(**options)[0] == ""


@pytest.mark.parametrize("row", MUST, ids=lambda row: row.name)
def test_what_must_run_again(mutant, row):
    check(mutant, row)


@pytest.mark.parametrize("row", SAME, ids=lambda row: row.name)
def test_what_must_not_run_again(mutant, row):
    check(mutant, row)


@pytest.mark.parametrize("row", [*MUST[::10], *SAME[::10]], ids=lambda row: row.name)
def test_processes_of_their_own_answer_the_same(mutant, row):
    check(mutant, row, isolate=True)


def test_the_table_is_large_enough():
    names = [row.name for row in [*MUST, *SAME]]
    assert len(set(names)) == len(names) >= 90
