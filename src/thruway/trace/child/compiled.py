"""Statements compiled so that tracebacks, `inspect` and `pickle` see the author's own lines."""

from __future__ import annotations
import __future__

import ast
import dis
import linecache
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FunctionType

    from thruway.trace.job import Job, JobStatement

_OPTIMIZED = 0x1  # functions; modules and class bodies are not
_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag


@dataclass(frozen=True)
class Compiled:
    """A statement ready to run.

    Attributes:
        statement: what was asked.
        tree: its syntax tree, with the author's line numbers.
        code: to execute, or to evaluate if `statement.displays`.
        class_loads: names which class bodies in it look up, unseen, when the statement runs.
    """

    statement: JobStatement
    tree: ast.Module
    code: CodeType
    class_loads: frozenset[str]

    @property
    def calls(self) -> bool:
        """Whether its text calls anything."""
        return any(isinstance(node, ast.Call) for node in ast.walk(self.tree))


@dataclass(frozen=True)
class CompiledProgram:
    """All statements, and the names that must stay where the interpreter finds them unasked."""

    statements: tuple[Compiled, ...]
    pins: frozenset[str]
    definitions: dict[tuple[str, str, int], ast.FunctionDef]

    def definition(self, function: FunctionType) -> ast.FunctionDef | None:
        """Return the text of a function that the program defines; None for any other."""
        code = function.__code__
        return self.definitions.get((code.co_filename, code.co_name, code.co_firstlineno))


def compile_job(job: Job) -> CompiledProgram:
    """Compile every statement, and register the text for tracebacks and `inspect`."""
    for file, text in job.sources.items():
        # Without a time of modification, `linecache.checkcache` leaves an entry alone; without
        # an end, the last line would be marked one column off.
        lines = [f"{line}\n" for line in text.splitlines()]
        linecache.cache[file] = (len(text), None, lines, file)
    statements, pins, flags = [], set(), 0
    top_level_await = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if job.kind == "notebook" else 0
    for statement in job.statements:
        one = _compile(statement, flags | top_level_await)
        flags |= one.code.co_flags & _FUTURES
        statements.append(one)
        pins |= _deleted_globals(one.tree, statement.code)
        pins.update(_hidden_loads(one.code, in_function=True))
    definitions = {key: node for one in statements for key, node in _definitions(one)}
    return CompiledProgram(tuple(statements), frozenset(pins), definitions)


def _definitions(one: Compiled) -> Iterator[tuple[tuple[str, str, int], ast.FunctionDef]]:
    if "def" not in one.statement.code:
        return
    for node in ast.walk(one.tree):
        # A decorated function is not what its text says.
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            yield (one.statement.file, node.name, node.lineno), node


def _compile(statement: JobStatement, flags: int) -> Compiled:
    tree = ast.parse(statement.code, statement.file)
    ast.increment_lineno(tree, statement.line - 1)
    first = tree.body[0] if len(tree.body) == 1 else None
    if statement.displays and isinstance(first, ast.Expr):
        expression = ast.Expression(first.value)
        code = compile(expression, statement.file, "eval", flags, dont_inherit=True)
    else:
        code = compile(tree, statement.file, "exec", flags, dont_inherit=True)
    return Compiled(statement, tree, code, frozenset(_hidden_loads(code, in_function=False)))


def _hidden_loads(code: CodeType, *, in_function: bool) -> Iterator[str]:
    """Yield names that class bodies nested in `code` load by LOAD_NAME.

    These look into the globals without asking a dictionary subclass.

    Args:
        code: of the statement.
        in_function: the class bodies inside functions, or else those that run at once.
    """
    for nested, inside in _nested(code, inside=False):
        if inside == in_function and not nested.co_flags & _OPTIMIZED:
            for instruction in dis.get_instructions(nested):
                if instruction.opname in {"LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}:
                    yield str(instruction.argval)


def _nested(code: CodeType, *, inside: bool) -> Iterator[tuple[CodeType, bool]]:
    for constant in code.co_consts:
        if hasattr(constant, "co_consts"):
            yield constant, inside
            function = bool(constant.co_flags & _OPTIMIZED)
            yield from _nested(constant, inside=inside or function)


def _deleted_globals(tree: ast.Module, text: str) -> set[str]:
    """Names that functions delete with `global x; del x`: also done without asking."""
    names: set[str] = set()
    if "global" not in text:
        return names
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            declared = {n for g in ast.walk(function) if isinstance(g, ast.Global) for n in g.names}
            if declared:
                names |= declared & _deleted(function)
    return names


def _deleted(function: ast.AST) -> set[str]:
    return {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)
    }
