"""What only a notebook can do: magics, shell lines, IPython's own names, `await`.

Each case is the code cells of a notebook; the last one sets `RESULT`, a JSON value. The oracle is
IPython itself. `refused` is part of the message with which a case is refused, `finding` a code
that the migration must report.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """Code cells, files beside the notebook, and what is to come of it.

    Attributes:
        cells: code of the cells.
        files: path → text, beside the notebook.
        refused: part of the refusal, "" when the pipeline must give the same.
        finding: code of a finding that must be there.
        counts: saved execution counts of the cells.
        outside: it writes at an absolute path, where nothing keeps it from the user's folder.
    """

    cells: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    finding: str = ""
    counts: tuple[int | None, ...] = ()
    outside: bool = False


def same(*cells: str, files: dict[str, str] | None = None, finding: str = "") -> Case:
    """Return a case that must give the same."""
    return Case(cells, files or {}, finding=finding)


def refused(why: str, *cells: str, files: dict[str, str] | None = None) -> Case:
    """Return a case that must be refused, and why."""
    return Case(cells, files or {}, refused=why)


CASES = {
    # --- %%writefile -------------------------------------------------------------------------
    "writefile_module": same(
        "%%writefile helper_a.py\nFACTOR = 3\n\ndef scale(x):\n    return x * FACTOR",
        "import helper_a",
        "y = helper_a.scale(4)",
        "RESULT = y",
    ),
    "writefile_from_import": same(
        "%%writefile helper_b.py\ndef scale(x):\n    return x * 3",
        "from helper_b import scale",
        "y = scale(4)",
        "RESULT = [y, scale(1)]",
    ),
    "writefile_twice_reload": same(
        "import importlib",
        "%%writefile helper_c.py\nK = 1",
        "import helper_c\nfirst = helper_c.K",
        "%%writefile helper_c.py\nK = 22",
        "importlib.reload(helper_c)\nsecond = helper_c.K",
        "RESULT = [first, second]",
    ),
    "file_append": same(
        "%%file data_a.txt\none\n",
        "%%writefile -a data_a.txt\ntwo\n",
        "lines = open('data_a.txt').read().split()",
        "RESULT = lines",
    ),
    "writefile_data": same(
        "%%writefile table.csv\na,b\n1,2\n3,4",
        "import pandas as pd\ndf = pd.read_csv('table.csv')",
        "RESULT = int(df.to_numpy().sum())",
    ),
    "writefile_filled_in": same(
        "name = 'x1.txt'",
        "%%writefile {name}\nhello {name} $name",
        "RESULT = open('x1.txt').read()",
    ),
    "writefile_with_quotes": same(
        "%%writefile q.txt\nit's \"three\" '''quotes''' \\n and \\\\",
        "RESULT = open('q.txt').read()",
    ),
    # --- %run ---------------------------------------------------------------------------------
    "run_script": same(
        "%run other.py",
        "y = base + inc(1)",
        "RESULT = y",
        files={"other.py": "base = 10\n\ndef inc(x):\n    return x + base\n"},
    ),
    "run_notebook": same(
        "%run other.ipynb",
        "y = base * 2",
        "RESULT = y",
        files={
            "other.ipynb": (
                '{"cells": [{"cell_type": "code", "execution_count": null, "metadata": {}, '
                '"outputs": [], "source": ["base = 21\\n", "%matplotlib inline"]}], '
                '"metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
            )
        },
    ),
    "run_interactive": same(
        "k = 5",
        "%run -i other.py",
        "RESULT = out",
        files={"other.py": "out = k * 2\n"},
    ),
    "run_arguments": refused(
        "gives the other program arguments",
        "%run other.py 3 four",
        "RESULT = words",
        files={"other.py": "import sys\nwords = sys.argv[1:]\n"},
    ),
    "run_main_guard": same(
        "%run other.py",
        "RESULT = [a, b, __name__]",
        files={
            "other.py": "a = 1\nb = 0\nif __name__ == '__main__':\n    b = 2\n",
        },
    ),
    "run_missing_is_error": refused("other_missing", "%run other_missing.py", "RESULT = 1"),
    "load_magic": refused("%load", "%load other.py", "RESULT = 1"),
    # --- timing -------------------------------------------------------------------------------
    "time_line": same("%time x = sum(range(5))", "RESULT = x"),
    "time_value": same("x = %time 3 + 4", "RESULT = x"),
    "time_cell": same("%%time\nx = 3\ny = x + 1", "RESULT = [x, y]"),
    "timeit_line": same("x = 3", "%timeit -n 1 -r 1 x + 1", "RESULT = x"),
    "timeit_cell": same("x = [1]", "%%timeit -n 1 -r 1\ny = x + [2]", "RESULT = x"),
    "timeit_output": refused("%timeit", "t = %timeit -o -q -n 1 -r 1 1 + 1", "RESULT = t.repeat"),
    "prun": same("%prun -q x = 5", "RESULT = 5"),
    # --- environment --------------------------------------------------------------------------
    "env_set": same("%env NB_FLAG=yes", "import os\nv = os.environ['NB_FLAG']", "RESULT = v"),
    "env_set_space": same("%env NB_FLAG yes", "import os\nRESULT = os.environ['NB_FLAG']"),
    "set_env": same("%set_env NB_FLAG 3", "import os\nRESULT = os.environ['NB_FLAG']"),
    "env_filled_in": same(
        "k = 4", "%env NB_FLAG=$k", "import os\nv = os.environ['NB_FLAG']", "RESULT = v"
    ),
    "env_read": same("%env NB_FLAG=q", "v = %env NB_FLAG", "RESULT = v"),
    "cd": same(
        "%cd sub",
        "text = open('d.txt').read()",
        "import os\nRESULT = [text, os.path.basename(os.getcwd())]",
        files={"sub/d.txt": "deep"},
    ),
    "cd_back": same(
        "%cd sub",
        "a = open('d.txt').read()",
        "%cd ..",
        "b = open('e.txt').read()",
        "RESULT = [a, b]",
        files={"sub/d.txt": "deep", "e.txt": "top"},
    ),
    "cd_dash": refused(
        "%cd",
        "%cd -q sub",
        "%cd -",
        "RESULT = open('e.txt').read()",
        files={"sub/d.txt": "deep", "e.txt": "top"},
    ),
    "pwd_alone": same("%pwd", "RESULT = 1"),
    "pushd": refused("%pushd", "%pushd sub", "RESULT = 1", files={"sub/a": ""}),
    # --- shell --------------------------------------------------------------------------------
    "bash_writes": same(
        "%%bash\nmkdir -p made\necho one > made/a.txt\necho two >> made/a.txt",
        "text = open('made/a.txt').read()",
        "RESULT = text",
    ),
    "sh_pipes": same(
        "%%sh\nprintf 'b\\na\\n' | sort > sorted.txt",
        "RESULT = open('sorted.txt').read().split()",
    ),
    "bash_output": same("%%bash --out text\necho hello", "t = text.strip()", "RESULT = t"),
    "bash_fails": same("%%bash --no-raise-error\nexit 3", "RESULT = 1"),
    "script_python": same("%%script bash\necho x > s.txt", "RESULT = open('s.txt').read().strip()"),
    "bash_filled_in": same(
        "k = 7", '%%bash -s "$k"\necho $1 > k.txt', "RESULT = open('k.txt').read().strip()"
    ),
    "shell_line_writes": same("!echo hi > w.txt", "RESULT = open('w.txt').read().strip()"),
    "shell_line_filled_in": same(
        "word = 'deep'\nnumber = 3",
        "!echo {word}-$number > w.txt",
        "RESULT = open('w.txt').read().strip()",
    ),
    "shell_line_index": same(
        "words = ['a b', 'c']\nd = {'k': 5}",
        "!echo {words[0]} {d['k']} > w.txt",
        "RESULT = open('w.txt').read().strip()",
    ),
    "shell_dollar_env": same(
        "import os\nos.environ['NB_DIR'] = 'out'",
        "!mkdir -p $NB_DIR && echo 1 > $NB_DIR/a.txt",
        "RESULT = open('out/a.txt').read().strip()",
    ),
    "shell_double_dollar": same(
        "HOME = 'mine'", "!echo $$HOME > w.txt", "RESULT = open('w.txt').read().strip() != 'mine'"
    ),
    "shell_files": same(
        "files = !ls parts",
        "n = len(files)",
        "RESULT = [n, files[0], list(files)]",
        files={"parts/a.txt": "1", "parts/b.txt": "2"},
    ),
    "shell_slist": same(
        "out = !printf 'b 1\\na 2\\n'",
        "first = out.s\nsecond = out.n\nthird = out.l",
        "RESULT = [first, second, third, list(out.grep('a')), list(out.fields(1)), out.sort()[0]]",
    ),
    "shell_double_bang": same("!!echo a", "RESULT = 1"),
    "sx_value": same("x = %sx echo hello", "RESULT = list(x)"),
    "shell_value_in_loop": same(
        "sizes = []\nfor name in ['a', 'b']:\n    got = !echo {name}\n    sizes.append(got[0])",
        "RESULT = sizes",
    ),
    "shell_in_if": same(
        "import os\nif not os.path.exists('w.txt'):\n    !echo new > w.txt",
        "RESULT = open('w.txt').read().strip()",
    ),
    "pip_install": same("%pip install -q numpy", "x = 1", "RESULT = x", finding="TW001"),
    "shell_pip_install": same("!pip install numpy", "x = 1", "RESULT = x", finding="TW001"),
    "pip_in_sys": same(
        "import sys\n!{sys.executable} -m pip install numpy", "RESULT = 1", finding="TW001"
    ),
    "exit_code": same("!false", "RESULT = _exit_code"),
    # --- look ---------------------------------------------------------------------------------
    "matplotlib_inline": same("%matplotlib inline\nx = 4", "RESULT = x * 2"),
    "matplotlib_options": same(
        "%matplotlib widget\n%config InlineBackend.figure_format = 'retina'",
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])",
        "RESULT = 1",
    ),
    "autoreload": same(
        "%load_ext autoreload\n%autoreload 2", "x = 1", "%reload_ext autoreload", "RESULT = x"
    ),
    "who_and_store": same("x = 2\n%who\n%whos int", "%store x", "%xmode Verbose", "RESULT = x"),
    "store_read": refused("%store -r", "%store -r x", "RESULT = x"),
    "html_cells": same(
        "%%html\n<b>hi</b>",
        "%%javascript\nvar a = 1;",
        "%%latex\n$x$",
        "%%markdown\n# t",
        "RESULT = 1",
    ),
    "capture": same("%%capture\nprint('hidden')\nx = 5", "RESULT = x"),
    "capture_name": same(
        "%%capture cap\nprint('hidden')\nx = 5", "text = cap.stdout", "RESULT = [x, text]"
    ),
    "capture_str": same("%%capture cap\nprint('hidden')", "RESULT = str(cap)"),
    "help_line": same("x = [3]\nx?", "?x", "x.append??", "RESULT = x"),
    "config_interactivity": same(
        "%config InteractiveShell.ast_node_interactivity = 'all'", "x = 1\nx\nx + 1", "RESULT = x"
    ),
    "unknown_magic": refused("%frobnicate", "x = 1", "%frobnicate x", "RESULT = x"),
    "unknown_cell_magic": refused("%%frobnicate", "%%frobnicate a\nx = 1", "RESULT = 1"),
    "other_language_cell": refused("%%R", "%%R\nx <- 1", "RESULT = 1"),
    "sql_cell": refused("%%sql", "%%sql\nselect 1", "RESULT = 1"),
    "automagic": same("x = 3", "pwd", "ls", "RESULT = x"),
    "reset": same("x = 1", "%reset -f", "x = 2", "RESULT = x"),
    "who_ls_value": refused("%who_ls", "x = 1", "names = %who_ls", "RESULT = names"),
    # --- IPython's names ----------------------------------------------------------------------
    "underscore": same("3 + 4", "y = _ * 2", "RESULT = y"),
    "double_underscore": refused("history", "3", "4", "y = __ * 10 + _", "RESULT = y"),
    "out_number": refused("history", "3 + 4", "Out[1] * 2", "RESULT = Out[2]"),
    "underscore_number": refused("history", "3 + 4", "y = _1", "RESULT = y"),
    "in_number": refused("history", "3 + 4", "RESULT = In[1]"),
    "display_builtin": same(
        "x = [1]\ndisplay(x)\ny = 1\nx", "x.append(2)\ndisplay(x)", "RESULT = x"
    ),
    "display_import": same(
        "from IPython.display import display, HTML, Markdown",
        "display(HTML('<b>x</b>'))\ndisplay(Markdown('*y*'))",
        "RESULT = 1",
    ),
    "clear_output": same(
        "from IPython.display import clear_output\nx = 1\nclear_output(wait=True)", "RESULT = x"
    ),
    "ipython_object": refused("get_ipython()", "ip = get_ipython()", "RESULT = ip is None"),
    "ipython_run_line_magic": same(
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "get_ipython().run_line_magic('load_ext', 'autoreload')",
        "get_ipython().system('echo a > a.txt')",
        "RESULT = open('a.txt').read().strip()",
    ),
    "ipython_colab": same(
        "if 'google.colab' in str(get_ipython()):\n    x = 1\nelse:\n    x = 2", "RESULT = x"
    ),
    "ipython_guarded": same(
        "try:\n    get_ipython().run_line_magic('matplotlib', 'inline')\nexcept NameError:\n    pass\nx = 1",
        "RESULT = x",
    ),
    "in_ipython_asked": same(
        "def in_notebook():\n    try:\n        return get_ipython().__class__.__name__\n"
        "    except NameError:\n        return ''",
        "RESULT = type(in_notebook()).__name__",
        finding="TW001",
    ),
    "name_is_main": same("x = __name__", "RESULT = x"),
    "file_is_not_there": same(
        "try:\n    here = __file__\nexcept NameError:\n    here = 'none'", "RESULT = here"
    ),
    # --- await --------------------------------------------------------------------------------
    "await_top": same(
        "import asyncio\n\nasync def get(x):\n    await asyncio.sleep(0)\n    return x * 2",
        "y = await get(4)",
        "z = await get(y)",
        "RESULT = [y, z]",
    ),
    "await_gather": same(
        "import asyncio\n\nasync def get(x):\n    await asyncio.sleep(0)\n    return x * 2",
        "rows = await asyncio.gather(*[get(i) for i in range(3)])",
        "RESULT = rows",
    ),
    "async_for": same(
        "async def count():\n    for i in range(3):\n        yield i",
        "found = []\nasync for i in count():\n    found.append(i)",
        "RESULT = found",
    ),
    "async_with": same(
        "import contextlib\n\n@contextlib.asynccontextmanager\nasync def room():\n    yield 5",
        "async with room() as n:\n    y = n + 1",
        "RESULT = y",
    ),
    "await_comprehension": same(
        "async def get(x):\n    return x",
        "rows = [await get(i) for i in range(3)]",
        "RESULT = rows",
    ),
    "task_over_cells": same(
        "import asyncio\n\nasync def get(x):\n    await asyncio.sleep(0)\n    return x * 2",
        "task = asyncio.create_task(get(4))\nawait asyncio.sleep(0)",
        "y = await task",
        "RESULT = y",
    ),
    # --- the rest -----------------------------------------------------------------------------
    "input": refused("asks for input", "x = input('how many? ')", "RESULT = x"),
    "getpass": refused("getpass", "import getpass\nx = getpass.getpass()", "RESULT = x"),
    "systemexit": same("import sys\nx = 1", "RESULT = x"),
    "out_of_order": Case(("x = 1", "y = x + 1", "RESULT = y"), counts=(3, 1, 7), finding="TW108"),
    "lambda_default_underscore": same("for _ in range(3):\n    pass", "y = _", "RESULT = y"),
    "widget": refused(
        "ipywidgets",
        "import ipywidgets\n@ipywidgets.interact(x=3)\ndef f(x):\n    pass",
        "RESULT = 1",
    ),
    "semicolon": same("x = 3;", "x;", "RESULT = x"),
    "empty_cells": same("", "# only a comment", "x = 1", "   ", "RESULT = x"),
    "prompts": same(">>> x = 1\n>>> y = x + 1", "In [3]: z = y", "RESULT = z"),
}
