"""Values that are given to a run in place of what a step would give: `--with load.rows=a.csv`."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.kit.values import storage
from thruway.run.step.outputs import described
from thruway.run.store.store import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from thruway.kit.dag import Dag
    from thruway.run.store.store import Store
    from thruway.run.types import ArtifactRef

_FRAMES = {
    ".csv": "read_csv",
    ".tsv": "read_table",
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
    ".feather": "read_feather",
    ".xlsx": "read_excel",
}


def given_ports(dag: Dag, given: Mapping[str, Path]) -> dict[str, dict[str, Path]]:
    """Return node → port → file.

    Raises:
        UsageError: there is no such step, output or file.
    """
    found: dict[str, dict[str, Path]] = {}
    names = {node.name: node for node in dag.nodes}
    for name, path in given.items():
        step, port = (name, "") if name in names else name.rpartition(".")[::2]
        if step not in names:
            raise UsageError(
                f"pipeline `{dag.name}` has no step `{step or name}` to give a value for",
                fix=f"use one of: {', '.join(names)}",
            )
        outputs = names[step].step.outputs
        targets = names[step].targets
        if port and not outputs and port in targets:
            port = WHOLE  # the pipeline calls the one output so
        if port not in (*outputs, WHOLE) and (port or outputs):
            what = f"step `{step}` has no output `{port}`" if port else f"step `{step}` has several"
            known = ", ".join(f"{step}.{one}" for one in outputs) or step
            raise UsageError(what, fix=f"give one of: {known}")
        if not path.is_file():
            raise UsageError(f"there is no file {path}", where=f"--with {name}={path}")
        found.setdefault(step, {})[port or WHOLE] = path
    return found


def store_given(store: Store, files: Mapping[str, Path]) -> dict[str, ArtifactRef]:
    """Store the values of files; return port → artifact.

    Raises:
        UsageError: a file cannot be read as a value.
    """
    outputs: dict[str, ArtifactRef] = {}
    for port, path in files.items():
        value = read_value(path)
        reason = storage.unstorable(value)
        if reason:
            raise UsageError(f"the value in {path} cannot be stored: {reason}", where=str(path))
        named: set[str] = set()
        stored = store.put_values({port: value}, named)
        outputs[port] = described(port, value, *stored, named)
    return outputs


def read_value(path: Path) -> Any:
    """Return the value in a file, by its suffix: JSON, npy, pickle, a frame, or text.

    Raises:
        UsageError: the file is not what its suffix says.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".json":
            return json.loads(path.read_text(encoding="utf-8"))
        if suffix == ".npy":
            import numpy as np

            return np.load(path, allow_pickle=False)
        if suffix in _FRAMES:
            import pandas as pd

            return getattr(pd, _FRAMES[suffix])(path)
        if suffix in (".pkl", ".pickle"):
            with path.open("rb") as handle:
                return pickle.load(handle)
        if suffix == ".txt":
            return path.read_text(encoding="utf-8")
    except Exception as error:  # each library has its own ways to say that a file is damaged
        raise UsageError(
            f"{path} cannot be read: {type(error).__name__}: {error}", where=str(path)
        ) from error
    raise UsageError(
        f"what `{suffix}` files hold is not known",
        where=str(path),
        fix=f"give one of: .json, .npy, .pkl, .txt, {', '.join(_FRAMES)}",
    )
