"""A notebook or script as text → the Python of its cells, or the three lines of an error."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from thruway.errors import MigrationRefused, SourceError
from thruway.source import read_source

if TYPE_CHECKING:
    from pathlib import Path


def notebook(folder: Path, *cells: str, **extra: Any) -> Path:
    """Write a notebook; a cell that begins with `md:` or `raw:` is of that kind."""
    kinds = {"md:": "markdown", "raw:": "raw"}
    records = []
    for cell in cells:
        mark = next((mark for mark in kinds if cell.startswith(mark)), "")
        kind = kinds.get(mark, "code")
        text = cell.removeprefix(mark)
        records.append(
            {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
        )
    path = folder / "nb.ipynb"
    record = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": records, **extra}
    path.write_text(json.dumps(record))
    return path


def script(folder: Path, text: str | bytes, name: str = "prog.py") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


CODE = {
    "plain": ("x = 1", "x = 1"),
    "magic inside a string": ('s = """\n%foo\n!ls\n"""', 's = """\n%foo\n!ls\n"""'),
    "modulo is no magic": ("a = 5 \\\n%3", "a = 5 \\\n%3"),
    "look magics": ("%matplotlib inline\nx = 1", "# %matplotlib inline\nx = 1"),
    "help": ("x = 1\nx?\n?x\nx.real??", "x = 1\n# x?\n# ?x\n# x.real??"),
    "time": ("x = 1\n%time y = x + 1", "x = 1\ny = x + 1"),
    "time gives a value": ("x = %time 1 + 1", "x = 1 + 1"),
    "prun": ("%prun -s cumulative print(1)", "print(1)"),
    "timeit": ("x = 1\n%timeit x", "x = 1\n# %timeit x"),
    "cell time": ("%%time\nx = 1", "# %%time\nx = 1"),
    "cell magics stack": (
        "# note\n%%time\n%%capture\nx = 1",
        "# note\n# %%time\n# %%capture\nx = 1",
    ),
    "cell timeit": ("%%timeit\nx = 1\n\ny", "# %%timeit\n# x = 1\n\n# y"),
    "cell html": ("%%html\n<b>x</b>", "# %%html\n# <b>x</b>"),
    "a script that is skipped": ("%%script false\nx = 1", "# %%script false\n# x = 1"),
    "shell cell that only shows": ("%%bash\nls -l\npwd", "# %%bash\n# ls -l\n# pwd"),
    "shell that shows": ("!ls data | head\nx = 1", "# !ls data | head\nx = 1"),
    "in a block": ("if True:\n    !pip install x", "if True:\n    pass  # !pip install x"),
    "continued": ("!pip install a \\\n    b\nx = 1", "# !pip install a \\\n# b\nx = 1"),
    "shell that acts": (
        "!mkdir -p out",
        "import subprocess; subprocess.run('mkdir -p out', shell=True, check=False)",
    ),
    "shell with values": (
        "u = 'x'\n!wget $u -O {u} && ls $HOME",
        "u = 'x'\nimport subprocess; subprocess.run('wget $u -O {u} && ls $HOME', shell=True, check=False)",
    ),
    "shell with values alone": (
        "u = {'k': [1]}\n!echo {u['k'][0] + 1} $u $$u > a",
        (
            "u = {'k': [1]}\nimport subprocess; subprocess.run(f\"echo {u['k'][0] + 1} {u} $u > a\", "
            "shell=True, check=False)"
        ),
    ),
    "what only the author's shell does": (
        "!cp {a,b}.txt out",
        (
            "import os; import subprocess; subprocess.run('cp {a,b}.txt out', shell=True, check=False, "
            'executable=os.environ.get("SHELL"))'
        ),
    ),
    "output of a shell line": (
        "files = !ls parts",
        (
            "import subprocess; files = subprocess.run('ls parts', shell=True, check=False, "
            "stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.splitlines()"
        ),
    ),
    "file": (
        '%%writefile a.py\nx = """1\\n"""\n',
        (
            'import pathlib; pathlib.Path(\'a.py\').write_text("""\\\nx = \\"\\"\\"1\\\\n\\"\\"\\"\n'
            '""", encoding="utf-8")'
        ),
    ),
    "file, added to": (
        "%%file -a a.txt\none",
        (
            'import pathlib\nwith pathlib.Path(\'a.txt\').open("a", encoding="utf-8") as added: '
            'added.write("""\\\none\n"""); del added'
        ),
    ),
    "script": (
        "%%bash --out text -s $k\necho $1",
        (
            "import subprocess; text = subprocess.run(['bash', '-s', '$k'], check=True, text=True, "
            'stdout=subprocess.PIPE, input="""\\\necho $1\n""").stdout'
        ),
    ),
    "await": (
        "x = 1\nx += await f(x)\nasync for i in g():\n    print(i)\nawait x;",
        (
            "x = 1\nimport asyncio\nasync def wait_in_cell_1(x=x):\n    x += await f(x)\n"
            "    async for i in g():\n        print(i)\n    await x;\n    return x\n"
            "x = asyncio.run(wait_in_cell_1())"
        ),
    ),
    "await that is shown": (
        "await f()",
        "import asyncio\nasync def wait_in_cell_1():\n    return await f()\nasyncio.run(wait_in_cell_1())",
    ),
    "awk's braces": (
        "!awk '{print $1}' a > b",
        "import subprocess; subprocess.run(\"awk '{print $1}' a > b\", shell=True, check=False)",
    ),
    "env": ("%env A=b", "import os; os.environ['A'] = 'b'"),
    "cd": ("%cd ../data", "import os; os.chdir('../data')"),
    "cd home": ("%cd ~/x", "import os; os.chdir(os.path.expanduser('~/x'))"),
    "xdel": ("x = 1\n%xdel x", "x = 1\ndel x"),
    "prompts": (">>> a = 1\n>>> b = 2", "a = 1\nb = 2"),
    "indented cell": ("    a = 1\n    b = 2", "a = 1\nb = 2"),
    "magic without its sign": ("pip install pandas", "# %pip install pandas"),
    "exported by nbconvert": (
        "get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1",
        "# get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1",
    ),
    "exported cell magic": (
        "get_ipython().run_cell_magic('time', '', 'x = 1\\ny = 2\\n')\nz = 3",
        "x = 1\ny = 2\nz = 3",
    ),
    "guarded": (
        "try:\n    get_ipython()\nexcept NameError:\n    pass",
        "try:\n    get_ipython()\nexcept NameError:\n    pass",
    ),
    "colab": (
        "if 'colab' in str(get_ipython()):\n    x = 1",
        "if 'colab' in str(None):\n    x = 1",
    ),
    "captured output": (
        '%%capture out\ns = \'a\\n\'\nt = """b\nc"""\nprint(s + t)  # {last}',
        (
            "# %%capture out\nimport collections, contextlib, io\n"
            "with contextlib.redirect_stdout(io.StringIO()) as captured_out:\n"
            '    s = \'a\\n\'\n    t = """b\nc"""\n    print(s + t)  # {last}\n    pass\n'
            "out = collections.UserString(captured_out.getvalue()); out.stdout = out.data; "
            "del captured_out"
        ),
    ),
    "only a comment": ("# nothing", "# nothing"),
    "empty lines kept": ("\n\nx = 1\n\n", "\n\nx = 1\n\n"),
}


