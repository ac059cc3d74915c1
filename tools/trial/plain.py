"""The plain run of an original, on its own: nothing of Thruway is imported here.

`begin` is what scripts start with (see `start/sitecustomize.py`). As a command it runs the code
cells of a notebook in order, in IPython's own shell; what cells display is not printed, and figures
are closed by `show()` and at the end of a cell, as in Jupyter. Works in any interpreter that has
IPython.
"""

import atexit
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

_INSTALLERS = ("pip", "pip3", "conda", "mamba", "micromamba", "uv")


def begin(stdout: str, report: str, seed: int, libraries: list[str]) -> None:
    """Seed the random streams, send `sys.stdout` to a file, and take the time.

    Args:
        stdout: file for what is printed.
        report: file for the seconds that the program took, as JSON.
        seed: ambient seed.
        libraries: what to seed beside `random`: `numpy`, `torch`.
    """
    began = time.perf_counter()
    random.seed(seed)
    with contextlib.suppress(ImportError):
        import numpy as np

        np.random.seed(seed)  # noqa: NPY002 - the legacy stream is what programs use
    if "torch" in libraries:
        with contextlib.suppress(ImportError):
            import torch

            torch.manual_seed(seed)
    sys.stdout = open(stdout, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123, SIM115
    process = os.getpid()

    def end() -> None:
        if os.getpid() == process:
            sys.stdout.flush()
            seconds = time.perf_counter() - began
            Path(report).write_text(json.dumps({"seconds": seconds}), encoding="utf-8")

    atexit.register(end)


def _shell() -> object:
    from IPython.core import pylabtools
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets import Type
    from traitlets.config import Config

    class Hook(DisplayHook):
        """Makes the text of a value, as Jupyter does, and does not print it."""

        def write_output_prompt(self) -> None:
            """Print no prompt."""

        def write_format_data(self, *_: object, **__: object) -> None:
            """Print no value."""

        def finish_displayhook(self) -> None:
            """Print no line end."""

    class Publisher(DisplayPublisher):
        """Takes what `display` gives, and prints nothing."""

        def publish(self, *_: object, **__: object) -> None:
            """Publish nothing."""

    class Shell(InteractiveShell):
        """A shell that prints what the program prints, and installs nothing."""

        displayhook_class = Type(Hook)
        display_pub_class = Type(Publisher)

        def enable_matplotlib(self, gui: object = None) -> tuple[object, str]:
            """Stay with the backend that the trial chose."""
            return gui, "agg"

        def run_line_magic(
            self, magic_name: str, line: str, *args: object, **named: object
        ) -> object:
            """Run a line magic, but no installer."""
            if magic_name in _INSTALLERS:
                return None
            return super().run_line_magic(magic_name, line, *args, **named)

        def system(self, cmd: str) -> None:
            """Run a shell line; it prints past `sys.stdout`."""
            if not re.search(rf"\b({'|'.join(_INSTALLERS)})\s+(install|add)\b", cmd):
                command = self.var_expand(cmd, depth=1)
                subprocess.run(command, shell=True, check=False)

    if not hasattr(pylabtools, "backend2gui"):
        pylabtools.backend2gui = {}  # matplotlib before 3.8 asks for it

    return Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))


def _cells(notebook: Path) -> list[str]:
    """Return the code cells of a notebook of format 3 or 4; the text of a script made from one."""
    if notebook.suffix == ".py":
        return [notebook.read_text(encoding="utf-8")]
    content = json.loads(notebook.read_text(encoding="utf-8"))
    cells = content.get("cells")
    if cells is None:
        cells = [cell for sheet in content["worksheets"] for cell in sheet["cells"]]
    texts = [cell.get("source", cell.get("input", "")) for cell in cells if _is_code(cell)]
    return ["".join(text) if isinstance(text, list) else text for text in texts]


def _is_code(cell: dict) -> bool:
    return cell["cell_type"] == "code"


def main() -> int:
    """Run the notebook; return 0 when it came to its end."""
    notebook = Path(sys.argv[1])
    settings = json.loads(os.environ.pop("FIELD_TRIAL"))
    shell = _shell()
    cells = _cells(notebook)
    sys.path[0] = os.getcwd()  # noqa: PTH109 - a string, where the folder of the script was
    sys.argv = [""]
    begin(**settings)
    for number, text in enumerate(cells, 1):
        result = shell.run_cell(text, store_history=True)
        if not result.success:
            print(
                f"cell {number}: {result.error_before_exec or result.error_in_exec!r}",
                file=sys.stderr,
            )
            return 1
        _end_figures()
    return 0


def _end_figures(*_: object, **__: object) -> None:
    """Close all figures, as Jupyter does at `show()` and after every cell; nothing is drawn."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.show = _end_figures
        pyplot.close("all")


if __name__ == "__main__":
    sys.exit(main())
