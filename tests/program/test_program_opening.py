"""Program text → its statements once everything is opened, or why something stays closed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from observed import write_program

from thruway.errors import MigrationRefused
from thruway.program import Program, read_program
from thruway.source import read_source

if TYPE_CHECKING:
    from pathlib import Path


def program(folder: Path, text: str, **options) -> Program:
    path = folder / "prog.py"
    path.write_text(text, encoding="utf-8")
    return read_program(read_source(path), **options)


def statements(folder: Path, text: str, **options) -> list[str]:
    return [statement.code for statement in program(folder, text, **options).statements]


LOAD = "def load(path):\n    df = read_csv(path)\n    df = df.dropna()\n    model = df.fit()\n    return df\n"
OPENED = {
    "gives a value": ("def main():\n    a = 1\n    return a\nmain()", ["a = 1"]),
    "gives what it computes": ("def main():\n    return f()\nmain()", ["f()"]),
    "bound by the caller": ("def main():\n    a = 1\n    return a, 2\nb, c = main()", ["a = 1", "b, c = a, 2"]),
    "gives nothing to a target": ("def main():\n    a = 1\nb = main()", ["a = 1", "b = None"]),
    "exit status": (
        "import sys\ndef main():\n    a = 1\n    return 0\nsys.exit(main())",
        ["import sys", "a = 1"],
    ),
    "raises its exit": ("def main():\n    a = 1\nraise SystemExit(main())", ["a = 1"]),
    "printed calls of what is not the program's": (
        "m = Ridge()\n" + "print(m.predict(1))\n" * 5,
        ["m = Ridge()"] + ["print(m.predict(1))"] * 5,
    ),
    "takes arguments": ("def main(x=1):\n    a = x\nmain()", ["x = 1", "a = x"]),
    "stacks of arrays": ("def main():\n    a = np.stack([1])\nmain()", ["a = np.stack([1])"]),
    "argv": ("def main(argv=None):\n    a = argv\nmain()", ["argv = None", "a = argv"]),
    "literal arguments go to the top": (
        "def main(n, *, k):\n    a = n\nb = 1\nmain(k='x', n=3)",
        ["k = 'x'", "n = 3", "b = 1", "a = n"],
    ),
    "other arguments stay at the call": (
        "def main(n):\n    a = n\nb = 1\nmain(b + 1)",
        ["b = 1", "n = b + 1", "a = n"],
    ),
    "a default that is computed": (
        "def main(a=f()):\n    b = a\na = 1\nmain()\nprint(a)",
        ["main_a = f()", "a = 1", "b = main_a", "print(a)"],
    ),
    "arguments that swap": (
        "def main(a, b):\n    print(a, b)\na, b = f()\nmain(b, a)",
        ["a, b = f()", "a, b = b, a", "print(a, b)"],
    ),
    "ends the program early": (
        "def main():\n    if c:\n        return\n    a = 1\nmain()",
        ["if c:\n    raise SystemExit", "a = 1"],
    ),
    "each path gives its own": (
        "def main():\n    if c:\n        return 1\n    else:\n        a = 2\n        return a\nb = main()",
        ["if c:\n    b = 1\nelse:\n    a = 2\n    b = a"],
    ),
    "global": ("a = 0\ndef main():\n    global a\n    a = 1\nmain()\nprint(a)", ["a = 0", "a = 1", "print(a)"]),
    "a nested function": (
        "def main():\n    n = 1\n    def f():\n        return n\n    print(f())\nmain()",
        ["n = 1", "def f():\n    return n", "print(f())"],
    ),
    "a name that is not needed any more": (
        "a = 0\ndef main():\n    a = 1\n    print(a)\nmain()",
        ["a = 0", "a = 1", "print(a)"],
    ),
    "a name that is needed later": (
        "a = 0\ndef main():\n    a = 1\n    print(f'{a:>3}', a)\nmain()\nprint(a)",
        ["a = 0", "main_a = 1", "print(f'{main_a:>3}', main_a)", "print(a)"],
    ),
    "the caller's name": (LOAD + "df = load('x')", ["path = 'x'", "df = read_csv(path)", "df = df.dropna()", "model = df.fit()"]),
    "one kind of thing stays": (
        "def load(path):\n    a = read_csv(path)\n    b = 1\n    return a\nc = load('x')",
        ["def load(path):\n    a = read_csv(path)\n    b = 1\n    return a", "c = load('x')"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OPENED)
def test_what_is_opened(case: str, tmp_path: Path) -> None:
    text, expected = OPENED[case]
    imports = "" if "read_csv" not in text else "from pandas import read_csv\n"
    assert statements(tmp_path, imports + text)[bool(imports) :] == expected


SHOWN = {
    "a value": ("best()", ["rows = []", "display(len(rows))"]),
    "silenced": ("best();", ["rows = []", "len(rows)"]),
    "not the last of its cell": ("best()\nc = 1", ["rows = []", "len(rows)", "c = 1"]),
}


@pytest.mark.parametrize("case", SHOWN)
def test_what_a_notebook_shows_is_shown_once_opened(case: str, tmp_path: Path) -> None:
    call, expected = SHOWN[case]
    loads = "    df = read_csv('x')\n    df.fit()\n"
    text = f"from pandas import read_csv\ndef best():\n{loads}    rows = []\n    return len(rows)\n"
    path = write_program(tmp_path, f"{text}# %%\n{call}\n# %%\nlast = 2")
    found = [statement.code for statement in read_program(read_source(path)).statements]
    assert found[3:-1] == expected


CLOSED = {
    "called twice": ("def main():\n    a = 1\nmain()\nmain()", "more than once"),
    "used by another": ("def main():\n    a = 1\nf = main\nmain()", "more than once"),
    "calls itself": ("def main(n=1):\n    main(0)\nmain()", "more than once"),
    "generator": ("def main():\n    yield 1\nmain()", "generator"),
    "many names of the module": (
        "a = b = c = d = 0\ndef main():\n    a = b = c = d = 1\nmain()\nprint(a, b, c, d)",
        "4 of its names",
    ),
    "name that a helper reads": (
        "def f():\n    return max(a)\ndef main():\n    import max\n    f()\nmain()",
        "two meanings",
    ),
    "locals": ("def main():\n    a = 1\n    print(locals())\nmain()", "looks at its own names"),
    "decorated": ("@d\ndef main():\n    a = 1\nmain()", "decorated"),
    "early and then more": (
        "def main():\n    if c:\n        return\n    a = 1\nmain()\nprint(1)",
        "returns early",
    ),
    "early in a try": (
        "def main():\n    try:\n        if c:\n            return\n    except SystemExit:\n        pass\n    a = 1\nmain()",
        "returns early",
    ),
    "a file that its end closes": (
        "def main():\n    f = open('x', 'w')\n    f.write('a')\nmain()",
        "closed only because",
    ),
    "rebinds around": (
        "def main():\n    n = 1\n    def f():\n        nonlocal n\n        n += 1\n    f()\nmain()",
        "nonlocal",
    ),
    "its result is the status": ("import sys\ndef main():\n    return f()\nsys.exit(main())", "exit status"),
    "in another statement": ("def main():\n    a = 1\ntry:\n    main()\nexcept ValueError:\n    pass", "part of another"),
    "waits": ("import asyncio\nasync def main():\n    a = 1\nasyncio.run(main())", "part of another"),
    "names that are missing": ("def main():\n    try:\n        a\n    except NameError:\n        a = 1\nmain()", "NameError"),
    "any arguments": ("def main(*a):\n    b = a\nmain()", "any number"),
}  # fmt: skip


@pytest.mark.parametrize("case", CLOSED)
def test_what_stays_closed(case: str, tmp_path: Path) -> None:
    text, reason = CLOSED[case]
    found = program(tmp_path, text)
    assert "function" in [statement.kind for statement in found.statements]
    assert [f.code for f in found.findings] == ["TW121"]
    assert reason in found.findings[0].reason


def test_nothing_is_opened_when_not_asked_for(tmp_path: Path) -> None:
    text = "def main():\n    a = 1\nif __name__ == '__main__':\n    main()"
    assert len(statements(tmp_path, text, open=False)) == 2


def test_statements_keep_their_place_and_comments(tmp_path: Path) -> None:
    text = (
        "# all\ndef main():\n    '''Do it.'''\n    # one\n    a = '''x\n    y'''\n\n"
        "    b = 2  # two\n\n\n# go\nif __name__ == '__main__':\n    main()\n"
    )
    found = program(tmp_path, text).statements
    assert [(s.place.line, s.code, s.comment) for s in found] == [
        (5, "a = '''x\n    y'''", "# go\n# all\n# Do it.\n# one"),
        (8, "b = 2  # two", ""),
    ]


def test_comments_that_end_a_cell_stay_behind_when_another_is_opened(tmp_path: Path) -> None:
    opened = "def main():\n    c = 1\n    return c\nd = main()"
    path = write_program(tmp_path, f"a = 1\n# end\n# %%\n# begin\nb = 2\n# %%\n{opened}")
    found = read_program(read_source(path))
    assert found.opened
    comments = {statement.code: statement.comment for statement in found.statements}
    assert (comments["a = 1"], comments["b = 2"]) == ("# end", "# begin")


def test_what_comes_out_of_a_function_has_its_name_for_a_heading(tmp_path: Path) -> None:
    text = "from pandas import read_csv\ndef load_all(path):\n    a = read_csv(path)\n    a.fit()\n    return a\nx = load_all('x')\nprint(x)"
    found = program(tmp_path, text).statements
    assert [s.heading for s in found] == ["", "", "Load all", "Load all", "Load all", ""]


PARSER = "import argparse\nparser = argparse.ArgumentParser(description='x')\n"
ARGUMENTS: dict[str, tuple[str, list[str]]] = {
    "attributes": (
        PARSER + "parser.add_argument('--lr', type=float, default=1)\nargs = parser.parse_args()\nprint(args.lr)",
        ["lr = 1", "print(lr)"],
    ),
    "inside functions": (
        PARSER + "parser.add_argument('--no-c', action='store_true')\nargs = parser.parse_args()\n"
        "def f():\n    return args.no_c\ndef g(args):\n    return args.no_c\nprint(f(), f())",
        ["no_c = False", "def f():\n    return no_c", "def g(args):\n    return args.no_c", "print(f(), f())"],
    ),
    "a name that is taken": (
        PARSER + "parser.add_argument('--model', default='a')\nargs = parser.parse_args()\nmodel = f(args.model)",
        ["args_model = 'a'", "model = f(args_model)"],
    ),
    "a copy": (
        PARSER + "parser.add_argument('--n', type=int, default=3)\nargs = parser.parse_args()\nn = args.n\nprint(n, args.n)",
        ["n = 3", "print(n, n)"],
    ),
    "changed": (
        PARSER + "parser.add_argument('--n', type=int, default=3)\nargs = parser.parse_args()\nargs.n = args.n + 1\nargs.m = 2\nprint(args.m)",
        ["args_n = 3", "n = args_n", "n = n + 1", "m = 2", "print(m)"],
    ),
    "a whole": (
        PARSER + "parser.add_argument('--n', type=int)\nargs = parser.parse_args()\nf(args)\ng(args.n)",
        ["n = None", "args = argparse.Namespace(n=n)", "f(args)", "g(args.n)"],
    ),
    "shown": (
        PARSER + "parser.add_argument('--n', type=int)\nargs = parser.parse_args()\nprint(args)\ng(args.n)",
        ["n = None", "args = argparse.Namespace(n=n)", "print(args)", "g(n)"],
    ),
    "lists, groups and the rest": (
        PARSER + "g = parser.add_argument_group('g')\ng.add_argument('--c', nargs='+', default=['a'])\n"
        "parser.set_defaults(z=9)\nargs, rest = parser.parse_known_args()\nprint(args.c, args.z)",
        ["c = ['a']", "z = 9", "rest = []", "print(c, z)"],
    ),
    "types of the program": (
        PARSER + "def yes(s):\n    return s == 'y'\nparser.add_argument('--a', type=yes, default='y')\n"
        "parser.add_argument('--b', type=yes, default=True)\nargs = parser.parse_args()\nprint(args.a, args.b)",
        ["def yes(s):\n    return s == 'y'", "a_text = 'y'", "b = True", "a = yes(a_text)", "print(a, b)"],
    ),
    "paths": (
        "from pathlib import Path\n" + PARSER + "parser.add_argument('--d', type=Path, default='x')\nargs = parser.parse_args()\nprint(args.d.name)",
        ["import argparse", "d = 'x'", "print(Path(d).name)"],
    ),
    "a constant for a default": (
        "N = 5\n" + PARSER + "parser.add_argument('--n', type=int, default=N)\nargs = parser.parse_args()\nprint(args.n, N)",
        ["import argparse", "n = 5", "print(n, N)"],
    ),
    "a computed default": (
        "import os\n" + PARSER + "parser.add_argument('--d', type=str, default=os.environ.get('SM_DIR'))\n"
        "args, _ = parser.parse_known_args()\nprint(args.d)",
        ["import argparse", "d = os.environ.get('SM_DIR')", "_ = []", "print(d)"],
    ),
    "a function that parses": (
        "import argparse\ndef get_args(argv=None):\n    p = argparse.ArgumentParser()\n    p.add_argument('n', type=int, nargs='?', default=2)\n    return p.parse_args(argv)\ndef main(args):\n    print(args.n)\nif __name__ == '__main__':\n    main(get_args())",
        ["argv = None", "n = 2", "print(n)"],
    ),
    "parents": (
        "import argparse\nbase = argparse.ArgumentParser(add_help=False)\nbase.add_argument('--n', default=1)\nparser = argparse.ArgumentParser(parents=[base])\nargs = parser.parse_args()\nprint(args.n)",
        ["n = 1", "print(n)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments_of_the_command_line(case: str, tmp_path: Path) -> None:
    text, expected = ARGUMENTS[case]
    assert statements(tmp_path, text)[1:] == expected


def test_the_command_line_gives_the_defaults(tmp_path: Path) -> None:
    text = PARSER + (
        "parser.add_argument('csv', help='the\\n data')\n"
        "parser.add_argument('--lr', type=float, help='rate (default: %(default)s)')\n"
        "parser.add_argument('--on', action='store_true')\n"
        "args = parser.parse_args()\nf(args.csv, args.lr, args.on)"
    )
    found = program(tmp_path, text, arguments=("x.csv", "--lr", ".5", "--on")).statements
    assert [(s.code, s.argument, s.comment) for s in found[1:4]] == [
        ("csv = 'x.csv'", "str", "# the data"),
        ("lr = 0.5", "float", "# rate"),
        ("on = True", "bool", ""),
    ]
    with pytest.raises(MigrationRefused, match=r"required: csv(.|\n)*migrate prog\.py -- "):
        program(tmp_path, text)


UNDERSTOOD = {
    "subcommands": "s = parser.add_subparsers()\n",
    "a computed default of a type": "parser.add_argument('--n', type=int, default=len('abc'))\n",
    "an unknown option": "parser.add_argument('--n', color=1)\n",
    "other uses": "print(parser.format_help())\n",
    "files": "parser.add_argument('--n', type=argparse.FileType('r'))\n",
}


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_a_parser_that_is_not_understood_stays(case: str, tmp_path: Path) -> None:
    found = program(tmp_path, PARSER + UNDERSTOOD[case] + "args = parser.parse_args()\nprint(args)")
    assert "args = parser.parse_args()" in [s.code for s in found.statements]
    assert [f.code for f in found.findings] == ["TW121"]


def test_what_stays_closed_reads_the_same_command_line(tmp_path: Path) -> None:
    text = "import sys\nf(sys.argv[1], len(sys.argv))\nparser.parse_args()"
    assert statements(tmp_path, text, arguments=("x", "y"))[1:] == [
        "f('x', len(['prog.py', 'x', 'y']))",
        "parser.parse_args(['x', 'y'])",
    ]
    assert statements(tmp_path, text)[1:] == text.split("\n")[1:]


TRAINER = """
class Trainer:
    # where it is
    folder = "."

    def __init__(self, path, scale=2):
        self.path = path
        self.count = scale * 2
        self.tried = []

    def load(self):
        self.df = pd.read_csv(self.path)

    def try_(self, n):
        self.tried.append(n)
        return self.df.fit(n, self.count)

    def run(self, n=2):
        # all of it
        self.load()
        model = self.try_(n)
        self.try_(self.folder)
        return model
