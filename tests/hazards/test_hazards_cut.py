"""Our own hazards, cut at every cell and at every statement.

What the program sets around itself (`state_cases`) is run with a process for every step; what it
only computes is run step by step through the store, which costs less.
"""

from __future__ import annotations

import ast
import importlib
import re
import textwrap

import language_cases
import library_cases
import pytest
import state_cases
from forked import CAN_FORK
from stepwise import examine

TABLES = {"language": language_cases, "state": state_cases, "library": library_cases}
MODES = ("cells", "statements")
# Imported once here, so that every fork has them.
WARM = ("numpy", "pandas", "sklearn.linear_model", "matplotlib.pyplot", "seaborn")
# Known faults, to be mended: case → what the plan does not see. A migration finds them in the proof.
WAITING = {
    "__getattr__ with state": "looking at a value calls its `__getattr__`",
    "a builtin hidden and given back": "`del` of a local name does not show the builtin again",
    "a function patched by setattr": "an attribute of a module set by a call",
    "a handler of the program's own class": "handlers of named loggers",
    "a method of an estimator replaced": "an attribute of a library's class",
    "a method put on DataFrame": "an attribute of a library's class",
    "a string of a class with __reduce__": "identity of a value that does not change",
    "an abstract base class with a registered class": "the registry of an abstract class",
    "an accessor registered on DataFrame": "an attribute of a library's class",
    "an index shared by two frames": "the name of an index belongs to every frame that has it",
    "copyreg and json encoders": "an attribute of a library's class",
    "csv dialects registered": "a registry of the standard library",
    "exec of assignments": "`exec` in a function binds nothing",
    "gc and sys settings": "switches of the interpreter",
    "lru_cache": "what a cached function remembers",
    "signal handlers": "handlers of the process",
    "sys.path": "a module that the program wrote itself is imported before it is there",
    "time zones and time.tzset": "state of the C library",
    "warnings.catch_warnings left open": "a recorded warning holds the file that it came from",
}
# As above, but only when cut at every statement.
WAITING_AT_STATEMENTS = {"a sentinel compared with is": "identity of a value that does not change"}


def cases():
    for kind, table in TABLES.items():
        for name, (_, text) in table.CASES.items():
            for mode in MODES:
                reason = WAITING.get(name, "")
                if mode == "statements":
                    reason = reason or WAITING_AT_STATEMENTS.get(name, "")
                marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
                if kind == "state" and not CAN_FORK:
                    marks.append(pytest.mark.skip(reason="a step is a fork of this process"))
                yield pytest.param(kind, text, mode, marks=marks, id=f"{kind}: {name}, {mode}")


@pytest.fixture(scope="module", autouse=True)
def warm():
    for module in WARM:
        importlib.import_module(module)


def needed(text):
    """Root packages that a program imports."""
    code = re.sub(r"^\s*[%!].*$", "", textwrap.dedent(text), flags=re.MULTILINE)
    for part in ast.walk(ast.parse(code)):
        if isinstance(part, ast.Import):
            yield from (alias.name.split(".")[0] for alias in part.names)
        elif isinstance(part, ast.ImportFrom) and part.module:
            yield part.module.split(".")[0]


@pytest.mark.parametrize(("table", "text", "mode"), list(cases()))
def test_leaves_what_the_whole_leaves(table, text, mode):
    for package in {"tqdm", "torch", "scipy", "joblib"} & set(needed(text)):
        pytest.importorskip(package)
    kind = "script" if "plt.ion()" in text else "notebook"
    assert examine(text, mode, kind, isolated=table == "state").found == []