@pytest.mark.parametrize("case", CODE)
def test_cell_becomes_python(case: str, tmp_path: Path) -> None:
    text, expected = CODE[case]
    source = read_source(notebook(tmp_path, text, "last = 0\nout = 1"))
    cell = source.cells[0]
    assert cell.code == expected
    assert cell.text == text
    assert len(cell.line_map) == len(expected.split("\n"))


FINDINGS = {
    "%matplotlib inline": "TW001 magic-dropped at nb.ipynb, cell 1, line 1: `%matplotlib inline` was left out",
    "x = 1\n!ls": "TW002 shell-line at nb.ipynb, cell 1, line 2: `!ls` only shows something and was left out",
    "!pip install -q a 'b>=1' -r r.txt > /dev/null": (
        "TW001 magic-dropped at nb.ipynb, cell 1, line 1: "
        "installs a, b>=1: goes into requirements, not into steps"
    ),
    "%cd x": "TW001 magic-dropped at nb.ipynb, cell 1, line 1: `%cd x` became os.chdir",
    "%%capture\nx = 1": (
        "TW001 magic-dropped at nb.ipynb, cell 1, line 1: "
        "%%capture was left out: the output that it hid is shown"
    ),
    "%%time\nx = 1": "",
    "!rm a": (
        "TW002 shell-line at nb.ipynb, cell 1, line 1: `!rm a` became subprocess.run: what it does "
        "outside Python is not checked (write it in Python, or prepare it before the program runs)"
    ),
}


@pytest.mark.parametrize("text", FINDINGS)
def test_what_is_left_out_is_told(text: str, tmp_path: Path) -> None:
    source = read_source(notebook(tmp_path, text, "last = 0"))
    assert "\n".join(map(str, source.findings)) == FINDINGS[text]


def test_packages_are_collected(tmp_path: Path) -> None:
    cells = ("%pip install seaborn==0.13", "!conda install -y -c conda-forge xgboost", "x = 1")
    assert read_source(notebook(tmp_path, *cells)).packages == ("seaborn==0.13", "xgboost")


