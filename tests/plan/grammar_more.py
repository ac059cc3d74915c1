"""More of the language for random programs: state of classes, functions, streams, models, figures.

Each group of statements is a method that gives what can be said now; `grammar.Writer` does the
rest.
"""

from __future__ import annotations

import ast
import re

from grammar import FUNCTIONS, HEADER, Writer
from hypothesis import strategies as st

MORE_HEADER = """\
import functools
import os
from collections import deque
import matplotlib.pyplot as plt
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

class Pool:
    made = 0
    seen = []

    def __init__(self, v):
        Pool.made += 1
        self.v = v

    @classmethod
    def note(cls, v):
        cls.seen.append(v)
        return len(cls.seen)

LOG = []
REGISTRY = {}
MISSING = object()

def logged(f):
    @functools.wraps(f)
    def inner(v):
        LOG.append(f.__name__)
        return f(v)
    return inner

def register(f):
    REGISTRY[f.__name__] = f
    return f

def counter(start):
    def up(v):
        nonlocal start
        start += v
        return start
    return up

def orelse(v, default=MISSING):
    return 7 if default is MISSING else v
"""
FIT = "{0}.fit([[0.0], [1.0], [2.0]], [0.0, 1.0, {1}.0])"


class Richer(Writer):
    """Draws from all groups."""

    def __init__(self, draw):
        super().__init__(draw)
        self.fitted = set()
        self.attributes = set()
        self.optional = {self.classes, self.decorated, self.streams, self.models, self.frames}
        self.optional |= {self.figures, self.settings, self.identity, self.errors, self.lazy}

    def pick(self, options):
        """Return one of the texts; only now is `<kind>` in it a name of that kind."""
        return re.sub(r"<(\w+)>", lambda found: self.target(found[1]), self.one(options))

    def target(self, kind):
        name = super().target(kind)
        self.fitted.discard(name)
        return name

    def statement(self):
        if self._draw(st.integers(0, 2)) == 0:
            return super().statement()
        groups = sorted(self.optional, key=lambda group: group.__name__)
        return self.one(groups)()

    def classes(self):
        v = self.scalar()
        return self.pick(
            [
                f"Pool.made += {v}",
                f"Pool.seen.append({v})",
                f"Pool.note({v})",
                f"Pool.extra = {v}",
                "<int> = Pool.made + len(Pool.seen)",
                f"<int> = Pool({v}).v + Pool.made",
            ]
        )

    def decorated(self):
        v, name = self.scalar(), self.one(FUNCTIONS)
        head = self.one(["@logged", "@register", "@functools.lru_cache", "@logged\n@register"])
        forms = [
            f"{head}\ndef {name}(v):\n    return v + 1",
            f"{head}\ndef {name}(v):\n    LOG.append(v)\n    return v",
            f"{name} = counter({v})",
            f"def {name}(v):\n    return v + {name}.extra\n{name}.extra = {v}",
            f"{name} = functools.partial(max, {v})",
        ]
        uses = ["<int> = len(LOG)"]
        uses.append("<int> = sum(one(1) for one in REGISTRY.values())")
        text = self.pick([*forms, *uses])
        if "= len(LOG)" in text or "in REGISTRY" in text:
            return text
        self.functions = {f: made for f, made in self.functions.items() if name not in made[1]}
        self.functions[name] = (text, (), {})
        if ".extra" in text:
            self.attributes.add(name)
        else:
            self.attributes.discard(name)
        return text

    def function(self):
        text = super().function()
        self.attributes = {name for name in self.attributes if f"def {name}(" not in text}
        self.attributes = {name for name in self.attributes if not text.startswith(f"{name} =")}
        if self.attributes and self.maybe():
            return f"{text}\n{self.one(sorted(self.attributes))}.extra += 1"
        return text

    def streams(self):
        v, streams = self.scalar(), self.have("stream")
        if not streams or self.maybe():
            return self.pick([f"<stream> = random.Random({v})"])
        one = self.one(streams)
        lists = self.have("list")
        options = [f"<int> = {one}.randint(0, 99)"]
        if lists:
            options.append(f"{one}.shuffle({self.one(lists)})")
        return self.pick(options)

    def models(self):
        v, models, scalers = self.number(), self.have("model"), self.have("scaler")
        options = ["model", "scaler"]
        options += ["fit"] * 2 * bool(models) + ["scale"] * bool(scalers)
        options += ["pipe", "pipe"] * bool(models and scalers)
        options += ["predict"] * bool(self.fitted & set(models))
        match self.one(options):
            case "model":
                return self.pick(["<model> = LinearRegression()"])
            case "scaler":
                return self.pick(["<scaler> = StandardScaler()"])
            case "fit":
                name = self.one(models)
                self.fitted.add(name)
                return FIT.format(name, v)
            case "scale":
                return f"{self.one(scalers)}.fit([[{v}.0], [1.0]])"
            case "pipe":
                one, other = self.one(scalers), self.one(models)
                steps = f'("s", {one}), ("m", {other})'
                return self.pick([f"<model> = Pipeline([{steps}])"])
        name = self.one(sorted(self.fitted & set(models)))
        return self.pick([f"<int> = round(float({name}.predict([[{v}.0]])[0]))"])

    def frames(self):
        v, many, single = self.scalar(), self.have("frames"), self.have("frame")
        if not many or self.maybe():
            if not single:
                return self.pick(['<frame> = pd.DataFrame({"u": [3, 1, 2], "v": [1.0, 2.0, 4.0]})'])
            one, other = self.one(single), self.one(single)
            return self.pick([f'<frames> = {{"a": {one}, "b": {other}, "c": {one}.copy()}}'])
        name = self.one(many)
        return self.pick(
            [
                f'{name}["a"]["w"] = {v}',
                f'{name}["b"].loc[0, "u"] = {v}',
                f'for part in {name}.values():\n    part["u"] += 1',
                f"for k, part in {name}.items():\n    {name}[k] = part.assign(z={v})",
                f'<frame> = {name}["a"]',
                f'<int> = int({name}["b"]["u"].sum())',
            ]
        )

    def figures(self):
        v, axes = self.scalar(), self.have("axes")
        options = [f"plt.plot([1, {v}])", "plt.figure()", f"plt.title(str({v}))", "plt.show()"]
        if axes:
            one = self.one(axes)
            options += [f"{one}.plot([1, {v}])", f"{one}.set_title('t')"]
            options.append(f"<int> = len({one}.lines)")
        else:
            options.append("fig, <axes> = plt.subplots()")
        return self.pick(options)

    def settings(self):
        v = self.scalar()
        return self.pick(
            [
                f'pd.set_option("display.max_rows", 10 + abs({v}))',
                "pd.options.display.max_rows = 12",
                '<int> = pd.get_option("display.max_rows")',
                f'with pd.option_context("display.max_rows", 3):\n    <int> = pd.get_option("display.max_rows") + {v}',
                f'os.environ["TW_TEST"] = str({v})',
                'os.environ["TW_TEST"] = "fixed"',
                '<int> = len(os.environ.get("TW_TEST", ""))',
                'plt.rcParams["lines.linewidth"] = 3',
                '<int> = int(plt.rcParams["lines.linewidth"])',
            ]
        )  # fmt: skip

    def identity(self):
        v = self.scalar()
        options = [
            f"<int> = orelse({v})",
            f"<int> = orelse({v}, MISSING)",
            f"<dict> = dict(k={v}, s=MISSING)",
            f"<int> = int(orelse(1, 2) == {v})",
        ]
        dicts, held = self.have("dict"), self.have("list", "dict", "frame", "box", "model")
        if dicts:
            options.append(f'<int> = int({self.one(dicts)}.get("s") is MISSING)')
        if len(held) > 1:
            options.append(f"<int> = int({self.one(held)} is {self.one(held)})")
        return self.pick(options)

    def errors(self):
        v, errors = self.scalar(), self.have("error")
        if not errors or self.maybe():
            return self.pick([f"try:\n    [][{v}]\nexcept IndexError as e:\n    <error> = e"])
        return self.pick([f"<int> = len(str({self.one(errors)}))"])

    def lazy(self):
        v, lazy, waiting = self.scalar(), self.have("iterator"), self.have("deque")
        if lazy and self.maybe():
            one = self.one(lazy)
            return self.pick([f"<list> = list({one})", f"next({one}, None)"])
        if waiting and self.maybe():
            one = self.one(waiting)
            return self.pick([f"{one}.append({v})", f"{one}.rotate(1)", f"<int> = len({one})"])
        return self.pick(
            [
                f"<iterator> = (i * {v} for i in range(4))",
                f"<iterator> = zip([1, 2, 3], [{v}, 5, 6])",
                f"<iterator> = map(str, [{v}, 2, 3])",
                f"<deque> = deque([{v}, 1], maxlen=3)",
                "exec('<int> = 5')",
                f"globals()['<int>'] = {v}",
            ]
        )


def header_for(body):
    """The definitions that a body needs, and no more: what is not there costs no time."""
    text = f"{HEADER}{MORE_HEADER}"
    parts = {}
    for part in ast.parse(text).body:
        name = getattr(part, "name", None) or ast.unparse(part).split()[-1]
        if isinstance(part, ast.Assign):
            name = ast.unparse(part.targets[0])
        start = min([part.lineno, *(d.lineno for d in getattr(part, "decorator_list", []))])
        parts[name] = "\n".join(text.splitlines()[start - 1 : part.end_lineno])
    kept, wanted = set(), body
    while more := {n for n in parts if n not in kept and re.search(rf"\b{n}\b", wanted)}:
        kept |= more
        wanted = "\n".join(parts[name] for name in kept)
    return "\n".join(part for name, part in parts.items() if name in kept) + "\n"


@st.composite
def rich_programs(draw, most=12):
    """A program of all groups that runs, with its cuts."""
    writer = Richer(draw)
    count = draw(st.integers(2, most))
    body = "".join(
        ("# %%\n" if writer.maybe() else "") + writer.statement() + "\n" for _ in range(count)
    )
    return header_for(body) + body
