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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from thruway.run.types import ArtifactRef

_NOUNS = {
    "code": "the code of `{name}`",
    "param": "parameter `{name}`",
    "input": "input `{name}`",
    "package": "package {name}",
    "seed": "the ambient seed",
    "python": "the Python version",
}


def exact(value: Any) -> str:
    """Return a text that differs whenever a parameter's value or type does.

    >>> exact(1), exact(1.0), exact(True)
    ('int:1', 'float:1.0', 'bool:True')
    """
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    if isinstance(value, dict):
        inner = ", ".join(f"{exact(key)}: {exact(item)}" for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        inner = ", ".join(exact(item) for item in value)
    elif isinstance(value, (set, frozenset)):
        inner = ", ".join(sorted(exact(item) for item in value))
    else:
        inner = repr(value)
    return f"{name}:{inner}"


def ingredients(
    *,
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
    found |= {f"package:{name}": version for name, version in packages.items()}
    return found | {"seed:": str(seed), "python:": python}


def identity(reference: ArtifactRef) -> str:
    """Return what makes an artifact this one and no other."""
    return f"{reference.hash}/{reference.member}/{reference.path}"


def key_of(found: Mapping[str, str]) -> str:
    """Return the cache key for ingredients."""
    text = json.dumps(dict(sorted(found.items())), ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Return in words which ingredients differ; "" when none does.

    >>> difference({"param:C": "float:1.0"}, {"param:C": "float:2.0"})
    'parameter `C` was 1.0, is 2.0'
    """
    changes = [
        _change(name, old.get(name), new.get(name))
        for name in sorted({*old, *new}, key=_order)
        if old.get(name) != new.get(name)
    ]
    shown = changes[:4]
    if len(changes) > len(shown):
        shown.append(f"{len(changes) - len(shown)} more")
    return "; ".join(shown)


def _order(name: str) -> tuple[int, str]:
    return list(_NOUNS).index(name.partition(":")[0]), name


def _change(name: str, old: str | None, new: str | None) -> str:
    kind, _, rest = name.partition(":")
    noun = _NOUNS[kind].format(name=rest)
    if old is None:
        return f"{noun} is new"
    if new is None:
        return f"{noun} is gone"
    if kind in ("code", "input"):
        return f"{noun} changed"
    return f"{noun} was {_short(old)}, is {_short(new)}"


def _short(text: str) -> str:
    head, _, rest = text.partition(":")
    simple = rest if head in ("int", "float", "str", "bool", "NoneType") and rest else text
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
