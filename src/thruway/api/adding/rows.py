"""Which components can be added, what each takes and gives. Add new ones here: one row each."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "model", "held-out rows", "held-out label", "training rows", "rows", "statistics", "schema",
    "evaluation", "blessing",
]  # fmt: skip
"""What a port takes; `choose` finds values of each kind."""


class Port(NamedTuple):
    """One argument that is wired.

    Attributes:
        name: of the parameter.
        kind: of the value.
        by_name: whether it is written as a keyword.
        optional: left out when the pipeline has no such value.
    """

    name: str
    kind: Kind
    by_name: bool = False
    optional: bool = False


class Row(NamedTuple):
    """One component.

    Attributes:
        gives: what it gives, as other rows take it; "" for nothing that is taken.
        target: name of the value in the pipeline.
        ports: what it takes.
        keywords: parameters that are written with a value, for the user to change.
        returns: name of the class that it returns.
        hint: what the user should know or do next.
    """

    gives: str
    target: str
    ports: tuple[Port, ...]
    keywords: tuple[tuple[str, str], ...] = ()
    returns: str = ""
    hint: str = ""


ROWS: dict[str, Row] = {
    "statistics": Row(
        "statistics", "data_statistics", (Port("examples", "training rows"),), returns="Statistics"
    ),
    "infer_schema": Row(
        "schema",
        "schema",
        (Port("statistics", "training rows"),),
        returns="Schema",
        hint="review the schema once (`schema.save`), then take it with `import_schema`",
    ),
    "validate": Row(
        "anomalies",
        "anomalies",
        (Port("statistics", "rows"), Port("schema", "schema")),
        returns="Anomalies",
        hint="when it fails, the run does; hand `anomalies` to a step that it is to stop",
    ),
    "evaluate": Row(
        "evaluation",
        "evaluation",
        (
            Port("examples", "held-out rows"),
            Port("model", "model"),
            Port("label", "held-out label"),
        ),
        (("slices", "()"), ("n_bootstrap", "200")),
        returns="Evaluation",
        hint='slice it: slices=("sex", "age")',
    ),
    "bless": Row(
        "blessing",
        "blessing",
        (Port("evaluation", "evaluation"),),
        (("thresholds", "{}"), ("margin", "False")),
        returns="Blessing",
        hint='say what is good enough: thresholds={"roc_auc": {"lower": 0.8}}',
    ),
    "infra_validate": Row(
        "infra_blessing",
        "infra_blessing",
        (Port("model", "model"), Port("examples", "held-out rows")),
        returns="InfraBlessing",
    ),
    "push": Row(
        "pushed_model",
        "pushed_model",
        (Port("model", "model"), Port("blessings", "blessing")),
        (("destination", '"models"'),),
        returns="PushedModel",
        hint="say where models are served from: a folder outside of the run's, or an address",
    ),
}
"""Component → what it takes and gives, by the names of its parameters."""


def giver_of(kind: str) -> str:
    """Return the component that gives a kind of value; "" for what only the user's steps give."""
    return next((name for name, row in ROWS.items() if row.gives == kind), "")
