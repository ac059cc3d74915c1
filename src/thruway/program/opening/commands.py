"""`click` and `typer` commands: their options and arguments become arguments of the program.

As with `argparse`, the library itself decides what they are worth: the declarations that the text
makes from literals are made again, and given the command line.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from thruway.program.imports import dotted_name
from thruway.program.opening.argument import Argument, annotation_of, argument_rows, literal
from thruway.program.opening.parser import RefusedError
from thruway.program.opening.reasons import ClosedError
from thruway.program.opening.rows import Edit, Text
from thruway.program.opening.scope import names, references

if TYPE_CHECKING:
    from thruway.program.imports import Imports

_ELSE = "declare it with literals, and call the command last"
_TYPES = {"int": int, "float": float, "str": str, "bool": bool, "click.INT": int}
_TYPES |= {"click.FLOAT": float, "click.STRING": str, "click.BOOL": bool}
_CHOICES = frozenset({"click.Choice", "click.IntRange", "click.FloatRange"})
_KNOWN = frozenset(
    {"default", "help", "is_flag", "flag_value", "multiple", "nargs", "required", "count", "hidden"}
)
_SPOKEN = frozenset({"show_default", "metavar", "rich_help_panel", "show_choices"})
_PATHS = frozenset({"pathlib.Path", "click.Path"})


@dataclass(frozen=True)
class Command:
    """A function that a command line calls.

    Attributes:
        function: the definition.
        call: the statement that runs it.
        typer: its signature declares the arguments, not its decorators.
        app: the statement that makes a `typer.Typer()`, if there is one.
    """

    function: ast.FunctionDef
    call: ast.stmt
    typer: bool
    app: ast.stmt | None = None


def command_of(text: Text, imports: Imports) -> Command | None:
    """Return the one command of a program."""
    functions = [node for node in text.body if isinstance(node, ast.FunctionDef)]
    for node in text.body:
        call = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, (ast.Name, ast.Attribute)):
            continue
        full = imports.resolve(dotted_name(call.func) or "")
        for function in functions:
            given = [ast.unparse(part) for part in call.args]
            if full == "typer.run" and given == [function.name] and not function.decorator_list:
                return Command(function, node, typer=True)
            if call.args or call.keywords or not isinstance(call.func, ast.Name):
                continue
            kinds = [_decorator(each, imports) for each in function.decorator_list]
            if call.func.id == function.name and "click.command" in kinds:
                return Command(function, node, typer=False)
            app = _app(text, call.func.id, imports)
            if app is not None and f"{call.func.id}.command" in kinds:
                return Command(function, node, typer=True, app=app)
    return None


def _decorator(node: ast.expr, imports: Imports) -> str:
    dotted = dotted_name(node.func if isinstance(node, ast.Call) else node) or ""
    return imports.resolve(dotted) or dotted


def _app(text: Text, name: str, imports: Imports) -> ast.stmt | None:
    for node in text.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            full = imports.resolve(dotted_name(node.value.func) or "")
            if full == "typer.Typer" and ast.unparse(node.targets[0]) == name:
                return node
    return None


def open_command(text: Text, command: Command, imports: Imports, words: tuple[str, ...]) -> Text:
    """Return the text with a plain function, called with what the command line says.

    Raises:
        ClosedError: the text does not say what the arguments are.
        RefusedError: the command line does not fit.
    """
    _require_plain(text, command)
    declared = (_of_typer if command.typer else _of_click)(command.function, imports)
    values = _parsed([each.option for each in declared], words)
    used: set[str] = set()
    for node in text.body:
        if node is not command.function:
            found = names(text.source(node))
            used |= found.loads | found.deferred | found.stores
    origin = text.rows[text.start(command.function)[0] - 1]
    rows, given = [], []
    for each in declared:
        value = values[each.name]
        base = "str" if each.convert else _base(each.option)
        argument = Argument(each.name, value, annotation_of(value, base, many=False), each.help)
        variable = f"{each.name}_text" if each.convert else each.name
        if variable in used:
            variable = f"{command.function.name}_{each.name}"
        place = text.rows[text.start(each.node)[0] - 1] if each.node else origin
        rows += argument_rows(argument, variable, replace(place, title=""))
        convert = each.convert and isinstance(value, str)
        handed = f"{each.convert}({variable})" if convert else variable
        given.append(f"{each.name}={handed}")
    return _written(text, command, rows, f"{command.function.name}({', '.join(given)})")


def _written(text: Text, command: Command, rows: list[Any], call: str) -> Text:
    """Return the text with the rows above the function, and the call."""
    function = command.function
    plain = Text(text.rows)
    start, stop = text.start(function)[0], function.lineno
    edits = [Edit(text.start(command.call), text.end(command.call), call)]
    edits += _plain_signature(text, function) if command.typer else []
    edited = plain.edited(edits)
    kept = [*edited.rows[: start - 1], *rows, *edited.rows[stop - 1 :]]
    done = Text(kept)
    if command.app is not None:
        app = next(n for n in done.body if ast.dump(n) == ast.dump(command.app))
        done = done.replaced({app: []})
    return done


def _plain_signature(text: Text, function: ast.FunctionDef) -> list[Edit]:
    """Leave the declarations of `typer` out of the signature: its values are given."""
    arguments = function.args
    every = [*arguments.args, *arguments.kwonlyargs]
    last = max((text.end(a.annotation or a) for a in every), default=None)
    ends = [text.end(d) for d in [*arguments.defaults, *arguments.kw_defaults] if d]
    if last is None:
        return []
    first = text.start(every[0])
    return [Edit(first, max([last, *ends]), ", ".join(a.arg for a in every))]


def _require_plain(text: Text, command: Command) -> None:
    arguments = command.function.args
    if command.call is not text.body[-1]:
        raise ClosedError("statements follow the command, which ends the program", _ELSE)
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        raise ClosedError("the command takes any number of arguments", _ELSE)
    if references(text.tree, command.function.name) > 1:
        raise ClosedError("the command is used in other ways, too", _ELSE)
    app = command.app.targets[0] if isinstance(command.app, ast.Assign) else None
    if isinstance(app, ast.Name) and references(text.tree, app.id) > 3:
        raise ClosedError("there are several commands", _ELSE)


@dataclass(frozen=True)
class _Declared:
    """One parameter of the command, and the library's object for it."""

    name: str
    option: Any
    help: str
    node: ast.expr | None = None
    convert: str = ""