"""
TRIES = "def try_(n):\n    tried.append(n)\n    return df.fit(n, count)"
APART = {
    "bound": (
        "t = Trainer('x')\nm = t.run()\nprint(t.df)",
        ["folder = '.'", "scale = 2", "path = 'x'", TRIES, "n = 2", "count = scale * 2", "tried = []",
         "df = pd.read_csv(path)", "model = try_(n)", "try_(folder)", "m = model", "print(df)"],
    ),
    "not bound, with a name in use": (
        "df = f()\nTrainer(df, 3).run(1)\nprint(df)",
        ["folder = '.'", "scale = 3", TRIES.replace("df", "trainer_df"), "n = 1", "df = f()", "path = df",
         "count = scale * 2", "tried = []", "trainer_df = pd.read_csv(path)", "model = try_(n)", "try_(folder)",
         "print(df)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", APART)
def test_an_object_is_taken_apart(case: str, tmp_path: Path) -> None:
    text, expected = APART[case]
    found = statements(tmp_path, f"import pandas as pd\n{TRAINER}\n{text}")
    assert [code.replace('"', "'") for code in found[1:]] == expected


def test_an_attribute_does_not_hide_a_function_of_python(tmp_path: Path) -> None:
    text = TRAINER.replace("self.count = scale * 2", "self.max = max(scale, 2)").replace(
        "self.count", "self.max"
    )
    found = statements(tmp_path, f"import pandas as pd\n{text}\nTrainer('x').run()")
    assert "trainer_max = max(scale, 2)" in found


WHOLE = TRAINER.replace("self.df = ", "self.df = f(self) or ")
CALLS = ["t.load()", "model = t.try_(n)", "t.try_(t.folder)"]
DRIVEN = {
    "bound": ("t = Trainer('x')\nm = t.run()", ["t = Trainer('x')", "n = 2", *CALLS, "m = model"]),
    "not bound": ("Trainer('x').run(n=3)", ["trainer = Trainer('x')", "n = 3", *CALLS]),
    "printed": ("print(Trainer('x').run())", ["trainer = Trainer('x')", "n = 2", *CALLS, "result = model", "print(result)"]),
    "its name is taken": ("trainer = 1\nTrainer('x').run()", ["trainer = 1", "trainer_object = Trainer('x')", "n = 2", *CALLS]),
    "driven twice": ("t = Trainer('x')\nt.run()\nt.run()", ["t = Trainer('x')", "t.run()", "t.run()"]),
    "two of them": ("t = Trainer('x')\nt = Trainer('y')\nt.run()", ["t = Trainer('x')", "t = Trainer('y')", "t.run()"]),
}  # fmt: skip
CALLED = {"not bound": "trainer", "printed": "trainer", "its name is taken": "trainer_object"}


@pytest.mark.parametrize("case", DRIVEN)
def test_an_object_that_is_passed_on_is_kept(case: str, tmp_path: Path) -> None:
    text, expected = DRIVEN[case]
    found = statements(tmp_path, f"import pandas as pd\n{WHOLE}\n{text}")[2:]
    name = CALLED.get(case, "t")
    assert found == [re.sub(r"\bt\.", f"{name}.", line) for line in expected]


KEPT = {
    "private names": ("self.__x = 1", "private"),
    "super": ("super().load()", "super"),
    "bound again": ("self.run = 1", "bound again"),
    "two meanings": ("f = [lambda self: self for _ in '']", "two meanings"),
}


@pytest.mark.parametrize("case", KEPT)
def test_a_method_that_stays_closed(case: str, tmp_path: Path) -> None:
    line, reason = KEPT[case]
    cls = WHOLE.replace("        return model", f"        {line}")
    found = program(tmp_path, f"import pandas as pd\n{cls}\nTrainer('x').run()")
    assert [f.code for f in found.findings] == ["TW121"]
    assert reason in found.findings[0].reason
    assert found.statements[-1].code == "Trainer('x').run()"


CLICK = """
import click
@click.command()
@click.option("--lr", "-l", default=0.1, help="rate")
@click.option("--kind", type=click.Choice(["a", "b"]), default="a")
@click.argument("csv")
def main(csv, lr, kind):
    df = open_(csv, kind)
    print(df, lr)
