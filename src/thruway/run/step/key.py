"""The cache key of a step: every ingredient by name, so that a difference can be named.

What a step computes is fixed by the code that it reaches, its parameters, the bytes of its
inputs, the ambient seed, and the versions of Python and of the packages it uses. Inputs count by
the digest of their stored bytes, not by a structural fingerprint: the order of a dict or the
layout of an array can change a result although the content is equal. Data files are not part of
the key; which ones a step reads is only known once it has run (see `files_unchanged`).
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from thruway.kit.values.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from thruway.run.types import ArtifactRef

_NOUNS = {
    "code": "the code of `{name}`",
    "param": "parameter `{name}`",
    "input": "input `{name}`",
    "package": "package {name}",
    "env": "environment variable {name}",
    "given": "what was given as `{name}`",
    "seed": "the ambient seed",
    "python": "the Python version",
}


_ATOMS = (int, float, complex, bool, str, bytes, type(None), range)
_WRITTEN_OUT = frozenset({"pathlib", "datetime", "decimal", "fractions"})
"""Modules of classes whose `repr` says all of a value."""
_TAGS = re.compile(r"\b(?:int|float|str|bool|NoneType|list|tuple|dict|set|frozenset):")


def exact(value: Any) -> str:
    """Return a text that differs whenever a parameter's value or type does.

    >>> exact(1), exact(1.0), exact([True, "a"])
    ('int:1', 'float:1.0', "list:[bool:True, str:'a']")
    """
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    if kind is dict:
        inner = f"{{{', '.join(f'{exact(key)}: {exact(item)}' for key, item in value.items())}}}"
    elif kind in (list, tuple):
        inner = f"[{', '.join(map(exact, value))}]"
    elif kind in (set, frozenset):
        inner = f"{{{', '.join(sorted(map(exact, value)))}}}"
    elif kind in _ATOMS or kind.__module__ in _WRITTEN_OUT:
        inner = repr(value)
    else:
        inner = _content(value)
    return f"{name}:{inner}"


def _content(value: Any) -> str:
    """Return a digest of an object; what cannot be looked into is never the same again."""
    digest = fingerprint(value)
    return digest.hex if not digest.opaque else f"{digest.hex}-{uuid.uuid4().hex}"


def ingredients(
    *,
    environment: Mapping[str, str | None],
    code: Mapping[str, str],
    params: Mapping[str, Any],
    inputs: Mapping[str, ArtifactRef],
    packages: Mapping[str, str],
    seed: int,
    python: str,
) -> dict[str, str]:
    """Return everything that decides what a step computes, by `kind:name`."""
    found = {f"code:{name}": text for name, text in code.items()}
    found |= {f"param:{name}": exact(value) for name, value in params.items()}
    found |= {f"input:{name}": identity(reference) for name, reference in inputs.items()}
    found |= {f"env:{name}": _hidden(value) for name, value in environment.items()}
    found |= {f"package:{name}": version for name, version in packages.items()}
    return found | {"seed:": str(seed), "python:": python}


def _hidden(value: str | None) -> str:
    """Return a digest of a variable's value: it may be a secret."""
    return "unset" if value is None else hashlib.blake2b(value.encode(), digest_size=8).hexdigest()


def identity(reference: ArtifactRef) -> str:
    """Return what makes an artifact this one and no other."""
    return f"{reference.hash}/{reference.member}/{reference.path}"


def key_of(found: Mapping[str, str]) -> str:
    """Return the cache key for ingredients."""
    text = json.dumps(dict(sorted(found.items())), ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def answer_of(address: str, given: Mapping[str, ArtifactRef]) -> str:
    """Return a digest of what answers a key: the key, and by port or path what was given."""
    found = {name: f"{identity(one)}/{one.gate}" for name, one in given.items()}
    return key_of({"key:": address, **{f"given:{name}": text for name, text in found.items()}})


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Return in words which ingredients differ; "" when none does.

    >>> difference({"param:C": "float:1.0"}, {"param:C": "float:2.0"})
    'parameter `C` was 1.0, is 2.0'
    """
    found = changes(old, new)
    shown = found[:4]
    if len(found) > len(shown):
        shown.append(f"{len(found) - len(shown)} more")
    return "; ".join(shown)


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return a sentence for every ingredient that differs; code first, then parameters, data …."""
    return [
        _change(name, old.get(name), new.get(name))
        for name in sorted({*old, *new}, key=_order)
        if old.get(name) != new.get(name)
    ]


def _order(name: str) -> tuple[int, str]:
    return list(_NOUNS).index(name.partition(":")[0]), name


def _change(name: str, old: str | None, new: str | None) -> str:
    kind, _, rest = name.partition(":")
    noun = _NOUNS[kind].format(name=rest)
    if old is None:
        return f"{noun} is new"
    if new is None:
        return f"{noun} is gone"
    if kind in ("code", "input", "env", "given"):
        return f"{noun} changed"
    return f"{noun} was {short_text(old)}, is {short_text(new)}"


def short_text(text: str) -> str:
    """Return an ingredient as a reader says it."""
    simple = _TAGS.sub("", text)
    return simple if len(simple) <= 60 else f"{simple[:57]}..."


def files_unchanged(reads: Mapping[str, str], digest: Callable[[str], str]) -> str:
    """Return the first file whose content is not what it was when a step read it, else "".

    Args:
        reads: token → content digest at the time.
        digest: gives the present digest of a token, "" if it is gone.
    """
    for token, before in reads.items():
        if digest(token) != before:
            return token
    return ""
