"""The records of a packed model."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LAYOUT", "Column", "Manifest", "Signature"]

LAYOUT = 1
"""Raised when an older reader could not read it any more."""


@dataclass(frozen=True)
class Column:
    """A column that a model is asked with.

    Attributes:
        name: as the frame spells it.
        datatype: of the Open Inference Protocol: `FP64`, `INT64`, `BYTES`, `BOOL` …
        dtype: of the library, as text: what the column is made again.
        categories: of a categorical, in order.
        ordered: whether these are ordered.
        missing: how a missing value is written: `nan`, `none`, `NA`.
    """

    name: str
    datatype: str
    dtype: str = ""
    categories: tuple[Any, ...] = ()
    ordered: bool = False
    missing: str = "nan"


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives.

    Attributes:
        library: of the frame: `pandas`, `polars` or `pyarrow`; "" when no examples were given.
        columns: that it is asked with; with examples, as they are there.
        features: names that the model itself knows; None when it knows none.
        classes: labels of a classifier, in the order of its probabilities, as text.
        outputs: names of its answers: `predict`, and `predict_proba` where it has them.
    """

    library: str = ""
    columns: tuple[Column, ...] = ()
    features: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    outputs: tuple[str, ...] = ("predict",)


@dataclass(frozen=True)
class Manifest:
    """What `model.json` says.

    Attributes:
        name: of the model.
        version: where it was pushed; 0 before.
        created: UTC, to the second; "" before it was pushed.
        type: class of the model, by its public name.
        format: of `model.bin`.
        digest: SHA-256 of `model.bin` and of the code, 64 hex digits.
        size: of `model.bin`, bytes.
        signature: what it takes and gives.
        blessed: whether every gate that was shown let it pass.
        verdict: the worst of these: `pass`, `warn`, `fail`; "" when none was shown.
        reasons: what they said.
        requirements: lines of `requirements.txt`.
        python: version.
        files: of the folder → SHA-256.
        provenance: what the caller says: a run, data, a commit.
        layout: of the folder.
    """

    name: str
    version: int
    created: str
    type: str
    format: str
    digest: str
    size: int
    signature: Signature
    blessed: bool = False
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    python: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    layout: int = LAYOUT

    def to_json(self) -> str:
        """Return the text of `model.json`."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Manifest:
        """Return what a `model.json` says.

        Raises:
            DataError: it is none, or of a later version of Thruway.
        """
        try:
            said: dict[str, Any] = json.loads(text)
            later = said["layout"] > LAYOUT
            inner: dict[str, Any] = said["signature"]
            for key, value in inner.items():
                inner[key] = tuple(value) if isinstance(value, list) else value
            inner["columns"] = tuple(
                Column(**{**one, "categories": tuple(one["categories"])})
                for one in inner["columns"]
            )
            said["signature"] = Signature(**inner)
            said.update({key: tuple(said[key]) for key in ("reasons", "requirements")})
            found = cls(**said)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"`model.json` is not what `push` writes: {error}", where, "push the model again"
            ) from error
        if later:
            raise DataError(
                "the model was packed by a later version of Thruway", where, "upgrade Thruway"
            )
        return found
