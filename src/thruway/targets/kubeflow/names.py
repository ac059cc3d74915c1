"""Names: what Kubernetes and the IR allow, and the few words that both sides of a task share.

Names with a dash can never be names of parameters in Python, so ours stand beside the user's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from thruway.run.store.store import WHOLE

if TYPE_CHECKING:
    from thruway.kit.dag import Dag

RUN = "run-id"
"""Input parameter of every task, if KFP does not cache: its id of the run."""
RUN_VARIABLE = "THRUWAY_ENGINE_RUN"
"""Environment variable of every task, if KFP caches: its id of the run, from the pod's labels."""
ID_OF_RUN = "{{$.pipeline_job_uuid}}"
"""What KFP puts its id of the run in the place of."""
ANSWER = "store-answer"
"""Input parameter of every task, if KFP caches: what makes its cache as sound as the store."""
STATUS = "run-status"
"""Input parameter of the task that ends the run: what became of the others."""
ITEM = "item-index"
"""Input parameter of the task of one item."""
OUTPUT = "Output"
"""What KFP calls the output of a component that has one: ours of a step's whole result."""
VIEW = "view"
"""Output of every task of a step: what a notebook would show of its values."""
CURVES = "-curves"
"""What the name of an evaluation's output ends with that holds its curves and its confusion."""
HOLDS = "holds"
"""Output parameter of a task that decides whether others run."""
PROTOCOL = "kfp.dsl.executor_main"
"""The module whose place our command takes: it is told the same, and leaves the same behind."""


class Names:
    """Gives names that are unique in a pipeline, and legal: `fit_all.2` → `fit-all-2`."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, text: str) -> str:
        """Return a name that was not given before."""
        plain = dashed(text)
        name, count = plain, 1
        while name in self._taken:
            count += 1
            name = f"{plain}-{count}"
        self._taken.add(name)
        return name


def dashed(text: str) -> str:
    """Return a text in lower-case letters, digits and dashes.

    >>> dashed("prepare.Load_2")
    'prepare-load-2'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def key_of(port: str) -> str:
    """Return the name of the output artifact that a port is."""
    return OUTPUT if port == WHOLE else f"{VIEW}-value" if port == VIEW else port


def holds_key(port: str) -> str:
    """Return the name of the output parameter that says whether the bool at a port holds.

    kfp.local tells outputs of tasks from inputs of their surroundings by `-Output` in the name, so
    there is none in it.

    >>> holds_key("return"), holds_key("is_good")
    ('holds', 'holds-is-good')
    """
    return HOLDS if port == WHOLE else f"{HOLDS}-{dashed(port)}"


def answer_keys(dag: Dag) -> dict[str, str]:
    """Return, for each step of a pipeline, the output of `start` that says how it is answered."""
    names = Names()
    return {node.name: f"answer-{names.new(node.name)}" for node in dag.nodes}


def channel(task: str, key: str) -> str:
    """Return the name under which an output is known inside another DAG, as the KFP SDK has it."""
    return f"pipelinechannel--{task}-{key}"
