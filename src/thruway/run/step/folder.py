"""The working folder of a step, with the command line that it sees."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def in_folder(cwd: Path, program: str) -> Iterator[None]:
    """Make a folder the working folder, with the command line of a step."""
    before, arguments = Path.cwd(), sys.argv
    os.chdir(cwd)
    # The command line of a step is empty, not that of whoever runs it.
    sys.argv = [program]
    # As for a script, whose folder comes first: `import settings` beside the data works.
    sys.path.append(str(cwd))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(cwd))
        sys.argv = arguments
        os.chdir(before)
