"""`argparse`, replayed: the parser that the program builds from literals is built here, too.

So what an argument is worth is decided by `argparse` itself. A type that is a function of the
program is not called: its words stay words, and the program converts them.
"""

from __future__ import annotations

import argparse
import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from thruway.program.imports import dotted_name
from thruway.program.opening.argument import Argument, Computed, annotation_of, literal
from thruway.program.opening.choose import PARSERS
from thruway.program.opening.reasons import ClosedError
from thruway.program.opening.scope import references

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.program.imports import Imports
    from thruway.program.opening.rows import Text

_TYPES = {"int": int, "float": float, "str": str, "bool": bool}
_SPOKEN = frozenset({"description", "epilog", "usage", "prog", "formatter_class", "add_help"})
_GROUPS = frozenset({"add_argument_group", "add_mutually_exclusive_group"})
_ELSE = "write the parser with literals, at the top level"


class RefusedError(Exception):
    """The command line does not fit: what the parser says."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise RefusedError(message)

    def exit(self, _status: int = 0, message: str | None = None) -> NoReturn:
        raise RefusedError(message or "it only prints its help or version")


@dataclass(frozen=True)
class Parsed:
    """A parser and what it makes of the command line.

    Attributes:
        statements: that build it.
        parse: the statement that asks it.
        name: of the namespace.
        rest: of what the parser did not know, "" if that is not kept.
        unknown: the words that it did not know.
        arguments: in the order of the namespace.
    """

    statements: tuple[ast.stmt, ...]
    parse: ast.stmt
    name: str
    rest: str
    unknown: tuple[str, ...]
    arguments: tuple[Argument, ...]


def parse_of(text: Text) -> tuple[ast.stmt, ast.Call] | None:
    """Return the statement that asks a parser, and its call."""
    for node in text.body:
        if isinstance(node, ast.Assign):
            for call in ast.walk(node.value):
                if _is_parse(call):
                    assert isinstance(call, ast.Call)
                    return node, call
    return None


def _is_parse(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in PARSERS and isinstance(node.func.value, ast.Name)


def replay(text: Text, imports: Imports, words: tuple[str, ...]) -> Parsed:
    """Return what the parser of a program makes of a command line.

    Raises:
        ClosedError: the text does not say what the parser is.
        RefusedError: the command line does not fit.
    """
    found = parse_of(text)
    assert found is not None
    statement, call = found
    assert isinstance(call.func, ast.Attribute)
    assert isinstance(call.func.value, ast.Name)
    built = _Replay(text, imports)
    parser = built.build(call.func.value.id, statement)
    given = _words(text, call, words)
    known, unknown = parser.parse_known_args(given)
    if unknown and call.func.attr == "parse_args":
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    name, rest = _targets(statement, call)
    arguments = tuple(built.argument(key, value) for key, value in vars(known).items())
    return Parsed(tuple(built.statements), statement, name, rest, tuple(unknown), arguments)


def _targets(statement: ast.stmt, call: ast.Call) -> tuple[str, str]:
    """Return the names of the namespace and of the unknown words."""
    assert isinstance(statement, ast.Assign)
    assert isinstance(call.func, ast.Attribute)
    target = statement.targets[0]
    whole = statement.value is call and len(statement.targets) == 1
    if call.func.attr == "parse_args" and whole and isinstance(target, ast.Name):
        return target.id, ""
    if call.func.attr == "parse_known_args" and whole and isinstance(target, (ast.Tuple, ast.List)):
        names = [part.id for part in target.elts if isinstance(part, ast.Name)]
        if len(names) == len(target.elts) == 2:
            return names[0], names[1]
    value = statement.value
    if (
        isinstance(value, ast.Subscript)
        and value.value is call
        and isinstance(value.slice, ast.Constant)
        and value.slice.value == 0
        and isinstance(target, ast.Name)
    ):
        return target.id, ""
    raise ClosedError("what the parser gives is not bound to a name", _ELSE)


def _words(text: Text, call: ast.Call, words: tuple[str, ...]) -> list[str]:
    """Return the words that the parser is given."""
    if call.keywords and call.keywords[0].arg == "args" and not call.args:
        given: ast.expr | None = call.keywords[0].value
    elif call.keywords or len(call.args) > 1:
        raise ClosedError("the parser is given more than a command line", _ELSE)
    else:
        given = call.args[0] if call.args else None
    if given is None or ast.unparse(given) == "sys.argv[1:]":
        return list(words)
    if isinstance(given, ast.Name):
        given = constants(text).get(given.id)
    value = literal(given) if given is not None else ...
    if value is None:
        return list(words)
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return value
    raise ClosedError("the command line that the parser is given is computed", _ELSE)


def constants(text: Text) -> dict[str, ast.expr]:
    """Return the names that are bound once, at the top level, to a literal."""
    found: dict[str, ast.expr] = {}
    stores = [
        node.id
        for node in ast.walk(text.tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    ]
    for node in text.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and stores.count(target.id) == 1:
                found[target.id] = node.value
    return {name: value for name, value in found.items() if literal(value) is not ...}


@dataclass
class _Replay:
    """The parsers of a program, built again statement by statement."""

    text: Text
    imports: Imports
    statements: list[ast.stmt] = field(default_factory=list)
    _made: dict[str, Any] = field(default_factory=dict)
    _declared: dict[str, ast.stmt] = field(default_factory=dict)
    _actions: dict[str, argparse.Action] = field(default_factory=dict)
    _converts: dict[str, str] = field(default_factory=dict)
    _constants: dict[str, ast.expr] = field(default_factory=dict)

    def build(self, name: str, parse: ast.stmt) -> _Parser:
        """Replay every statement that makes or fills a parser; it may do nothing else."""
        self._constants = constants(self.text)
        for node in self.text.body:
            if node is parse:
                break
            if self._replay(node):
                self.statements.append(node)
        others = [n for n in self.text.body if n is not parse and n not in self.statements]
        for made in self._made:
            if any(references(node, made) for node in others):
                raise ClosedError(f"the parser `{made}` is used in other ways, too", _ELSE)
        parser = self._made.get(name)
        if not isinstance(parser, _Parser):
            raise ClosedError(f"it is not clear what `{name}` is", _ELSE)
        return parser

    def _replay(self, node: ast.stmt) -> bool:
        value = getattr(node, "value", None)
        if not isinstance(node, (ast.Expr, ast.Assign)) or not isinstance(value, ast.Call):
            return False
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        name = target.id if isinstance(target, ast.Name) else ""
        full = self.imports.resolve(dotted_name(value.func) or "")
        if full == "argparse.ArgumentParser":
            if not name:
                return False
            self._made[name] = self._parser(value)
            return True
        owner = value.func.value if isinstance(value.func, ast.Attribute) else None
        if not isinstance(owner, ast.Name) or owner.id not in self._made:
            return False
        assert isinstance(value.func, ast.Attribute)
        made = self._call(self._made[owner.id], value.func.attr, value, node)
        if name:
            self._made[name] = made
        return True

    def _parser(self, call: ast.Call) -> _Parser:
        keywords: dict[str, Any] = {}
        for keyword in call.keywords:
            if keyword.arg == "parents" and isinstance(keyword.value, ast.List):
                names = [getattr(part, "id", "") for part in keyword.value.elts]
                keywords["parents"] = [self._made.get(name) for name in names]
                if None in keywords["parents"]:
                    raise ClosedError("a parent of the parser is not known", _ELSE)
            elif keyword.arg not in _SPOKEN or keyword.arg == "add_help":
                keywords[keyword.arg or "**"] = self._value(keyword.value, "the parser")
        if keywords.keys() - {"parents", "add_help", "prefix_chars", "allow_abbrev"}:
            raise ClosedError("the parser is made with unusual options", _ELSE)
        return _Parser(**keywords)

    def _value(self, node: ast.expr, what: str) -> Any:
        if isinstance(node, ast.Name):
            node = self._constants.get(node.id, node)
        value = literal(node)
        if value is ...:
            raise ClosedError(f"{what} has a value that is computed: `{ast.unparse(node)}`", _ELSE)
        return value

    def _default(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            node = self._constants.get(node.id, node)
        value = literal(node)
        if value is not ...:
            return value
        text = self.text.source(node)
        return Computed(ast.unparse(node) if "\n" in text else text)

    def _call(self, owner: Any, method: str, call: ast.Call, node: ast.stmt) -> Any:
        if method == "set_defaults":
            owner.set_defaults(**self._keywords(call, "a default"))
            return None
        if method in _GROUPS:
            if method == "add_argument_group":
                return owner.add_argument_group()
            return owner.add_mutually_exclusive_group(**self._keywords(call, "a group"))
        if method != "add_argument":
            raise ClosedError(f"`{method}` of the parser is not understood", _ELSE)
        return self._add(owner, call, node)

    def _keywords(self, call: ast.Call, what: str) -> dict[str, Any]:
        if any(keyword.arg is None for keyword in call.keywords):
            raise ClosedError(f"{what} is given with `**`", _ELSE)
        return {k.arg or "": self._value(k.value, what) for k in call.keywords}

    def _add(self, owner: Any, call: ast.Call, node: ast.stmt) -> argparse.Action:
        flags = [self._value(part, "a name of an argument") for part in call.args]
        what = f"`{flags[0] if flags else ast.unparse(call)}`"
        keywords: dict[str, Any] = {}
        convert = ""
        for keyword in call.keywords:
            if keyword.arg == "type":
                kind = ast.unparse(keyword.value)
                if "FileType" in kind or kind in {"eval", "exec"}:
                    raise ClosedError(f"{what} is of the type `{kind}`", _ELSE)
                convert = "" if kind in _TYPES else kind
                keywords["type"] = _TYPES.get(kind, str)
            elif keyword.arg in {"help", "metavar"}:
                keywords[keyword.arg] = _said(keyword.value)
            elif keyword.arg == "choices" and literal(keyword.value) is ...:
                continue  # what is not among them the program refuses itself
            elif keyword.arg == "action" and ast.unparse(keyword.value).endswith(
                "BooleanOptionalAction"
            ):
                keywords["action"] = argparse.BooleanOptionalAction
            elif keyword.arg == "default":
                keywords["default"] = self._default(keyword.value)
            else:
                keywords[keyword.arg or "**"] = self._value(keyword.value, what)
        computed = isinstance(keywords.get("default"), Computed)
        if computed and keywords.get("type", str) is not str:
            # If it turns out to be a text, it is converted like the words of a command line.
            raise ClosedError(f"{what} has a default that is computed, and a type", _ELSE)
        try:
            action: argparse.Action = owner.add_argument(*flags, **keywords)
        except (TypeError, ValueError, argparse.ArgumentError) as error:
            raise ClosedError(f"{what} is not understood: {error}", _ELSE) from error
        self._declared[action.dest] = node
        self._actions[action.dest] = action
        self._converts[action.dest] = convert
        return action

    def argument(self, name: str, value: Any) -> Argument:
        """Return one entry of the namespace."""
        action = self._actions.get(name)
        if action is None:  # of `set_defaults`
            return Argument(name, value, annotation_of(value, "", many=False), "")
        many = action.nargs in {"*", "+", "..."} or isinstance(action.nargs, int)
        many = (many and action.nargs != 0) or "Append" in type(action).__name__
        convert = self._converts[name]
        words = value if many and isinstance(value, list) else [value]
        # Only words are converted: a default that is no text is taken as it is.
        text = any(isinstance(word, str) for word in words) and not (
            many and value is action.default
        )
        base = _TYPES.keys() & {getattr(action.type, "__name__", "")}
        kind = "bool" if isinstance(value, bool) and action.nargs == 0 else ""
        return Argument(
            name,
            value,
            annotation_of(value, kind or ("" if convert else min(base, default="")), many=many),
            action.help or "",
            self._declared[name],
            convert if convert and text else "",
            many,
        )


def _said(node: ast.expr) -> str:
    value = literal(node)
    if not isinstance(value, str):
        return ""
    # What `argparse` would put in is said by the parameter itself.
    plain = re.sub(r"[\s,;]*[(\[]?\s*default\s*(is|[=:])?\s*%\(default\)\w\s*[)\]]?", "", value)
    return plain.replace("%%", "%")


def namespace_words(arguments: Mapping[str, str]) -> str:
    """Return the keywords of a namespace.

    >>> namespace_words({"lr": "lr", "model": "args_model"})
    'lr=lr, model=args_model'
    """
    return ", ".join(f"{name}={variable}" for name, variable in arguments.items())
