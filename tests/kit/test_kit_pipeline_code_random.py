"""Random programs: whatever changes what a step computes changes its key, and nothing else does.

The oracle is Python itself: before and after the edit the step is imported and called.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from thruway.kit.code.key import code_key

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

MODULES = 3
CALLS = {
    "function": "{0}(x)",
    "constant": "{0}",
    "class": "{0}().go(x)",
    "subclass": "{0}().go(x)",
    "lambda": "{0}(x)",
    "table": "{0}['a'](x)",
    "default": "{0}(x)",
    "decorated": "{0}(x)",
    "closure": "{0}(3)(x)",
}
TEXTS = {
    "function": "def {name}(x):\n    return {number} + {uses}\n",
    "constant": "{name} = {number} + {constants}\n",
    "class": "class {name}:\n    part = {number}\n\n    def go(self, x):\n        return self.part + {uses}\n",
    "subclass": "class Base{name}:\n    def go(self, x):\n        return self.part + {uses}\n\n\nclass {name}(Base{name}):\n    part = {number}\n",
    "lambda": "{name} = lambda x: {number} + {uses}\n",
    "table": "def _{name}(x):\n    return {number} + {uses}\n\n\n{name} = {{'a': _{name}}}\n",
    "default": "def {name}(x, more={number} + {constants}):\n    return more + {uses}\n",
    "decorated": "def wrap{name}(f):\n    def called(x):\n        return f(x) + {number}\n    return called\n\n\n@wrap{name}\ndef {name}(x):\n    return {uses}\n",
    "closure": "def {name}(y):\n    def made(x):\n        return {number} * y + {uses}\n    return made\n",
}


@dataclass(frozen=True)
class Definition:
    name: str
    module: int
    kind: str
    number: int
    uses: tuple[int, ...]
    how: str

    def imported(self, into: int) -> tuple[str, str]:
        """Return an import, and what the name is then."""
        if self.module == into:
            return "", self.name
        return {
            "name": (f"from pk.m{self.module} import {self.name}\n", self.name),
            "alias": (
                f"from pk.m{self.module} import {self.name} as a{self.name}\n",
                f"a{self.name}",
            ),
            "module": (
                f"import pk.m{self.module} as m{self.module}\n",
                f"m{self.module}.{self.name}",
            ),
            "relative": (f"from .m{self.module} import {self.name}\n", self.name),
            "star": (f"from .m{self.module} import *\n", self.name),
        }[self.how]


@st.composite
def programs(draw):
    count = draw(st.integers(3, 9))
    found = [
        Definition(
            name=f"d{index}",
            module=index * MODULES // count,
            kind=draw(st.sampled_from([*sorted(CALLS), "constant", "constant", "default"])),
            number=draw(st.integers(0, 3)),
            uses=tuple(draw(st.sets(st.integers(0, index - 1), max_size=3))) if index else (),
            how=draw(st.sampled_from(["name", "alias", "module", "relative", "star"])),
        )
        for index in range(count)
    ]
    steps = draw(
        st.lists(st.sets(st.integers(0, count - 1), min_size=1, max_size=3), min_size=2, max_size=3)
    )
    order = draw(st.permutations(range(count)))
    return found, [tuple(sorted(step)) for step in steps], order


def write(folder, program, *, comment=""):
    """Write the modules; in each, functions come in any order, after what is used at once."""
    found, steps, order = program
    package = folder / "pk"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    for module in range(MODULES + 1):
        imports, parts = {}, []
        mine = [one for one in found if one.module == module]
        late = [one for one in mine if one.kind in ("function", "closure")]
        late.sort(key=lambda one: order[found.index(one)])
        for one in [*(each for each in mine if each not in late), *late]:
            constants = [found[use] for use in one.uses if found[use].kind == "constant"]
            used = [found[use] for use in one.uses]
            for other in used:
                imports[other.imported(module)[0]] = None
            if one.kind == "default":
                used = [other for other in used if other not in constants]
            parts.append(
                TEXTS[one.kind].format(
                    name=one.name,
                    number=one.number,
                    constants=" + ".join(["0", *(c.imported(module)[1] for c in constants)]),
                    uses=" + ".join(
                        ["x", *(CALLS[c.kind].format(c.imported(module)[1]) for c in used)]
                    ),
                )
            )
        if module == MODULES:
            for number, step in enumerate(steps):
                used = [found[use] for use in step]
                for other in used:
                    imports[other.imported(module)[0]] = None
                calls = " + ".join(CALLS[one.kind].format(one.imported(module)[1]) for one in used)
                parts.append(f"def step{number}(x):\n    return {calls}\n")
        (package / f"m{module}.py").write_text(
            "".join(imports) + comment + "\n\n" + "\n\n".join(parts)
        )


def called(folder, steps):
    """Return what each step gives, by importing it."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(f"pk.m{MODULES}")
        return [[getattr(module, f"step{n}")(x) for x in (1, 2, 5)] for n in range(len(steps))]
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "pk"]:
            del sys.modules[name]


def keys(folder, steps):
    file = folder / f"pk/m{MODULES}.py"
    return [code_key(file, f"step{number}", [folder]).hex for number in range(len(steps))]


def reached(found, step):
    waiting, seen = list(step), set()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += found[one].uses
    return seen


@hypothesis.settings(max_examples=300, deadline=None, derandomize=True)
@hypothesis.given(programs(), st.data())
def test_what_changes_a_result_changes_its_key(program, data):
    found, steps, order = program
    edited = data.draw(st.integers(0, len(found) - 1))
    edit = data.draw(st.sampled_from(["number"] * 4 + ["comment", "order", "import", "uses"]))
    one = found[edited]
    changed = {
        "number": replace(one, number=one.number + 1),
        "import": replace(one, how="module" if one.how == "name" else "name"),
        "uses": replace(one, uses=tuple(range(min(edited, 2)))),
    }.get(edit, one)
    after = [*found[:edited], changed, *found[edited + 1 :]]
    turned = order[::-1] if edit == "order" else order
    dont_write, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, program)
            before, keys_before = called(folder, steps), keys(folder, steps)
            write(folder, (after, steps, turned), comment="# more\n" if edit == "comment" else "")
            then, keys_then = called(folder, steps), keys(folder, steps)
    finally:
        sys.dont_write_bytecode = dont_write
    for number, step in enumerate(steps):
        if before[number] != then[number]:
            assert keys_before[number] != keys_then[number], "a result that is stale"
        if edit in ("comment", "order"):
            assert keys_before[number] == keys_then[number], "nothing changed"
        elif edit in ("number", "uses") and edited not in reached(found, step):
            assert keys_before[number] == keys_then[number], "it does not reach the edit"
