"""Entry of the command `thruway`: errors become three lines and an exit status."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from thruway.errors import ThruwayError
from thruway.kit.ambient.farewell import leave

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = 130
_BUG = 70


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; the process exits with it.

    Args:
        arguments: without the program's name; those of the process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    status = _guarded(words)
    if arguments is None:
        leave(status)
    return status


def _guarded(words: list[str]) -> int:
    try:
        return _run(words)
    except ThruwayError as error:
        if "--debug" in words:
            raise
        return _report(error, as_json="--json" in words)
    except KeyboardInterrupt:
        print("stopped: nothing half-written was left behind", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # a fault of ours: say so in three lines too
        if "--debug" in words:
            raise
        fault = ThruwayError(
            f"an error inside Thruway: {type(error).__name__}: {error}",
            fix="run it again with --debug and report what it prints",
        )
        _report(fault, as_json="--json" in words)
        return _BUG


def _run(words: list[str]) -> int:
    from thruway.ui.commands import app
    from thruway.ui.words import plain_call

    call = plain_call(app, words)
    if call is not None:
        status = call()
        return status if isinstance(status, int) else 0
    try:
        result = app(args=words, standalone_mode=False, prog_name="thruway")
    except ThruwayError:
        raise
    except Exception as error:
        # Usage errors show themselves; typer keeps their class in a private module.
        show, status = getattr(error, "show", None), getattr(error, "exit_code", None)
        if status is None:
            raise
        if show is not None:
            show()
        return int(status)
    if result == _INTERRUPTED:  # typer answers Ctrl-C without a word
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _report(error: ThruwayError, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(error.dump(), ensure_ascii=False, indent=1))
    else:
        print(f"error: {error}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    main()
