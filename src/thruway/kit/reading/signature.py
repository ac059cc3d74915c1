"""What a step's text says: where it is, its role, its parameters, what it returns."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from thruway.errors import PipelineError
from thruway.kit.code.modules import Finder, Foreign, Local
from thruway.kit.code.scope import chain_of, unquoted
from thruway.kit.dag import StepParameter, StepRef
from thruway.kit.options import with_options
from thruway.kit.step import ASYNC_GENERATOR, COROUTINE, GENERATOR, refuse_flags

if TYPE_CHECKING:
    from pathlib import Path

    from thruway.kit.code.modules import Bound, Module
    from thruway.kit.code.scope import Chain

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
    module: Module


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
                _refuse_kind(hit.module, node)
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
            f"`{name}` is a pipeline, and a step is needed here.",
            where,
            f"make it one step (`whole = step({hit.name})` at the top of the file, and `whole` "
            "here), or call its steps",
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


def pipeline_of(
    finder: Finder, module: Module, chain: Chain
) -> tuple[Module, ast.FunctionDef] | None:
    """Return the pipeline that a name, called in a module, means; None if it is none."""
    for hit in finder.follow(module, chain):
        if not isinstance(hit, Local):
            return None
        for bound in reversed(hit.module.bindings[hit.name]):
            node = bound.node
            if isinstance(node, ast.FunctionDef) and is_pipeline(finder, hit.module, node):
                return hit.module, node
        return None
    return None


def _refuse_kind(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Refuse a function whose call does not give its result at once, as `step` itself does.

    Raises:
        PipelineError: it is async, or a generator.
    """
    flags = GENERATOR if _yields(node) else 0
    if isinstance(node, ast.AsyncFunctionDef):
        flags = ASYNC_GENERATOR if flags else COROUTINE
    refuse_flags(flags, node.name, f"{module.file}, line {node.lineno}")


def _yields(node: ast.AST) -> bool:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Yield | ast.YieldFrom):
            return True
        inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if not inner and _yields(child):
            return True
    return False


def _made_step(finder: Finder, hit: Local, node: ast.Assign | ast.AnnAssign) -> StepRef | None:
    """Return the step that `name = step(function)` makes, None if it is not one."""
    value = node.value
    if not isinstance(value, ast.Call) or not value.args:
        return None
    options, called = value.keywords, value.func
    if isinstance(called, ast.Call):
        # `name = step(role=…)(function)`
        options, called = called.keywords, called.func
    if not means(finder, hit.module, called, _STEP):
        return None
    module, name = hit.module, hit.name
    given = _options_of(module, options)
    function = value.args[0]
    if isinstance(function, ast.Lambda):
        raise PipelineError(
            "A lambda has no name that a pipeline could use, so it cannot be a step.",
            f"{module.file}, line {function.lineno}",
            "write it as a `def`",
        )
    chain = chain_of(function)
    for found in finder.follow(module, chain) if chain else ():
        ref = _step_in(finder, found) if isinstance(found, Local) and found != hit else None
        if ref is not None:
            merged = {**dict(ref.options), **dict(given)}
            role = _role(options) or ref.role
            kept = tuple(sorted((key, text) for key, text in merged.items() if key != "role"))
            return replace(
                ref, module=module.name, qualname=name, file=module.file, role=role, options=kept
            )
    kept = tuple((key, text) for key, text in given if key != "role")
    return StepRef(module.name, name, module.file, _role(options), known=False, options=kept)


def _step_in(finder: Finder, found: Local) -> StepRef | None:
    """Return what a first-party name says of the function that a step is made of."""
    for bound in found.module.bindings[found.name]:
        node = bound.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            _refuse_kind(found.module, node)
            options = _decoration(finder, found.module, node, _STEP) or []
            return ref_of(finder, found.module, node, found.name, options)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            made = _made_step(finder, found, node)
            if made is not None:
                return made
    return None


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
        options=tuple(pair for pair in _options_of(module, options) if pair[0] != "role"),
    )


def _role(options: list[ast.keyword]) -> str:
    for option in options:
        if option.arg == "role" and isinstance(option.value, ast.Constant):
            return str(option.value.value or "")
    return ""


def _options_of(module: Module, options: list[ast.keyword]) -> tuple[tuple[str, str], ...]:
    """Return the options of a step as (name, text), sorted by name.

    Raises:
        PipelineError: one is not a literal, or makes no sense.
    """
    found: list[tuple[str, str]] = []
    for option in options:
        where = f"{module.file}, line {option.value.lineno}"
        name = option.arg or "**"
        try:
            value = ast.literal_eval(option.value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
            raise PipelineError(
                f"`{name}` of a step is not a literal: {ast.unparse(option.value)}.",
                where,
                "write the value itself: a run reads it from the text",
            ) from error
        with_options({name: value}, where=where)
        found.append((name, ast.unparse(option.value)))
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
            return Record(hit.name, "NamedTuple", _fields(node), module)
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if means(finder, module, called, _DATACLASS):
                return Record(hit.name, "dataclass", _inherited(finder, module, node), module)
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
