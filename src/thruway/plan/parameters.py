"""Names of the pipeline's parameters: one for every meaning, in the words of its reader.

Parameters of one name that mean the same are one parameter. Where several meanings meet under a
name, each says what it belongs to: the model that is made with it (`random_forest_n_estimators`),
else the step (`split_random_state`). A seed that most of them share keeps the plain name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from thruway.plan.naming.words import snake

if TYPE_CHECKING:
    from thruway.plan.types import Parameter, StepPlan

_KINDS_OF_MODELS = re.compile(r"_(classifier|regressor)$")
_VAGUE = frozenset({"data", "model", "models", "features", "results", "target"})
_Use = tuple["StepPlan", "Parameter"]
_Meaning = tuple[str, str]


def name_at_pipeline(steps: tuple[StepPlan, ...]) -> tuple[StepPlan, ...]:
    """Give each parameter its name at the pipeline, unique where meanings differ."""
    uses: dict[str, list[_Use]] = defaultdict(list)
    for step in steps:
        for parameter in step.parameters:
            if parameter.pipeline_name:
                uses[parameter.pipeline_name].append((step, parameter))
    taken = {port.name for step in steps for port in (*step.inputs, *step.outputs)}
    taken |= {step.function for step in steps}
    chosen: dict[tuple[str, str], str] = {}
    for name, each in uses.items():
        reserved = taken | (set(uses) - {name}) | set(chosen.values())
        for (step, parameter), new in zip(each, _settled(name, each, reserved), strict=True):
            chosen[step.name, parameter.name] = new
    return tuple(
        replace(
            step,
            parameters=tuple(
                replace(p, pipeline_name=chosen.get((step.name, p.name), ""))
                for p in step.parameters
            ),
        )
        for step in steps
    )


def _settled(name: str, uses: list[_Use], taken: set[str]) -> list[str]:
    """Return the name of each use: equal for equal meanings, and free."""
    meanings = [_meaning(parameter) for _, parameter in uses]
    plain = None if name in taken else _plain(uses, meanings)
    for scheme in (_by_model, _by_step, _by_whole_step):
        names = [
            name if meaning == plain else f"{scheme(use)}_{name}"
            for use, meaning in zip(uses, meanings, strict=True)
        ]
        if _tells_apart(names, meanings) and not set(names) & taken:
            return names
    return _numbered(name, meanings, taken)


def _meaning(parameter: Parameter) -> _Meaning:
    """The value, and for a hyper-parameter what it is one of."""
    of = parameter.owner if parameter.kind == "hyperparameter" else ""
    return parameter.default, of


def _plain(uses: list[_Use], meanings: list[_Meaning]) -> _Meaning | None:
    """Return the meaning that needs no prefix: the only one, or the seed that most share."""
    counts = Counter(meanings)
    if len(counts) == 1:
        return meanings[0]
    (first, most), (_, next_most) = counts.most_common(2)
    return first if most > next_most and uses[0][1].kind == "seed" else None


def _tells_apart(names: list[str], meanings: list[_Meaning]) -> bool:
    found: dict[str, set[_Meaning]] = defaultdict(set)
    for name, meaning in zip(names, meanings, strict=True):
        found[name].add(meaning)
    return all(len(each) == 1 for each in found.values())


def _by_model(use: _Use) -> str:
    """`random_forest` for an argument of RandomForestClassifier; of a function, as `_by_step`."""
    last = use[1].owner.rpartition(".")[2]
    return _KINDS_OF_MODELS.sub("", snake(last)) if last[:1].isupper() else _by_step(use)


def _by_step(use: _Use) -> str:
    """`split` for `split_data`, `svc_2` for `train_svc_2`."""
    verb, _, thing = use[0].name.partition("_")
    words = [word for word in thing.split("_") if word]
    return "_".join([verb, *words[1:]] if words[:1] and words[0] in _VAGUE else words) or verb


def _by_whole_step(use: _Use) -> str:
    return use[0].name


def _numbered(name: str, meanings: list[_Meaning], taken: set[str]) -> list[str]:
    found: dict[_Meaning, str] = {}
    number = 1
    for meaning in meanings:
        while meaning not in found:
            wanted = name if number == 1 else f"{name}_{number}"
            number += 1
            if wanted not in taken and wanted not in found.values():
                found[meaning] = wanted
    return [found[meaning] for meaning in meanings]
