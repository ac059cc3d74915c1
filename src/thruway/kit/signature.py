"""What a step's text says: where it is, its role, its parameters, what it returns."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from thruway.errors import PipelineError
from thruway.kit.dag import StepParameter, StepRef
from thruway.kit.modules import Finder, Foreign, Local
from thruway.kit.options import with_options
from thruway.kit.scope import chain_of, unquoted

if TYPE_CHECKING:
    from pathlib import Path

    from thruway.kit.modules import Bound, Module
    from thruway.kit.scope import Chain

_STEP = frozenset({"thruway.step", "thruway.kit.step.step"})
_PIPELINE = frozenset({"thruway.pipeline", "thruway.kit.pipeline.pipeline"})
MAP_OVER = frozenset({"thruway.map_over", "thruway.kit.fanout.map_over"})
WHEN = frozenset({"thruway.when", "thruway.kit.branch.when"})
_TUPLES = frozenset({"typing.NamedTuple", "typing_extensions.NamedTuple"})
_DATACLASS = frozenset({"dataclasses.dataclass"})


@dataclass(frozen=True)
class Record:
    """A class whose fields are outputs."""

    name: str
    kind: Literal["NamedTuple", "dataclass"]
    fields: tuple[str, ...]


def step_of(finder: Finder, module: Module, chain: Chain, where: str) -> StepRef:
    """Return the step that a name, called in a module, means.

    Args:
        finder: finds first-party modules.
        module: the module of the pipeline.
        chain: the name called, such as `("load",)` or `("steps", "load")`.
        where: place of the call, for messages.

    Raises:
        PipelineError: the name means nothing, or something that is not a step.
    """
    name = ".".join(chain)
    for hit in finder.follow(module, chain):
        if isinstance(hit, Foreign):
            return _foreign(finder, hit.name, name, where)
        if isinstance(hit, Local):
            return _local(finder, hit, name, where)
        break
    if chain[0] not in module.bindings:
        raise PipelineError(
            f"`{name}` is not imported in {module.file.name}, nor defined there.",
            where,
            "a pipeline calls steps: import the function that `@step` stands above, or put what "
            "this line does into a step",
        )
    raise PipelineError(
        f"`{name}` is not a function that can be found in the project.",
        where,
        "check the import, and that the file is inside the project",
    )


def _foreign(finder: Finder, target: str, name: str, where: str) -> StepRef:
    home, _, attribute = target.rpartition(".")
    if finder.find(target.partition(".")[0]) is not None:
        raise PipelineError(
            f"The project has no module `{home}`, from which `{name}` comes.",
            where,
            "correct the import at the top of the file, or create the module",
        )
    if not home:
        raise PipelineError(f"`{name}` is a module, not a step.", where, "call a step")
    return StepRef(home, attribute, known=False)


def _local(finder: Finder, hit: Local, name: str, where: str) -> StepRef:
    for bound in reversed(hit.module.bindings[hit.name]):
        node = bound.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            options = _decoration(finder, hit.module, node, _STEP)
            if options is not None:
                return ref_of(finder, hit.module, node, hit.name, options)
            _refuse_function(finder, hit, node, name, where)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            made = _made_step(finder, hit, node)
            if made is not None:
                return made
    raise PipelineError(
        f"`{name}` is not a step.",
        where,
        "a pipeline calls steps: put @step above the `def`, or make one with "
        f"`{hit.name} = step(function)`",
    )


def _refuse_function(
    finder: Finder, hit: Local, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, where: str
) -> None:
    place = f"{hit.module.file.name}, line {node.lineno}"
    if _decoration(finder, hit.module, node, _PIPELINE) is not None:
        raise PipelineError(
            f"`{name}` is a pipeline, and not a step.",
            where,
            "call the pipeline itself, or give one of its steps",
        )
    raise PipelineError(
        f"`{name}` is a plain function, not a step.", where, f"put @step above it ({place})"
    )


def _decoration(
    finder: Finder,
    module: Module,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    names: frozenset[str],
) -> list[ast.keyword] | None:
    """Return the keywords of a decorator of the kit; None when the function does not have it."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if means(finder, module, called, names):
            return decorator.keywords if isinstance(decorator, ast.Call) else []
    return None


def pipeline_of(
    finder: Finder, module: Module, chain: Chain
) -> tuple[Module, ast.FunctionDef] | None:
    """Return the pipeline of the project that a name means, with its module; None if none."""
    for hit in finder.follow(module, chain):
        if isinstance(hit, Local):
            for bound in reversed(hit.module.bindings[hit.name]):
                node = bound.node
                if isinstance(node, ast.FunctionDef) and is_pipeline(finder, hit.module, node):
                    return hit.module, node
    return None


def is_pipeline(finder: Finder, module: Module, node: ast.stmt) -> bool:
    """Whether a statement defines a pipeline."""
    return (
        isinstance(node, ast.FunctionDef)
        and _decoration(finder, module, node, _PIPELINE) is not None
    )


def pipelines_of(finder: Finder, module: Module) -> list[ast.FunctionDef]:
    """Return the pipeline functions that a module defines."""
    return [
        node
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef) and is_pipeline(finder, module, node)
    ]


def means(finder: Finder, module: Module, node: ast.expr, names: frozenset[str]) -> bool:
    """Whether an expression is one of some names of installed packages."""
    chain = chain_of(node)
    hits = finder.follow(module, chain) if chain else ()
    return any(isinstance(hit, Foreign) and hit.name in names for hit in hits)


