"""A program for an interpreter that has Airflow or TFX: print what a component is, as JSON.

    python inspecting.py airflow airflow.providers.standard.operators.bash.BashOperator

It imports nothing of Thruway, since that need not be there.
"""

import ast
import importlib
import inspect
import json
import sys
from typing import Any

_PLAIN = {int: "int", float: "float", str: "str", bool: "bool", dict: "dict", list: "list"}


def main() -> None:
    """Print the answer as the last line."""
    system, name = sys.argv[1:]
    module, _, attribute = name.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        found = refused(
            f"{name} cannot be imported: {error}",
            f"install what provides it, or name an interpreter that has {system}: --python PATH",
        )
    else:
        found = of_operator(kind) if system == "airflow" else of_component(kind)
    print(json.dumps(found))  # noqa: T201 - this is what it is for


def refused(what: str, fix: str) -> dict[str, Any]:
    """Return a refusal."""
    return {"refused": what, "fix": fix}


def first(text: str | None) -> str:
    """Return the first paragraph of a docstring, in one line."""
    return " ".join(inspect.cleandoc(text or "").partition("\n\n")[0].split())


# Airflow --------------------------------------------------------------------------------------


def of_operator(kind: Any) -> dict[str, Any]:
    """Return what an operator's own `__init__` takes, and those of operators that it extends."""
    bases = kind.__mro__ if inspect.isclass(kind) else ()
    ends = {"BaseOperator", "AbstractOperator", "BaseOperatorLink", "SkipMixin"}
    if not ends & {each.__name__ for each in bases}:
        return refused(f"{kind!r} is no operator", "name a class that extends BaseOperator")
    found: dict[str, dict[str, Any]] = {}
    for each in bases:
        if each.__name__ in ends or each.__module__.startswith(
            ("airflow.sdk.bases", "airflow.models")
        ):
            break
        if "__init__" in vars(each):
            named = inspect.signature(vars(each)["__init__"]).parameters.values()
            for parameter in named:
                if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                    found.setdefault(parameter.name, one(parameter))
    skipped = ("self", "task_id", "trigger_rule", "default_args")
    inputs = [said for name, said in found.items() if name not in skipped]
    return {
        "doc": first(kind.__doc__),
        "inputs": sorted(inputs, key=lambda said: said["has_default"]),
        "templated": sorted(set(kind.template_fields) & found.keys()),
    }


def one(parameter: Any) -> dict[str, Any]:
    """Return a parameter; a default that is no literal is left to the operator."""
    has_default = parameter.default is not parameter.empty
    default = parameter.default if has_default else None
    kind = typed(parameter.annotation)
    if has_default and not is_plain(default):
        default = None
    if has_default and default is None and kind != "object" and "None" not in kind:
        kind = f"{kind} | None"
    return {"name": parameter.name, "type": kind, "has_default": has_default, "default": default}


def is_plain(value: Any) -> bool:
    """Say whether JSON brings a value back as it is."""
    try:
        return bool(json.loads(json.dumps(value)) == value) and not isinstance(value, tuple)
    except (TypeError, ValueError):
        return False


def typed(annotation: Any) -> str:
    """Return a type that needs no import; `object` for all others.

    >>> typed("Optional[List[str]]"), typed("str | ArgNotSet"), typed("int | Container[int]")
    ('list | None', 'str', 'object')
    """
    plain = isinstance(annotation, type) and not hasattr(annotation, "__args__")
    text = annotation.__name__ if plain else str(annotation)
    try:
        words = list(dict.fromkeys(words_of(ast.parse(text, mode="eval").body)))
    except SyntaxError:
        return "object"
    words = [word for word in words if word != "ArgNotSet"]
    known = {"str", "int", "float", "bool", "None", "dict", "list", "bytes"}
    return " | ".join(words) if words and set(words) <= known else "object"


def words_of(node: ast.expr) -> list[str]:
    """Return the names of the types that an annotation allows, without what they hold."""
    if isinstance(node, ast.Constant):
        return ["None"] if node.value is None else [str(node.value)]
    if isinstance(node, ast.BinOp):
        return [*words_of(node.left), *words_of(node.right)]
    if isinstance(node, ast.Subscript):
        outer = words_of(node.value)[0]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer == "Optional":
            return [*words_of(inner[0]), "None"]
        return [word for each in inner for word in words_of(each)] if outer == "Union" else [outer]
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "object")
    return [{"Dict": "dict", "List": "list", "Text": "str", "NoneType": "None"}.get(name, name)]


# TFX ------------------------------------------------------------------------------------------


def of_component(kind: Any) -> dict[str, Any]:
    """Return inputs, parameters and outputs of a component whose executor is all there is to it."""
    spec = getattr(kind, "SPEC_CLASS", None)
    if spec is None:
        return refused(
            f"{kind!r} has no specification, as an Importer or a Resolver has none",
            "use thruway.components.importer or resolve",
        )
    base = importlib.import_module("tfx.dsl.components.base.base_driver").BaseDriver
    if getattr(kind, "DRIVER_CLASS", base) is not base:
        return refused(
            f"{kind.__name__} has a driver of its own, which finds its input and needs ML Metadata",
            "use thruway.components.ingest, or run it in TFX",
        )
    executor = importlib.import_module("tfx.dsl.components.base.executor_spec")
    if not isinstance(kind.EXECUTOR_SPEC, executor.ExecutorClassSpec):
        return refused(
            f"{kind.__name__} runs in a container of its own", "run it in TFX, or import a function"
        )
    written = inspect.signature(kind.__init__).parameters
    inputs = [artifact(name, each) for name, each in spec.INPUTS.items()]
    # What its `__init__` takes is what one writes; a component of a function takes anything.
    own = any(each.kind is each.VAR_KEYWORD for each in written.values())
    if own:
        inputs += [parameter(name, each) for name, each in spec.PARAMETERS.items()]
    else:
        known = {said["name"] for said in inputs}
        inputs = [said for said in inputs if said["name"] in written]
        inputs += [one(each) for name, each in written.items() if name not in (*known, "self")]
    values = importlib.import_module("tfx.types.value_artifact").ValueArtifact
    outputs = [
        {"name": name, "type": value(each.type) if issubclass(each.type, values) else "File"}
        for name, each in spec.OUTPUTS.items()
    ]
    return {
        "doc": first(kind.__doc__),
        "inputs": sorted(inputs, key=lambda said: said["has_default"]),
        "outputs": outputs,
    }


def artifact(name: str, channel: Any) -> dict[str, Any]:
    """Return an input that is an artifact."""
    kind = "File | None" if channel.optional else "File"
    return {
        "name": name,
        "type": kind,
        "kind": "artifact",
        "doc": channel.type.TYPE_NAME,
        "has_default": bool(channel.optional),
        "default": None,
    }


def parameter(name: str, said: Any) -> dict[str, Any]:
    """Return an input that is a parameter of the execution."""
    kind = _PLAIN.get(said.type, "object")
    optional = bool(said.optional)
    return {
        "name": name,
        "type": f"{kind} | None" if optional and kind != "object" else kind,
        "has_default": optional,
        "default": None,
    }


def value(kind: Any) -> str:
    """Return the type of what a value artifact holds."""
    names = {"Integer": "int", "Float": "float", "String": "str", "Boolean": "bool"}
    return names.get(kind.TYPE_NAME, "object")


if __name__ == "__main__":
    main()
