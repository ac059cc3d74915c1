"""Start a module of Thruway under any interpreter, without installing anything into it.

Run by path: `python <…>/thruway/kit/bootstrap.py <module> <arguments>`. Only the package
`thruway` becomes importable, from where this file lies; its site-packages stay out of `sys.path`,
so that the user's program sees exactly the packages of its own environment. Then
`<module>.main(arguments)` runs, and what it returns is the exit status. The command line is
built by `thruway.kit.ambient.children.command`.
"""

from __future__ import annotations

import sys

OLDEST = (3, 11)
UNUSABLE = 8  # the exit status of errors.InterpreterError, which cannot be imported yet


def main(arguments: list[str]) -> int:
    """Run `arguments[0].main(arguments[1:])` and return its exit status."""
    _forget_own_folder()
    if sys.version_info[:2] < OLDEST:
        sys.stderr.write(_too_old())
        return UNUSABLE
    if not arguments:
        sys.stderr.write("thruway: which module to run is missing\n")
        return UNUSABLE
    _make_importable()
    import importlib

    status = importlib.import_module(arguments[0]).main(arguments[1:])
    return status if isinstance(status, int) else 0


def _forget_own_folder() -> None:
    # Python puts the folder of a script first; names in ours would hide the standard library's.
    own = __file__.replace("\\", "/").rpartition("/")[0]
    sys.path[:] = [entry for entry in sys.path if entry.replace("\\", "/") != own]


def _too_old() -> str:
    wanted = ".".join(str(part) for part in OLDEST)
    found = ".".join(str(part) for part in sys.version_info[:3])
    return f"thruway: Python {wanted} or later is needed, {sys.executable} is {found}\n"


def _make_importable() -> None:
    if "thruway" in sys.modules:
        return
    import importlib.util
    from pathlib import Path

    package = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "thruway", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["thruway"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    ended = main(sys.argv[1:])
    if "thruway" in sys.modules:
        from thruway.kit.ambient.farewell import leave

        leave(ended)
    sys.exit(ended)
