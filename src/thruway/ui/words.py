"""The words of a command line, where they are plain: read without what typer loads to convert them.

Half of what a cached run takes would be that. Commands are declared for typer, once; what is read
here is those declarations. Whatever is not plain (help, a mistake, an option of a kind that is not
known here) is left to typer, which then reads the line from its beginning and says what is wrong.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typer import Typer
    from typer.models import CommandInfo

_PLAIN = (str, int, float, Path)


class _NotPlainError(Exception):
    """Typer has to look at it."""


@dataclass(frozen=True)
class _Word:
    """An argument or option.

    Attributes:
        name: of the parameter of the function.
        spelled: how it is written; () for an argument.
        kind: what its text is made into; bool for a flag.
        many: it may be given several times.
        required: it has no default.
    """

    name: str
    spelled: tuple[str, ...]
    kind: type
    many: bool
    required: bool


def plain_call(app: Typer, words: Sequence[str]) -> Callable[[], Any] | None:
    """Return the call that a command line means; None if typer has to read it.

    Args:
        app: whose command it is.
        words: the command line without the program's name.
    """
    commands = {_name(each): each.callback for each in app.registered_commands}
    function = commands.get(words[0]) if words else None
    if function is None:
        return None
    try:
        found = _read(_declared(function), words[1:])
    except (_NotPlainError, ValueError):
        return None
    return lambda: function(**found)


def _name(command: CommandInfo) -> str:
    function = command.callback
    return command.name or (function.__name__.replace("_", "-") if function else "")


def _declared(function: Callable[..., Any]) -> list[_Word]:
    hints = get_type_hints(function, include_extras=True)
    return [
        _word(name, hints[name], parameter.default is inspect.Parameter.empty)
        for name, parameter in inspect.signature(function).parameters.items()
    ]


def _word(name: str, hint: Any, required: bool) -> _Word:
    note, kind = _note_and_kind(hint)
    many = get_origin(kind) is list
    kind = get_args(kind)[0] if many else kind
    if not (kind in _PLAIN or (kind is bool and not many)) or not _is_bare(note):
        raise _NotPlainError
    if isinstance(note, ArgumentInfo):
        if kind is bool or many:
            raise _NotPlainError
        return _Word(name, (), kind, many, required)
    # Inside `Annotated` the first name stands where the default of a call would.
    names: list[Any] = [
        *([note.default] if note.default is not ... else []),
        *(note.param_decls or ()),
    ]
    if not all(isinstance(each, str) and each[:1] == "-" and "/" not in each for each in names):
        raise _NotPlainError
    if kind is bool and not names:  # it has a `--no-` as well
        raise _NotPlainError
    spelled = tuple(names) or (f"--{name.replace('_', '-')}",)
    return _Word(name, spelled, kind, many, required)


def _note_and_kind(hint: Any) -> tuple[ArgumentInfo | OptionInfo, Any]:
    """Return what typer is told of a parameter, and its type without `| None`."""
    notes: tuple[Any, ...] = getattr(hint, "__metadata__", ())
    if len(notes) != 1 or not isinstance(notes[0], ArgumentInfo | OptionInfo):
        raise _NotPlainError
    kind = hint.__origin__
    choices = [choice for choice in get_args(kind) if choice is not NoneType]
    if NoneType in get_args(kind) and len(choices) == 1:
        kind = choices[0]
    return notes[0], kind


def _is_bare(note: ArgumentInfo | OptionInfo) -> bool:
    """Whether nothing but names and help is declared."""
    said = {"default", "param_decls", "help", "metavar", "rich_help_panel"}
    plain = vars(type(note)())
    return all(plain[key] == value for key, value in vars(note).items() if key not in said)


def _read(declared: list[_Word], words: Sequence[str]) -> dict[str, Any]:
    by_name = {spelled: word for word in declared for spelled in word.spelled}
    arguments = [word for word in declared if not word.spelled]
    found: dict[str, Any] = {}
    rest = list(words)
    while rest:
        text = rest.pop(0)
        if not text.startswith("-") or text == "-":
            if not arguments:
                raise _NotPlainError
            _take(found, arguments.pop(0), text)
            continue
        name, given, value = text.partition("=")
        word = by_name.get(name)
        if word is None or (given and not name.startswith("--")):
            raise _NotPlainError
        if word.kind is bool:
            if given:
                raise _NotPlainError
            found[word.name] = True
            continue
        if not given:
            if not rest:
                raise _NotPlainError
            value = rest.pop(0)
        _take(found, word, value)
    if any(word.required and word.name not in found for word in declared):
        raise _NotPlainError
    return found


def _take(found: dict[str, Any], word: _Word, text: str) -> None:
    value = word.kind(text)
    if word.many:
        found.setdefault(word.name, []).append(value)
    else:
        found[word.name] = value