def _parsed(options: list[Any], words: tuple[str, ...]) -> dict[str, Any]:
    import click

    command = click.Command("program", params=options, add_help_option=False)
    try:
        context = command.make_context("program", list(words))
    except click.ClickException as error:
        raise RefusedError(error.format_message()) from error
    except click.exceptions.Exit as error:
        raise RefusedError("it only prints something") from error
    for value in context.params.values():
        if literal(ast.parse(repr(value), mode="eval").body) is ...:
            raise ClosedError("an argument is no literal", _ELSE)
    return dict(context.params)


def _base(option: Any) -> str:
    import click

    if getattr(option, "multiple", False) or option.nargs != 1:
        return ""
    known = {click.INT: "int", click.FLOAT: "float", click.BOOL: "bool", click.STRING: "str"}
    if isinstance(option.type, click.IntRange):
        return "int"
    if isinstance(option.type, click.FloatRange):
        return "float"
    return known.get(option.type, "str")


# --- click ------------------------------------------------------------------------------------


def _of_click(function: ast.FunctionDef, imports: Imports) -> list[_Declared]:
    import click

    found = []
    for node in function.decorator_list:
        kind = _decorator(node, imports)
        if kind == "click.command":
            continue
        if kind not in {"click.option", "click.argument"} or not isinstance(node, ast.Call):
            raise ClosedError(f"the decorator `{ast.unparse(node)}` is not understood", _ELSE)
        flags = [_value(part) for part in node.args]
        keywords, convert = _keywords(node, imports)
        make = click.Option if kind == "click.option" else click.Argument
        help_ = str(keywords.pop("help", "") or "") if make is click.Argument else ""
        try:
            option = make(flags, **keywords)
        except (TypeError, ValueError) as error:
            raise ClosedError(f"an option is not understood: {error}", _ELSE) from error
        said = help_ or getattr(option, "help", "") or ""
        found.append(_Declared(option.name or "", option, said, node, convert))
    taken = [*function.args.args, *function.args.kwonlyargs]
    if {each.name for each in found} != {argument.arg for argument in taken}:
        raise ClosedError("its options are not its parameters", _ELSE)
    return found


