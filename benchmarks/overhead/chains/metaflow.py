"""Metaflow: writes a flow of `argv[1]` steps, and runs it."""

import subprocess
import sys
from pathlib import Path


def text(steps: int) -> str:
    names = ["start", *(f"add{at}" for at in range(steps - 2)), "end"]
    lines = ["from metaflow import FlowSpec, step", "", "", "class Chain(FlowSpec):"]
    for name, following in zip(names, [*names[1:], ""], strict=True):
        value = "1" if name == "start" else "self.x + 1"
        lines += ["", "    @step", f"    def {name}(self):", f"        self.x = {value}"]
        lines += [f"        self.next(self.{following})"] if following else []
    return "\n".join([*lines, "", "", 'if __name__ == "__main__":', "    Chain()", ""])


if __name__ == "__main__":
    Path("flow.py").write_text(text(int(sys.argv[1])))
    sys.exit(subprocess.run([sys.executable, "flow.py", "run"], check=False).returncode)
