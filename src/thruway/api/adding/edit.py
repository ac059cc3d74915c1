"""The text of a pipeline with one more call in it; everything else stays as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

_WIDTH = 88
_HOME = "thruway.components"


class Call(NamedTuple):
    """One call to be written.

    Attributes:
        target: name that its result gets.
        component: what is imported.
        called: how it is called here: another name, where the pipeline has one of that name.
        arguments: as they are written.
        after: number of the statement in the body after which it stands; -1 for the beginning.
    """

    target: str
    component: str
    called: str
    arguments: tuple[str, ...]
    after: int


def with_calls(text: str, function: str, calls: Sequence[Call]) -> str:
    """Return the text of a module with calls in one of its functions, and their imports.

    Args:
        text: of the module.
        function: name of the pipeline.
        calls: in the order in which they stand.

    Raises:
        UsageError: LibCST is not installed.
    """
    library = _library()
    module = library.parse_module(text)
    body = list(module.body)
    for number, statement in enumerate(body):
        if isinstance(statement, library.FunctionDef) and statement.name.value == function:
            body[number] = _with_statements(library, module, statement, calls)
    for call in calls:
        _import(library, module, body, call)
    return str(module.with_changes(body=body).code)


def _library() -> Any:
    try:
        import libcst
    except ImportError as error:
        raise UsageError(
            "editing a pipeline needs the library libcst, which is not installed",
            fix='install it: pip install "thruway[components]"',
        ) from error
    return libcst


def _with_statements(library: Any, module: cst.Module, function: Any, calls: Sequence[Call]) -> Any:
    block = function.body
    if not isinstance(block, library.IndentedBlock):
        raise UsageError(
            f"the pipeline `{function.name.value}` is written on one line",
            fix="write its body on lines of its own",
        )
    indent = len(block.indent or module.default_indent)
    whole: list[Any] = list(block.body)
    ordered = sorted(calls, key=lambda call: call.after)
    for added, call in enumerate(ordered):
        text = _statement(call, indent)
        made = library.parse_statement(text, config=module.config_for_parsing)
        whole.insert(call.after + 1 + added, made)
    return function.with_changes(body=block.with_changes(body=whole))


def _statement(call: Call, indent: int) -> str:
    head = f"{call.target} = {call.called}("
    one = f"{head}{', '.join(call.arguments)})"
    if indent + len(one) <= _WIDTH:
        return one + "\n"
    inner = ", ".join(call.arguments)
    if indent + 4 + len(inner) <= _WIDTH:
        return f"{head}\n    {inner}\n)\n"
    lines = "".join(f"    {argument},\n" for argument in call.arguments)
    return f"{head}\n{lines})\n"


def _import(library: Any, module: cst.Module, body: list[Any], call: Call) -> None:
    """Add the import of a component, beside those that are there."""
    name = call.component
    alias = f"{name} as {call.called}" if call.called != name else name
    for number, statement in enumerate(body):
        if not _is_import(library, statement):
            continue
        one = statement.body[0]
        if _module_of(library, module, one) != _HOME or isinstance(one.names, library.ImportStar):
            continue
        written = [module.code_for_node(each).rstrip(", \n") for each in one.names]
        if alias in written:
            return
        text = f"from {_HOME} import {', '.join(sorted([*written, alias]))}"
        if one.lpar is None and len(text) <= _WIDTH:
            made = library.parse_statement(text + "\n", config=module.config_for_parsing)
            body[number] = statement.with_changes(body=made.body)
            return
    made = library.parse_statement(
        f"from {_HOME} import {alias}\n", config=module.config_for_parsing
    )
    body.insert(_place(library, module, body), made)


def _place(library: Any, module: cst.Module, body: list[Any]) -> int:
    """Return where an import of ours stands: after those of the kit, or after all."""
    imports = [number for number, one in enumerate(body) if _is_import(library, one)]
    ours = [
        number
        for number in imports
        if _module_of(library, module, body[number].body[0]).partition(".")[0] == "thruway"
    ]
    if ours or imports:
        return (ours or imports)[-1] + 1
    documented = bool(body) and module.get_docstring() is not None
    return 1 if documented else 0


def _is_import(library: Any, statement: Any) -> bool:
    return (
        isinstance(statement, library.SimpleStatementLine)
        and len(statement.body) == 1
        and isinstance(statement.body[0], library.Import | library.ImportFrom)
    )


def _module_of(library: Any, module: cst.Module, one: Any) -> str:
    if isinstance(one, library.ImportFrom):
        return module.code_for_node(one.module) if one.module is not None else ""
    return module.code_for_node(one.names[0].name)