def _made_step(finder: Finder, hit: Local, node: ast.Assign | ast.AnnAssign) -> StepRef | None:
    """Return the step that `name = step(function)` makes, None if it is not one."""
    value = node.value
    if not isinstance(value, ast.Call) or not value.args:
        # `name = step(role=…)(function)`
        return None
    options = value.keywords
    if isinstance(value.func, ast.Call):
        options, called = value.func.keywords, value.func.func
    else:
        called = value.func
    if not means(finder, hit.module, called, _STEP):
        return None
    module, name = hit.module, hit.name
    chain = chain_of(value.args[0])
    for found in finder.follow(module, chain) if chain else ():
        for bound in found.module.bindings[found.name] if isinstance(found, Local) else ():
            if isinstance(found, Local) and isinstance(bound.node, ast.FunctionDef):
                ref = ref_of(finder, found.module, bound.node, name, options)
                return _at(ref, module, name)
    place = f"{module.file.name}, line {node.lineno}"
    return StepRef(
        module.name,
        name,
        module.file,
        _role(options),
        known=False,
        options=_options(options, place),
    )


def _at(ref: StepRef, module: Module, name: str) -> StepRef:
    from dataclasses import replace

    return replace(ref, module=module.name, qualname=name, file=module.file)


def ref_of(
    finder: Finder,
    module: Module,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    name: str,
    options: list[ast.keyword],
) -> StepRef:
    """Return the reference to a step from its `def`."""
    record = record_of(finder, module, unquoted(node.returns))
    return StepRef(
        module=module.name,
        qualname=name,
        file=module.file,
        role=_role(options),
        parameters=parameters_of(node.args),
        outputs=record.fields if record else (),
        returns=ast.unparse(node.returns) if node.returns else "",
        variadic=node.args.vararg is not None,
        open=node.args.kwarg is not None,
        options=_options(options, f"{module.file.name}, line {node.lineno}"),
    )


def _role(options: list[ast.keyword]) -> str:
    for option in options:
        if option.arg == "role" and isinstance(option.value, ast.Constant):
            return str(option.value.value or "")
    return ""


def _options(options: list[ast.keyword], where: str) -> tuple[tuple[str, str], ...]:
    """Return the options that say how a step runs, with their texts.

    Raises:
        PipelineError: one is no literal, or no such value.
    """
    found: list[tuple[str, str]] = []
    for option in options:
        if option.arg is None:
            raise PipelineError(
                "`@step(**options)` cannot be read.", where, "write each option by its name"
            )
        if option.arg == "role":
            continue
        try:
            value = ast.literal_eval(option.value)
        except (ValueError, TypeError, SyntaxError) as error:
            raise PipelineError(
                f"The option `{option.arg}` of `@step` is not a literal: "
                f"{ast.unparse(option.value)}",
                where,
                "options are read from the text, before anything is imported: write the value",
            ) from error
        with_options({option.arg: value}, where=where)
        found.append((option.arg, ast.unparse(option.value)))
    return tuple(sorted(found))


def parameters_of(args: ast.arguments) -> tuple[StepParameter, ...]:
    """Return the named parameters of a signature."""
    plain = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [
        *[None] * (len(plain) - len(args.defaults)),
        *args.defaults,
    ]
    first = [_parameter(a, d, False) for a, d in zip(plain, defaults, strict=True)]
    last = [_parameter(a, d, True) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return (*first, *last)


def _parameter(arg: ast.arg, default: ast.expr | None, keyword_only: bool) -> StepParameter:
    annotation = unquoted(arg.annotation)
    return StepParameter(
        arg.arg,
        ast.unparse(annotation) if annotation else "",
        ast.unparse(default) if default else "",
        default is not None,
        keyword_only,
    )


def record_of(finder: Finder, module: Module, node: ast.expr | None) -> Record | None:
    """Return the NamedTuple or dataclass that an expression names, None if it names none."""
    chain = chain_of(node) if node is not None else ()
    for hit in finder.follow(module, chain) if chain else ():
        if isinstance(hit, Local):
            for bound in hit.module.bindings[hit.name]:
                record = _record(finder, hit, bound)
                if record is not None:
                    return record
    return None


def _record(finder: Finder, hit: Local, bound: Bound) -> Record | None:
    node, module = bound.node, hit.module
    if isinstance(node, ast.ClassDef):
        if any(means(finder, module, base, _TUPLES) for base in node.bases):
            return Record(hit.name, "NamedTuple", _fields(node))
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if means(finder, module, called, _DATACLASS):
                return Record(hit.name, "dataclass", _inherited(finder, module, node))
    return None


def _inherited(finder: Finder, module: Module, node: ast.ClassDef) -> tuple[str, ...]:
    """Return the fields of a dataclass, those of its bases first."""
    fields: list[str] = []
    for base in reversed(node.bases):
        record = record_of(finder, module, base)
        fields.extend(record.fields if record else ())
    return tuple(dict.fromkeys([*fields, *_fields(node)]))


def _fields(node: ast.ClassDef) -> tuple[str, ...]:
    return tuple(
        item.target.id
        for item in node.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and "ClassVar" not in ast.unparse(item.annotation)
    )


def source_of(ref: StepRef) -> str:
    """Return where a step is, for messages."""
    file: Path | None = ref.file
    return file.name if file is not None else ref.module
