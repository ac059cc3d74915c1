"""Records that the rules of types share."""

from __future__ import annotations

from typing import NamedTuple


class Misfit(NamedTuple):
    """Why a type or value does not fit where it goes.

    Attributes:
        why: what the two types alone do not say, such as a method that is missing; may be "".
        fix: what can be written instead, with `{port}` for the port that takes the value,
            `{value}` for the value, and `{change}` for changing one of the two annotations; "" for
            the usual choices.
    """

    why: str = ""
    fix: str = ""