def _keywords(node: ast.Call, imports: Imports) -> tuple[dict[str, Any], str]:
    """Return the keywords of a declaration, and what converts its text."""
    found: dict[str, Any] = {}
    convert = ""
    for keyword in node.keywords:
        if keyword.arg == "type":
            found["type"], convert = _type(keyword.value, imports)
        elif keyword.arg in _KNOWN:
            found[keyword.arg or ""] = _value(keyword.value)
        elif keyword.arg not in _SPOKEN:
            raise ClosedError(f"`{keyword.arg}` of an option is not understood", _ELSE)
    return found, convert


def _type(node: ast.expr, imports: Imports) -> tuple[Any, str]:
    import click

    called = node.func if isinstance(node, ast.Call) else node
    dotted = dotted_name(called) or ""
    full = (imports.resolve(dotted) or dotted).removeprefix("builtins.")
    if full in _TYPES:
        return _TYPES[full], ""
    if full == "click.Path":
        given = node.keywords if isinstance(node, ast.Call) else []
        return str, next((ast.unparse(k.value) for k in given if k.arg == "path_type"), "")
    if full == "pathlib.Path":
        return str, dotted
    if full in _CHOICES and isinstance(node, ast.Call):
        values = [_value(part) for part in node.args]
        named = {k.arg or "": _value(k.value) for k in node.keywords}
        return getattr(click, full.removeprefix("click."))(*values, **named), ""
    raise ClosedError(f"the type `{ast.unparse(node)}` is not understood", _ELSE)


def _value(node: ast.expr) -> Any:
    value = literal(node)
    if value is ...:
        raise ClosedError(f"an option has a value that is computed: `{ast.unparse(node)}`", _ELSE)
    return value


# --- typer ------------------------------------------------------------------------------------


def _of_typer(function: ast.FunctionDef, imports: Imports) -> list[_Declared]:
    arguments = function.args
    positional = arguments.args
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = list(zip(positional, [*defaults, *arguments.defaults], strict=True))
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    return [_parameter(argument, default, imports) for argument, default in pairs]


def _parameter(argument: ast.arg, default: ast.expr | None, imports: Imports) -> _Declared:
    import click

    annotation, info = _annotation(argument.annotation, imports)
    if isinstance(default, ast.Call):
        info, default = default, (default.args[0] if default.args else None)
        flags = info.args[1:]
    else:
        flags = info.args if info is not None else []
    if isinstance(default, ast.Constant) and default.value is ...:
        default = None
    kind, convert = _type(annotation, imports) if annotation is not None else (str, "")
    said = {k.arg or "": k.value for k in info.keywords} if info is not None else {}
    if said.keys() - {"help", "show_default", "min", "max"}:
        raise ClosedError(f"`{argument.arg}` is declared in an unusual way", _ELSE)
    help_ = str(_value(said["help"])) if "help" in said else ""
    is_argument = default is None
    if info is not None:
        is_argument = _decorator(info, imports) == "typer.Argument"
    keywords: dict[str, Any] = {"type": kind, "required": default is None}
    if default is not None:
        keywords["default"] = _value(default)
    name = argument.arg
    if is_argument:
        return _Declared(name, click.Argument([name], **keywords), help_, convert=convert)
    spelled = "--" + name.replace("_", "-")
    own = [str(_value(flag)) for flag in flags]
    if kind is bool and not own:
        own = [f"{spelled}/--no-{spelled[2:]}"]
    option = click.Option([*(own or [spelled]), name], **keywords)
    return _Declared(name, option, help_, convert=convert)


def _annotation(node: ast.expr | None, imports: Imports) -> tuple[ast.expr | None, ast.Call | None]:
    """Return the type of a parameter, and what `Annotated` declares of it."""
    if isinstance(node, ast.Subscript):
        of = ast.unparse(node.value).rpartition(".")[2]
        if of == "Optional":
            return _annotation(node.slice, imports)
        if of == "Annotated" and isinstance(node.slice, ast.Tuple):
            inner = _annotation(node.slice.elts[0], imports)[0]
            calls = [part for part in node.slice.elts[1:] if isinstance(part, ast.Call)]
            return inner, calls[0] if calls else None
        raise ClosedError(f"the type `{ast.unparse(node)}` is not understood", _ELSE)
    if isinstance(node, ast.BinOp) and ast.unparse(node.right) == "None":
        return _annotation(node.left, imports)
    return node, None
