"""The form of a knowledge table, and the records made from it.

A table is text, so that it stays readable. In each text a word that ends in a colon is the module
of the names after it:

```
pandas: read_csv read_table pandas.plotting: scatter_matrix
```
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LiftKind = Literal["path", "seed", "hyperparameter", "threshold"]
NO_LIFT: Mapping[str, LiftKind] = {}


@dataclass(frozen=True)
class Api:
    """One function, class or method of a library.

    Attributes:
        name: public dotted name; the bare name for a method.
        role: what a statement that calls it is for, one of `plan.types.Role`, or "".
        effects: resource tokens (`random:numpy`, `options:pandas`, `figure`,
            `file:read`, `file:write`, `outside:network`), `receiver` when a method changes its
            receiver, `argument:0` when the first argument is changed, `formula` when its text
            arguments name variables.
        parameters: names of the positional parameters, in order, as far as they matter.
        lift: keyword → why a literal for it can become a parameter of the step.
    """

    name: str
    role: str = ""
    effects: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    lift: Mapping[str, LiftKind] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """What is known of one library.

    Attributes:
        library: root name of its modules; "" for methods.
        roles: role → names.
        modules: role → modules whose other names all have this role.
        effects: token → names.
        parameters: names with their positional parameters: `read_csv(filepath_or_buffer,sep)`.
        lift: kind → names with one parameter each: `read_csv.filepath_or_buffer`.
        tunable: roles whose APIs take the keywords of `keywords.py`.
        gone: names above that newer versions of the library no longer have.
    """

    library: str
    roles: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    effects: Mapping[str, str] = field(default_factory=dict)
    parameters: str = ""
    lift: Mapping[LiftKind, str] = field(default_factory=dict)
    tunable: frozenset[str] = frozenset()
    gone: str = ""


def names_in(text: str) -> Iterator[str]:
    """Yield the full names in a text of a table.

    Examples:
        >>> list(names_in("pandas: concat cut pandas.plotting: scatter_matrix"))
        ['pandas.concat', 'pandas.cut', 'pandas.plotting.scatter_matrix']
    """
    module = ""
    for word in text.split():
        if word.endswith(":"):
            module = word[:-1]
        else:
            yield f"{module}.{word}" if module else word


def records(table: Table, keywords: Mapping[str, LiftKind]) -> dict[str, Api]:
    """Return the record of every name in a table.

    Args:
        table: the table.
        keywords: what the keywords of its tunable APIs are.
    """
    roles = {name: role for role, text in table.roles.items() for name in names_in(text)}
    effects: dict[str, tuple[str, ...]] = {}
    for token, text in table.effects.items():
        for name in names_in(text):
            effects[name] = (*effects.get(name, ()), token)
    parameters = dict(map(_signature, names_in(table.parameters)))
    lift: dict[str, dict[str, LiftKind]] = {}
    for kind, text in table.lift.items():
        for name in names_in(text):
            owner, _, keyword = name.rpartition(".")
            lift.setdefault(owner, {})[keyword] = kind
    return {
        name: Api(
            name,
            roles.get(name, role_of_module(table, name)),
            effects.get(name, ()),
            parameters.get(name, ()),
            {
                **(
                    keywords
                    if roles.get(name, role_of_module(table, name)) in table.tunable
                    else NO_LIFT
                ),
                **lift.get(name, NO_LIFT),
            },
        )
        for name in {**roles, **effects, **parameters, **lift}
    }


def _signature(text: str) -> tuple[str, tuple[str, ...]]:
    match = re.fullmatch(r"([\w.]+)\(([\w,]*)\)", text)
    assert match, text
    return match[1], tuple(match[2].split(","))


def role_of_module(table: Table, name: str) -> str:
    """Return the role of the longest listed module that a name lies in, "" if none."""
    best, found = "", ""
    for role, text in table.modules.items():
        for module in text.split():
            if name.startswith(module + ".") and len(module) > len(best):
                best, found = module, role
    return found