if __name__ == "__main__":
    main()
"""
TYPER = """
import typer
from pathlib import Path
from typing import Annotated
app = typer.Typer()
@app.command()
def main(
    csv: Path,  # where
    lr: float = typer.Option(0.1, "--lr", "-l", help="rate"),
    kind: Annotated[str, typer.Option(help="")] = "a",
):
    df = open_(csv, kind)
    print(df, lr)
if __name__ == "__main__":
    app()
"""


def test_click_commands(tmp_path: Path) -> None:
    found = program(tmp_path, CLICK, arguments=("-l", "1", "d.csv")).statements
    assert [(s.code, s.argument, s.comment) for s in found[1:]] == [
        ("lr = 1.0", "float", "# rate"),
        ("kind = 'a'", "str", ""),
        ("csv = 'd.csv'", "str", ""),
        ("df = open_(csv, kind)", "", ""),
        ("print(df, lr)", "", ""),
    ]


def test_typer_commands(tmp_path: Path) -> None:
    found = program(tmp_path, TYPER, arguments=("d.csv", "--kind", "b")).statements
    assert [(s.code, s.argument, s.comment) for s in found[3:]] == [
        ("csv_text = 'd.csv'", "str", ""),
        ("lr = 0.1", "float", "# rate"),
        ("kind = 'b'", "str", ""),
        ("csv = Path(csv_text)", "", ""),
        ("df = open_(csv, kind)", "", ""),
        ("print(df, lr)", "", ""),
    ]


COMMANDS = {
    "missing": (CLICK, MigrationRefused, "Missing argument 'CSV'"),
    "missing too": (TYPER, MigrationRefused, "Missing argument 'CSV'"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_that_needs_words(case: str, tmp_path: Path) -> None:
    text, error, message = COMMANDS[case]
    with pytest.raises(error, match=message):
        program(tmp_path, text)


UNUSUAL = {
    "computed": CLICK.replace("0.1", "f()"),
    "callback": CLICK.replace('help="rate"', "callback=f"),
    "statements behind": CLICK + "print(1)",
    "group": CLICK.replace("@click.command()", "@click.command()\n@click.pass_context"),
    "two commands": TYPER.replace(
        "if __name__", "@app.command()\ndef other():\n    pass\nif __name__"
    ),
}


@pytest.mark.parametrize("case", UNUSUAL)
def test_a_command_that_is_not_understood_stays(case: str, tmp_path: Path) -> None:
    found = program(tmp_path, UNUSUAL[case])
    assert "TW121" in {f.code for f in found.findings}
    assert "function" in {s.kind for s in found.statements}


def test_a_program_that_lies_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "job.py").write_text("def main():\n    pass\n")
    found = program(tmp_path, "from work.job import main\nif __name__ == '__main__':\n    main()")
    assert [(f.code, f.fix) for f in found.findings] == [("TW121", "migrate work/job.py itself")]
