"""What a plain `python script.py` of the field trial starts with.

Found through `PYTHONPATH`, so that the script itself is run by nothing but Python. Seeds the random
streams as Thruway does, and keeps what the script prints apart from what C code and child processes
print: those go past `sys.stdout`, and are not part of what a notebook or a pipeline shows.
"""

import os
import sys

_settings = os.environ.pop("FIELD_TRIAL", "")
if _settings:  # a process that the script starts is not the script
    import json

    _here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - as light as can be
    _rest = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p and p != _here]
    os.environ["PYTHONPATH"] = os.pathsep.join(_rest)
    sys.path[:] = [p for p in sys.path if p != _here]

    sys.path.append(os.path.dirname(_here))  # noqa: PTH120 - the same
    from plain import begin

    sys.path.pop()
    begin(**json.loads(_settings))