REFUSED = {
    "x = 1\n%%bash\nrm -r x": """\
The cell magic %%bash is not on the first line of its cell.
  at: nb.ipynb, cell 1, line 2: %%bash
  do: put it into a cell of its own""",
    "%%R\nx <- 1": """\
The cell under %%R is not this program's Python.
  at: nb.ipynb, cell 1, line 1: %%R
  do: write the cell in Python, or run it before the program and remove it""",
    "x = 1\n%frobnicate x": """\
The magic %frobnicate has no plain Python that does the same.
  at: nb.ipynb, cell 1, line 2: %frobnicate x
  do: write it in Python, or remove the line""",
    "%run other.py": """\
`%run other.py` names a file that is not there.
  at: nb.ipynb, cell 1, line 1: %run other.py
  do: correct its path""",
    "%%capture out\nx = 1\nout.show()": """\
`%%capture out` binds more than text that is used later.
  at: nb.ipynb, cell 1, line 1: %%capture out
  do: use contextlib.redirect_stdout, or remove the use""",
    "x = await f()\ndel y\nawait g()": """\
A cell that waits declares or deletes names.
  at: nb.ipynb, cell 1, line 1: del y
  do: put it into an async function, and call that with asyncio.run(...)""",
    "shell = get_ipython()": """\
The program asks IPython for itself.
  at: nb.ipynb, cell 1, line 1: shell = get_ipython()
  do: remove the use of get_ipython()""",
    "x = 1\n\nprint 'a'": """\
The program is Python 2: Missing parentheses in call to 'print'. Did you mean print(...)?
  at: nb.ipynb, cell 1, line 3: print 'a'
  do: bring it to Python 3 first (python -m fissix, or 2to3 of Python 3.12 and older)""",
    "%matplotlib inline\nx = (1": """\
Python cannot read the program: '(' was never closed.
  at: nb.ipynb, cell 1, line 2: x = (1
  do: correct the line, or remove it""",
    "return 3": """\
Python cannot read the program: 'return' outside function.
  at: nb.ipynb, cell 1, line 1: return 3
  do: correct the line, or remove it""",
    "# only a comment": """\
The program is empty: it holds no statement to run.
  at: {path}
  do: give a notebook or script with code in it""",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read_is_refused_in_three_lines(text: str, tmp_path: Path) -> None:
    path = notebook(tmp_path, text)
    with pytest.raises((SourceError, MigrationRefused)) as error:
        read_source(path)
    assert str(error.value) == REFUSED[text].format(path=path)


FILES: dict[str, tuple[str, bytes | None, str | None]] = {
    "missing": (
        "chrun.ipynb",
        None,
        "There is no such file.\n  at: {path}\n  do: did you mean churn.ipynb?",
    ),
    "folder": (
        ".",
        None,
        "A folder is not a program.\n  at: {path}\n  do: name the notebook or script in it",
    ),
    "suffix": (
        "a.txt",
        b"x",
        (
            "Thruway reads .ipynb, .py, .ipy files, not '.txt'.\n  at: {path}\n"
            "  do: save or export the program as a notebook or a Python script"
        ),
    ),
    "no bytes": (
        "a.ipynb",
        b"",
        "The file is empty.\n  at: {path}\n  do: give a notebook with code in it",
    ),
    "broken JSON": (
        "a.ipynb",
        b'{"cells": [\n',
        (
            "The notebook is not valid JSON: Expecting value.\n  at: {path}, line 2, column 1\n"
            "  do: open it in Jupyter and save it again, or take an earlier version"
        ),
    ),
    "other JSON": (
        "a.ipynb",
        b"[1]",
        (
            "The file is JSON, but not a notebook: it holds a list.\n  at: {path}\n"
            "  do: give an .ipynb file that Jupyter opens"
        ),
    ),
    "no cells": (
        "a.ipynb",
        b"{}",
        (
            "The file is JSON, but not a notebook: it names no nbformat and no cells.\n  at: {path}\n"
            "  do: give an .ipynb file that Jupyter opens"
        ),
    ),
    "R": (
        "a.ipynb",
        b'{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"name": "ir", "language": "R"}}}',
        (
            "The notebook is for R, not for Python.\n  at: {path}, kernel ir\n"
            "  do: give a Python notebook, or correct its kernel in Jupyter (Kernel, Change Kernel)"
        ),
    ),
    "not UTF-8": (
        "a.py",
        b"x = 1\ny = '\xe9'\n",
        (
            "The script is not utf-8 text.\n  at: {path}, line 2\n"
            "  do: save it as UTF-8, or declare its encoding in the first line (# coding: latin-1)"
        ),
    ),
    "unknown encoding": (
        "a.py",
        b"# coding: klingon\nx = 1\n",
        (
            "The script's coding line is wrong: unknown encoding: klingon.\n  at: {path}, line 1\n"
            "  do: name the encoding that the file really has"
        ),
    ),
    "script": (
        "a.py",
        b"x = 1\nfor i in x\n    pass\n",
        (
            "Python cannot read the program: expected ':'.\n  at: a.py, line 2: for i in x\n"
            "  do: correct the line, or remove it"
        ),
    ),
    "null": (
        "a.py",
        b"x = '\x00'",
        None,
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_are_no_program(case: str, tmp_path: Path) -> None:
    name, content, message = FILES[case]
    (tmp_path / "churn.ipynb").write_text("{}")
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as error:
        read_source(path)
    if message is not None:
        assert str(error.value) == message.format(path=path.absolute())


ENCODINGS = {
    "latin-1": "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
    "byte order mark": "x = 'é'\n".encode("utf-8-sig"),
    "CRLF": "x = 'é'\r\ny = 1\r\n".encode(),
    "CR": "x = 'é'\ry = 1\r".encode(),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_encodings_and_line_ends(case: str, tmp_path: Path) -> None:
    code = read_source(script(tmp_path, ENCODINGS[case])).cells[0].code
    assert "x = 'é'\n" in code
    assert "\r" not in code


HEADINGS = {
    "# Title\n\n## Load **data**": ("Load data", 2),
    "Title\n=====\n\ntext": ("Title", 1),
    "Title\n---": ("Title", 2),
    "text\n\n---\n\nmore": ("", 0),
    "**Load data**": ("Load data", 6),
    "# Load\n**Note:**": ("Load", 1),
    "##Load #": ("Load", 2),
    "```\n# code\n```": ("", 0),
    "<h2 style='x'>Load\ndata</h2>": ("Load data", 2),
    "# [Load](#a) `df` ![](x.png)<a id='b'></a>": ("Load df", 1),
    "plain text": ("", 0),
}


@pytest.mark.parametrize("text", HEADINGS)
def test_nearest_heading(text: str, tmp_path: Path) -> None:
    source = read_source(notebook(tmp_path, f"md:{text}", "x = 1", "y = 1"))
    found = {(cell.heading, cell.heading_level) for cell in source.code_cells}
    assert found == {HEADINGS[text]}


PERCENT = """\
# ---
# jupyter:
# ---

# %% [markdown]
# # Churn
#
# text

# %%
import os

# %% Load data
x = 1

# %% [raw]
# raw text

#%%
y = '''
# %% no marker
'''
"""

EXPORTED = """\
#!/usr/bin/env python
# coding: utf-8

# # Churn

# In[1]:


x = 1
# a comment of the code


# ## Train
#
# text

# In[ ]:


y = 2
"""


def test_percent_script(tmp_path: Path) -> None:
    source = read_source(script(tmp_path, PERCENT))
    assert source.dump() == (
        "percent prog.py\n[1] raw 0\n[2] markdown 0 # Churn\n[3] code 1 # Churn\n"
        "[4] code 1 # Load data\n[5] raw 0 # Load data\n[6] code 3 # Load data"
    )
    assert source.cells[3].first_line == 14


def test_script_exported_by_nbconvert(tmp_path: Path) -> None:
    source = read_source(script(tmp_path, EXPORTED))
    assert source.dump() == (
        "percent prog.py\n[1] markdown 0 # Churn\n[2] code 4 # Churn\n"
        "[3] markdown 0 # Train\n[4] code 3 # Train"
    )


def test_markers_inside_a_function_do_not_cut_it(tmp_path: Path) -> None:
    text = "def f():\n    x = 1\n# %%\n    return x\n"
    assert read_source(script(tmp_path, text)).kind == "script"


def test_old_formats_are_upgraded(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Load"]},
        {
            "cell_type": "code",
            "collapsed": False,
            "input": ["x = 1\n", "x"],
            "language": "python",
            "metadata": {},
            "outputs": [],
            "prompt_number": 1,
        },
    ]
    record = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    path = script(tmp_path, json.dumps(record), "old.ipynb")
    assert (
        read_source(path).dump() == "notebook old.ipynb\n[1] markdown 0 # Load\n[2] code 2 # Load"
    )


def test_ipython_is_not_imported_for_plain_python(tmp_path: Path) -> None:
    path = notebook(tmp_path, "x = '%time !ls'")
    code = (
        "import sys, pathlib\nfrom thruway.source import read_source\n"
        f"read_source(pathlib.Path({str(path)!r}))\n"
        "assert not {'IPython', 'nbformat'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
