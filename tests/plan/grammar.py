"""Small programs at random: every way of sharing, changing and remembering that Python has.

A strategy draws statement after statement and keeps in mind which kind of value each name holds,
so that the programs run. `# %%` lines, drawn too, are where they are cut.
"""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = "abcde"
FUNCTIONS = "fgh"
FILES = ("p.txt", "q.txt")
NUMBER = st.integers(1, 9)


class Writer:
    """One program while it is drawn."""

    def __init__(self, draw):
        self._draw = draw
        self.kinds = {}
        self.functions = {}
        self.files = set()

    # --- picking ---------------------------------------------------------------------------

    def one(self, options):
        return self._draw(st.sampled_from(list(options)))

    def maybe(self):
        return self._draw(st.booleans())

    def number(self):
        return self._draw(NUMBER)

    def have(self, *kinds):
        return sorted(n for n, kind in self.kinds.items() if kind in kinds)

    def some(self, *kinds):
        return self.one(self.have(*kinds))

    def target(self, kind):
        name = self.one(NAMES)
        self.kinds[name] = kind
        return name

    def scalar(self):
        """An integer expression of what there is."""
        options = [str(self.number()), *self.have("int")]
        options += [f"{name}[0]" for name in self.have("list")]
        options += [f"len({name})" for name in self.have("dict", "list", "set")]
        options += [f"int({name}.sum())" for name in self.have("array")]
        options += [f"int({name}['u'].sum())" for name in self.have("frame")]
        options += [f"{name}.n" for name in self.have("box")]
        return self.one(options)

    # --- statements ------------------------------------------------------------------------

    def statement(self):
        makers = [self.bind_int, self.bind_list, self.bind_dict, self.bind_array, self.bind_other]
        makers += [self.loop, self.branch, self.random, self.function, self.file, self.shown]
        if self.have("list", "dict", "array", "frame", "box", "set"):
            makers += [self.change, self.change, self.alias, self.alias, self.view]
        if self.functions:
            makers += [self.call, self.call]
        if len(self.kinds) > 1:
            makers += [self.swap, self.nest, self.forget]
        return self.one(makers)()

    def bind_int(self):
        value = self.scalar()
        form = self.one(
            ["{0} = {1}", "{0} = {1} + 1", "{0} = -({1})", "if ({0} := {1}) > 3:\n    pass"]
        )
        old = self.have("int")
        if old and self.maybe():
            return f"{self.one(old)} += {value}"
        return form.format(self.target("int"), value)

    def bind_list(self):
        value = self.scalar()
        others = self.have("list")
        form = self.one(
            ["[{0}]", "[3, {0}, 1]", "list(range({0} % 3 + 1))", "[i * {0} for i in range(2)]"]
        )
        text = form.format(value)
        if others and self.maybe():
            text = self.one(["list({0})", "{0}[:]", "{0} + [7]", "sorted({0}, key=str)"]).format(
                self.one(others)
            )
        return f"{self.target('list')} = {text}"

    def bind_dict(self):
        value = self.scalar()
        return f"{self.target('dict')} = " + self.one(
            [f'{{"k": {value}}}', f"dict(k={value}, m=2)", "{}"]
        )

    def bind_array(self):
        value = self.scalar()
        text = self.one(
            [
                f"np.arange(6.0) + {value}",
                "np.zeros(4)",
                f"np.full(3, {value})",
                "np.arange(4).reshape(2, 2)",
            ]
        )
        return f"{self.target('array')} = {text}"

    def bind_other(self):
        value = self.scalar()
        kind, text = self.one(
            [("frame", 'pd.DataFrame({"u": [3, 1, 2], "v": [1.0, 2.0, 4.0]})'), ("set", f"{{1, {value}}}"),
             ("box", f"Box({value})"), ("iterator", f"iter([1, {value}, 5])"), ("rng", f"np.random.default_rng({value})")]
        )  # fmt: skip
        return f"{self.target(kind)} = {text}"

    def change(self):
        name = self.some("list", "dict", "array", "frame", "box", "set")
        value = self.scalar()
        forms = {
            "list": ["{0}.append({1})", "{0}[0] = {1}", "{0} += [{1}]", "{0}.reverse()", "{0}.extend([1, {1}])",
                     "{0}.sort(key=str)", "{0} *= 2", "{0}.insert(0, {1})"],
            "dict": ['{0}["k"] = {1}', "{0}.update(m={1})", '{0}.setdefault("s", {1})', '{0}.pop("m", None)', "{0} |= {{'o': {1}}}"],
            "array": ["{0}[:1] = {1}", "{0} += {1}", "{0} *= 2", "{0}.sort()", "{0}.fill({1})", "np.add({0}, 1, out={0})"],
            "frame": ['{0}["w"] = {1}', '{0}.loc[0, "u"] = {1}', '{0}.sort_values("u", inplace=True)', '{0}["u"] *= 2',
                      "{0} = {0}.assign(z={1})"],
            "box": ["{0}.n = {1}", "{0}.grow({1})", "{0}.items.append({1})"],
            "set": ["{0}.add({1})", "{0}.discard(1)"],
        }  # fmt: skip
        return self.one(forms[self.kinds[name]]).format(name, value)

    def alias(self):
        name = self.some("list", "dict", "array", "frame", "box", "set")
        kind = self.kinds[name]
        second = self.target(kind)
        return self.one(
            [
                f"{second} = {name}",
                f"({second},) = ({name},)",
                f"{second} = {name} if {self.number()} > 4 else {name}",
            ]
        )

    def view(self):
        arrays, frames, boxes = self.have("array"), self.have("frame"), self.have("box")
        if arrays:
            name = self.one(arrays)
            text = self.one(
                [
                    "{0}[:2]",
                    "{0}.T",
                    "{0}.reshape(-1)",
                    "np.asarray({0})",
                    "{0}[::-1]",
                    "{0}.copy()",
                ]
            )
            return f"{self.target('array')} = {text.format(name)}"
        if frames:
            name = self.one(frames)
            return f"{self.target('array')} = " + self.one(
                ['{0}["u"].to_numpy().copy()', '{0}[["u", "v"]].to_numpy(copy=True)']
            ).format(name)
        if boxes:
            return f"{self.target('list')} = {self.one(boxes)}.items"
        return self.change()

    def swap(self):
        one, other = self.one(sorted(self.kinds)), self.one(sorted(self.kinds))
        self.kinds[one], self.kinds[other] = self.kinds[other], self.kinds[one]
        return f"{one}, {other} = {other}, {one}"

    def nest(self):
        one = self.one(sorted(self.kinds))
        kind = self.kinds[one]
        if kind == "iterator":
            return f"{self.target('int')} = next({one}, 0)"
        if kind == "rng":
            return f"{self.target('int')} = int({one}.integers(9))"
        name = self.target("dict")
        return f'{name} = {{"k": {one}}}'

    def forget(self):
        name = self.one(sorted(self.kinds))
        del self.kinds[name]
        self.functions = {f: made for f, made in self.functions.items() if name not in made[1]}
        return f"del {name}"

    def random(self):
        value = self.number()
        lists, arrays = self.have("list"), self.have("array")
        options = [f"random.seed({value})", f"np.random.seed({value})"]
        if lists:
            options.append(f"random.shuffle({self.one(lists)})")
        if arrays:
            options.append(f"np.random.shuffle({self.one(arrays)})")
        kind = self.one(["seed", "python", "numpy", "choice"])
        if kind == "python":
            return f"{self.target('int')} = random.randint(0, 99)"
        if kind == "numpy":
            return f"{self.target('array')} = np.random.rand({value % 3 + 1})"
        if kind == "choice":
            return f"{self.target('int')} = int(np.random.choice(5))"
        return self.one(options)

    def file(self):
        path = self.one(FILES)
        if path in self.files and self.maybe():
            name = self.target("int")
            return f'with open("{path}") as handle:\n    {name} = len(handle.read())'
        mode = self.one("wa")
        value = self.scalar()
        self.files.add(path)
        return f'with open("{path}", "{mode}") as handle:\n    handle.write(str({value}) + "!")'

    def shown(self):
        return f"print({self.scalar()})"

    # --- blocks ----------------------------------------------------------------------------

    def inner(self):
        """A statement that leaves the kinds of names alone: a change, or an integer."""
        if self.have("list", "dict", "array", "frame", "box", "set") and self.maybe():
            return self.change()
        ints = self.have("int")
        return f"{self.one(ints)} += 1" if ints else f"print({self.number()})"

    def loop(self):
        inside = self.inner().replace("\n", "\n    ")
        head = self.one(["for i in range(2):", "for i, j in enumerate('xy'):"])
        return f"{head}\n    {inside}"

    def branch(self):
        ints = self.have("int")
        test = f"{self.one(ints)} > {self.number()}" if ints else f"{self.number()} > 4"
        first, second = self.inner(), self.inner()
        form = self.one(
            [
                "if {0}:\n    {1}",
                "if {0}:\n    {1}\nelse:\n    {2}",
                "try:\n    {1}\n    1 / 0\nexcept ZeroDivisionError:\n    {2}",
            ]
        )
        return form.format(test, first.replace("\n", "\n    "), second.replace("\n", "\n    "))

    # --- functions -------------------------------------------------------------------------

    def function(self):
        name = self.one(FUNCTIONS)
        ints, lists = self.have("int"), self.have("list")
        forms = [("def {f}(v):\n    return v + 1", ()), ("{f} = lambda v: v * 2", ())]
        if ints:
            x = self.one(ints)
            forms += [
                (f"def {{f}}(v):\n    return v + {x}", (x,)),
                (f"def {{f}}(v):\n    global {x}\n    {x} += v\n    return {x}", (x,)),
                (f"{{f}} = lambda v, w={x}: v + w", ()),
                (f"def {{f}}(v):\n    global {x}\n    {x} = v\n    return 1", (x,)),
            ]
        if lists:
            x = self.one(lists)
            forms += [
                (f"def {{f}}(v):\n    {x}.append(v)\n    return len({x})", (x,)),
                (f"def {{f}}(v, seen={x}):\n    seen.append(v)\n    return len(seen)", ()),
            ]
        others = sorted(set(self.functions) - {name})
        if others:
            g = self.one(others)
            forms.append((f"def {{f}}(v):\n    return {g}(v) + 1", self.functions[g][1] + (g,)))
        text, uses = self.one(forms)
        self.functions = {f: made for f, made in self.functions.items() if name not in made[1]}
        self.functions[name] = (text, tuple(uses), {u: self.kinds.get(u) for u in uses})
        return text.format(f=name)

    def call(self):
        ready = [
            f for f, (_, uses, kinds) in self.functions.items()
            if all(u in self.functions or self.kinds.get(u) == kinds.get(u) for u in uses)
        ]  # fmt: skip
        if not ready:
            return self.shown()
        name = self.one(ready)
        value = self.scalar()
        return self.one([f"{name}({value})", f"{self.target('int')} = {name}({value})"])


HEADER = """\
import random
import numpy as np
import pandas as pd


class Box:
    def __init__(self, n):
        self.n, self.items = n, [n]

    def grow(self, by):
        self.n += by
        self.items.append(by)

"""


@st.composite
def programs(draw, most=12):
    """A program that runs, with its cuts."""
    writer = Writer(draw)
    return HEADER + "".join(written(writer) for _ in range(draw(st.integers(2, most))))


def written(writer):
    """The next statement, perhaps at the beginning of a cell."""
    return ("# %%\n" if writer.maybe() else "") + writer.statement() + "\n"
