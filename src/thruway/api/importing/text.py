"""The step that stands for a component of another system, as text."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Any

from thruway.api.importing.types import NOTHING
from thruway.project.format import format_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from thruway.api.importing.types import Foreign, Input

_RESERVED = {
    "COMPONENT",
    "IMPORTED",
    "File",
    "NamedTuple",
    "DEFAULTS",
    "SOURCE",
    "step",
    "given",
    "made",
}
_SYSTEMS = {"kubeflow": "Kubeflow Pipelines", "airflow": "Airflow", "tfx": "TFX"}


def file_name(name: str) -> str:
    """Return the name of a step: of `Train (CSV)`, `train_csv`; of `BashOperator`, `bash_operator`.

    >>> file_name("Train (CSV)"), file_name("BashOperator"), file_name("2 steps"), file_name("del")
    ('train_csv', 'bash_operator', 'n2_steps', 'del_')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name)
    return _identifier(spaced)


def _identifier(text: str) -> str:
    name = re.sub(r"\W+", "_", text).strip("_").lower() or "imported"
    name = f"n{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) else name


def step_text(found: Foreign, name: str) -> str:
    """Return the module of the step."""
    inputs = _named(each.name for each in found.inputs)
    outputs = _named(each.name for each in found.outputs)
    blocks = [
        _head(found),
        _facts(found, inputs, outputs),
        _outputs(found, name, outputs),
        _step(found, name, inputs, outputs),
    ]
    text = "\n\n".join(filter(None, blocks))
    return format_files({f"{name}.py": text})[f"{name}.py"]


def _named(names: Iterable[str]) -> dict[str, str]:
    """Return name there → name in Python, each once."""
    found: dict[str, str] = {}
    for name in names:
        wanted = chosen = _identifier(name)
        number = 2
        while chosen in found.values() or chosen in _RESERVED:
            chosen = f"{wanted}_{number}"
            number += 1
        found[name] = chosen
    return found


def _head(found: Foreign) -> str:
    said = f"{_clean(found.name)}: a component of {_SYSTEMS[found.system]}"
    text = _types(found)
    names = [*(["File"] if "File" in text else []), "step"]
    typing = ["NamedTuple"] if len(found.outputs) > 1 else []
    return f'''"""{said}, as a step.

Written by `thruway import`; import it again rather than change it.
"""

{f"from typing import {', '.join(typing)}" if typing else ""}

from thruway import {", ".join(names)}
from thruway.components.foreign import {found.system}
'''


def _types(found: Foreign) -> str:
    taken, given = (each.type for each in found.inputs), (each.type for each in found.outputs)
    return " ".join([*taken, *given])


def _facts(found: Foreign, inputs: dict[str, str], outputs: dict[str, str]) -> str:
    marker: dict[str, Any] = {"system": found.system, "from": found.what}
    marker |= {
        "inputs": {inputs[each.name]: each.name for each in found.inputs},
        "outputs": {outputs[each.name]: each.name for each in found.outputs},
    }
    text = (
        "# What it is there, for a target of that system; names are ours → theirs.\n"
        f"IMPORTED = {marker!r}\n"
    )
    if found.system == "airflow":
        defaulted = [each for each in found.inputs if each.default is not NOTHING]
        defaults = {each.name: each.default for each in defaulted}
        return f"{text}# Left to the operator when they are not set.\nDEFAULTS = {defaults!r}\n"
    if found.system == "tfx":
        return text
    words = [
        f"name={found.name!r}",
        f"inputs={ {each.name: each.kind for each in found.inputs}!r}",
        f"outputs={ {each.name: each.kind for each in found.outputs}!r}",
    ]
    source = found.facts.get("source", "")
    head = f"SOURCE = {_block(source)}\n\n" if source else ""
    for key, value in found.facts.items():
        shown = "SOURCE" if key == "source" else _command(value, source)
        words.append(f"{key}={shown}")
    return f"{text}\n{head}COMPONENT = kubeflow.Component({', '.join(words)})\n"


def _command(value: Any, source: str) -> str:
    if isinstance(value, list) and source:
        return f"[{', '.join('SOURCE' if each == source else repr(each) for each in value)}]"
    return repr(value)


def _block(source: str) -> str:
    """Return a literal that can be read line by line, if there is one."""
    if '"""' in source or "\\" in source or source.endswith('"') or "\r" in source:
        if "'''" in source or source.endswith(("'", "\\")) or "\r" in source:
            return repr(source)
        return f"r'''{source}'''"
    return f'"""{source}"""'


def _outputs(found: Foreign, name: str, outputs: dict[str, str]) -> str:
    if len(found.outputs) < 2:
        return ""
    rows = [f"    {outputs[each.name]}: {each.type}{_comment(each.doc)}" for each in found.outputs]
    title = _title(name)
    return (
        f'class {title}(NamedTuple):\n    """What `{name}` gives."""\n\n' + "\n".join(rows) + "\n"
    )


def _title(name: str) -> str:
    return f"{''.join(part.capitalize() for part in name.split('_'))}Outputs"


def _comment(doc: str) -> str:
    return f"  # {doc[:60].rstrip()}" if doc else ""


def _step(found: Foreign, name: str, inputs: dict[str, str], outputs: dict[str, str]) -> str:
    signature = ", ".join(_parameter(each, inputs[each.name]) for each in found.inputs)
    returns = _returns(found, name)
    doc = _clean(found.doc.split("\n\n")[0]) or _clean(found.name)
    pairs = ", ".join(f"{each.name!r}: {inputs[each.name]}" for each in found.inputs)
    return f'''@step
def {name}({signature}) -> {returns}:
    """{_sentence(doc)}{_arguments(found.inputs, inputs)}"""
    given = {{{pairs}}}
    {_body(found, name, outputs)}
'''


def _sentence(doc: str) -> str:
    line = " ".join(doc.split())
    short = line if len(line) < 85 else f"{line[:80].rsplit(' ', 1)[0]} …"
    return short if short.endswith((".", "…", "!", "?")) else f"{short}."


def _arguments(inputs: Sequence[Input], names: dict[str, str]) -> str:
    rows = [f"        {names[each.name]}: {_clean(each.doc)[:70]}" for each in inputs if each.doc]
    return "\n\n    Args:\n" + "\n".join(rows) + "\n    " if rows else ""


def _parameter(each: Input, name: str) -> str:
    default = "" if each.default is NOTHING else f" = {each.default!r}"
    return f"{name}: {each.type}{default}"


def _returns(found: Foreign, name: str) -> str:
    if not found.outputs:
        return "None"
    return found.outputs[0].type if len(found.outputs) == 1 else _title(name)


def _body(found: Foreign, name: str, outputs: dict[str, str]) -> str:
    if found.system == "airflow":
        return f"return airflow.run({found.what!r}, {name!r}, given, DEFAULTS)"
    call = "kubeflow.run(COMPONENT, given)"
    if found.system == "tfx":
        artifacts = tuple(each.name for each in found.inputs if each.kind == "artifact")
        call = f"tfx.run({found.what!r}, given, {artifacts!r})"
    if not found.outputs:
        return call
    if len(found.outputs) == 1:
        return f"return {call}[{found.outputs[0].name!r}]"
    pairs = ", ".join(f"{ours}=made[{theirs!r}]" for theirs, ours in outputs.items())
    return f"made = {call}\n    return {_title(name)}({pairs})"


def _clean(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''").rstrip('"').strip()
