"""Line and cell magics: the tables of what is dropped, unwrapped, replaced and refused.

To teach Thruway another magic, put its name into one of the tables below.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Literal

from thruway.findings import Severity
from thruway.source.answers import Answer, dropped, refused, replaced, text_expression, words
from thruway.source.embedded import WITHOUT_RUNNING, WRITERS, is_embedded
from thruway.source.shell import UNCHECKED, installed, is_read_only, shell_answer, shell_lines

if TYPE_CHECKING:
    from thruway.findings import Place

CellAction = Literal["drop", "unwrap", "capture", "embed"]

# They show something, or set how the notebook looks: no step needs them.
SHOWN = words("""
    matplotlib config load_ext reload_ext unload_ext autoreload aimport who whos who_ls history
    hist lsmagic magic quickref pinfo pinfo2 pdoc pdef psource pfile psearch pwd ls ll lf lk lx dir
    dirs pycat cat less more man colors xmode pprint automagic autosave notebook logstart logstop
    logon logoff logstate timeit memit tb debug pdb doctest_mode alias unalias alias_magic bookmark
    watermark tensorflow_version tensorboard gui page recall rehashx killbgscripts nbextension
    connect_info qtconsole store save autocall precision subplot_tool profile jupyter_ascending
    version_information reload_kernel nbdev_export autoindent autowrap mypy_on flake8_on
    pycodestyle_on pip conda mamba micromamba uv nb_black lab_black
    """)
INSTALLERS = words("pip conda mamba micromamba uv")
RESETS = words("reset reset_selective")
TIMERS = words("time prun")
OPTIONS = {
    "time": re.compile(r"^(--no-raise-error\s*)*"),
    "prun": re.compile(r"^(-[lsTD]\s+\S+\s*|-[rq]\s+)*"),
}
SHELL_VALUES = words("sx system")
SHELL_ALIASES = words("cp mv rm mkdir rmdir ln touch wget shell bash")
REASONS = {
    "run": ("executes another file in the notebook's names", "import what it defines instead"),
    "load": ("puts another file's text into the cell", "run it in Jupyter and save the notebook"),
    "sc": ("gives the output of a shell line", "use subprocess.run(..., capture_output=True)"),
}

CELLS_DROPPED = words("""
    html HTML javascript js latex markdown svg SVG timeit memit skip mermaid
    """)
CELLS_UNWRAPPED = words("time capture prun wandb notify heartbeat debug")
CELLS_OF_SHELL = words("bash sh shell ! sx system cmd")


def line_answer(name: str, arguments: str, place: Place, known: str) -> Answer:
    """Return what becomes of `%name arguments` that stands as a statement.

    Raises:
        MigrationRefused: no Python does the same, or the magic is not known.
    """
    text = f"%{name} {arguments}".strip()
    if name in INSTALLERS:
        packages = installed(f"{name} {arguments}")
        reason = f"`{text}` was left out: packages go into the requirements"
        return Answer("", dropped("TW001", place, reason).findings, packages)
    if name in SHELL_ALIASES | SHELL_VALUES:
        command = arguments if name in {"shell", "bash"} | SHELL_VALUES else f"{name} {arguments}"
        return shell_answer(command, place, known)
    if name == "store" and "-r" in arguments.split():
        raise refused(f"`{text}` binds names that no cell computes.", place, text, "load a file")
    if name in SHOWN:
        return dropped("TW001", place, f"`{text}` was left out")
    if name in RESETS:
        reason = f"`{text}` was left out: names bound above it stay"
        return dropped("TW001", place, reason, severity=Severity.WARNING)
    if name in TIMERS:
        return Answer(OPTIONS[name].sub("", arguments.strip()))
    if name in {"env", "set_env", "cd", "xdel", "pylab"}:
        return _python(name, arguments.strip(), place, text, known)
    raise _refusal(name, place, text)


def value_answer(name: str, arguments: str, place: Place, known: str) -> Answer:
    """Return what becomes of `%name arguments` whose value is used (`x = %time f()`).

    Raises:
        MigrationRefused: no expression does the same.
    """
    text = f"%{name} {arguments}".strip()
    if name == "time" and arguments.strip():
        return Answer(arguments.strip())
    if name in SHELL_VALUES:
        return shell_lines(arguments, place, known)
    if name == "pwd":
        return Answer("os.getcwd()")
    if name == "env" and re.fullmatch(r"\w+", arguments.strip()):
        return Answer(f"os.environ[{arguments.strip()!r}]")
    raise _refusal(name, place, text)


def _refusal(name: str, place: Place, text: str) -> Exception:
    reason, fix = REASONS.get(
        name, ("has no plain Python that does the same", "write it in Python, or remove the line")
    )
    return refused(f"The magic %{name} {reason}.", place, text, fix)


def _python(name: str, arguments: str, place: Place, text: str, known: str) -> Answer:
    """Return the Python of the magics that change the process."""
    if name == "xdel":
        return Answer(f"del {arguments.removeprefix('-n').strip()}")
    if name == "pylab":
        return _pylab(arguments, place, text)
    if name == "cd":
        return _directory(arguments, place, text, known)
    variable, _, value = _assignment(arguments)
    if not value:
        return dropped("TW001", place, f"`{text}` was left out")
    expression = text_expression(value, known)
    if expression is None or not re.fullmatch(r"\w+", variable):
        raise _refusal(name, place, text)
    python = f"import os; os.environ[{variable!r}] = {expression}"
    return replaced(python, "TW001", place, f"`{text}` became os.environ")


def _assignment(arguments: str) -> tuple[str, str, str]:
    separator = "=" if "=" in arguments else " "
    variable, found, value = arguments.partition(separator)
    return variable.strip(), found, value.strip()


def _directory(arguments: str, place: Place, text: str, known: str) -> Answer:
    words = shlex.split(arguments.replace("\\", "\\\\")) if arguments else []
    words = [word for word in words if word != "-q"]
    if any(word.startswith("-") for word in words) or len(words) > 1:
        raise _refusal("cd", place, text)
    folder = words[0] if words else "~"
    expression = text_expression(folder, known)
    if expression is None:
        raise _refusal("cd", place, text)
    if folder.startswith("~"):
        expression = f"os.path.expanduser({expression})"
    python = f"import os; os.chdir({expression})"
    return replaced(python, "TW001", place, f"`{text}` became os.chdir")


def _pylab(arguments: str, place: Place, text: str) -> Answer:
    python = "import numpy; import matplotlib; from matplotlib import pylab, mlab, pyplot"
    python += "; np = numpy; plt = pyplot"
    if "--no-import-all" not in arguments:
        python += "; from pylab import *; from numpy import *"
    fix = "import the names that the program uses"
    return replaced(python, "TW001", place, f"`{text}` became the imports that it makes", fix)


def cell_action(name: str, arguments: str, body: str, place: Place, later: str) -> CellAction:
    """Return what becomes of the rest of a cell under `%%name`: dropped, kept, or captured.

    Args:
        name: the magic.
        arguments: the rest of its line.
        body: the lines under it.
        place: where it stands.
        later: text in which a name bound by `%%capture name` would be used.

    Returns:
        `drop`, `unwrap`, `embed` for the text of a file or script, or `capture` when the output is
        bound to a name that is used.

    Raises:
        MigrationRefused: the cell runs something that is not this program's Python.
    """
    text = f"%%{name} {arguments}".strip()
    if name in CELLS_DROPPED or (name == "script" and arguments.split()[:1] in WITHOUT_RUNNING):
        return "drop"
    if name in CELLS_OF_SHELL and "--out" not in arguments and is_read_only(body):
        return "drop"
    if is_embedded(name):
        return "embed"
    bound = re.search(r"(?<![\w-])[A-Za-z_]\w*", arguments) if name == "capture" else None
    if bound and re.search(rf"\b{bound[0]}\b", later):
        if re.search(rf"\b{bound[0]}(\(|\.(show|outputs|stderr)\b)", later) or "--" in arguments:
            fix = "use contextlib.redirect_stdout, or remove the use"
            raise refused(f"`{text}` binds more than text that is used later.", place, text, fix)
        return "capture"
    if name in CELLS_UNWRAPPED:
        return "unwrap"
    raise refused(
        f"The cell under %%{name} is not this program's Python.",
        place,
        text,
        "write the cell in Python, or run it before the program and remove it",
    )


def cell_answer(name: str, action: CellAction, place: Place) -> Answer:
    """Return the finding of a dropped or unwrapped cell magic."""
    if action == "drop":
        return dropped("TW001", place, f"the cell under %%{name} was left out")
    if action == "capture":
        return dropped("TW001", place, "%%capture became contextlib.redirect_stdout")
    if action == "embed" and name in WRITERS:
        return dropped(
            "TW001", place, f"the cell under %%{name} became a call that writes the file"
        )
    if action == "embed":
        reason = f"the cell under %%{name} became subprocess.run: {UNCHECKED}"
        return replaced("", "TW002", place, reason, "write it in Python")
    if name == "capture":
        reason = "%%capture was left out: the output that it hid is shown"
        return dropped("TW001", place, reason)
    return Answer()
