"""The model that is in use: the latest blessed one, or the one that an alias or a number says."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thruway.components import html
from thruway.components.packaging.types import Manifest
from thruway.components.places import bare
from thruway.components.push import LATEST, load_pushed, registry, version_of
from thruway.components.push.places import place_of
from thruway.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from thruway.components.push.places import Place

__all__ = ["ResolvedModel", "resolve"]


@dataclass(frozen=True)
class ResolvedModel:
    """A version that was found; `load()` gives the model.

    Attributes:
        destination: as it was given, without passwords.
        name: of the model; "" when the destination holds one model only.
        version: its number.
        path: of this version.
        digest: SHA-256 of the model and its code.
        type: class of the model.
        blessed: whether it was when it was pushed.
        reasons: what the blessings said.
        created: when it was pushed, UTC.
        provenance: what was said of it then.
        skipped: later versions that are not blessed.
    """

    destination: str
    name: str
    version: int
    path: str
    digest: str
    type: str
    blessed: bool
    reasons: tuple[str, ...]
    created: str
    provenance: Mapping[str, Any]
    skipped: tuple[int, ...] = ()

    def load(self, storage: Mapping[str, object] | None = None) -> Any:
        """Return the model."""
        return load_pushed(self, storage=storage)

    def predict(self, examples: Any) -> Any:
        """Return what the model says about each row; it is loaded for it."""
        from thruway.components import models

        return models.predict(self.load(), examples)

    def __repr__(self) -> str:
        return f"ResolvedModel({self.path!r}, {self.type})"

    def _repr_html_(self) -> str:
        rows = [
            ("version", str(self.version)),
            ("where", self.path),
            ("model", self.type),
            ("blessed", "yes" if self.blessed else "no"),
            ("pushed", self.created),
            ("not blessed, passed over", ", ".join(map(str, self.skipped))),
        ]
        return html.view(f"Resolved: {self.name or self.type}", html.table(("", ""), rows))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dataclasses.asdict(self)


def resolve(
    destination: str | os.PathLike[str],
    *,
    name: str | None = None,
    alias: str = LATEST,
    version: int | None = None,
    blessed: bool = True,
    missing_ok: bool = False,
    storage: Mapping[str, object] | None = None,
) -> ResolvedModel | None:
    """Return which pushed model is in use; with `missing_ok`, None when there is none yet.

    Args:
        destination: as for `push`.
        name: as for `push`.
        alias: which one is meant; of `latest`, versions that are not blessed are passed over.
        version: its number, instead of an alias.
        blessed: whether it has to be blessed.
        missing_ok: whether nothing may be there: the first run has no baseline.
        storage: handed to fsspec.

    Raises:
        DataError: there is none, or it is not blessed.
    """
    where = str(destination)
    try:
        if registry.is_registry(where):
            return _registered(where, name, version or alias, blessed)
        place = place_of(where, name, storage)
        found = version_of(place, version or alias, where)
        return _found(place, found, where, name, blessed, alias == LATEST and version is None)
    except _NoneBlessed:
        if missing_ok:
            return None
        raise
    except DataError as error:
        if missing_ok and version is None and "has no `" in error.what:
            return None
        raise


class _NoneBlessed(DataError):  # noqa: N818 - what there is not, which may be all right
    """There is no version that may be used."""


def _found(
    place: Place, version: int, where: str, name: str | None, blessed: bool, newest: bool
) -> ResolvedModel:
    candidates = [version]
    if newest:
        candidates += [one for one in reversed(place.versions()) if one < version]
    skipped: list[int] = []
    for one in candidates:
        try:
            text = place.read(one, "model.json")
        except FileNotFoundError as error:
            raise DataError(
                f"version {one} of `{bare(where)}` is gone", fix="name another: roll_back(…)"
            ) from error
        manifest = Manifest.from_json(text, place.address(one))
        if manifest.blessed or not blessed:
            return _resolved(manifest, place.address(one), one, where, name, tuple(skipped))
        skipped.append(one)
    raise _none_blessed(where, skipped)


def _none_blessed(where: str, skipped: list[int]) -> DataError:
    listed = ", ".join(map(str, skipped))
    return _NoneBlessed(
        f"`{bare(where)}` has no blessed model",
        where=f"not blessed: {listed}",
        fix="push one that is blessed; or take it all the same: blessed=False",
    )


def _resolved(
    manifest: Manifest,
    path: str,
    version: int,
    where: str,
    name: str | None,
    skipped: tuple[int, ...],
) -> ResolvedModel:
    return ResolvedModel(
        bare(where), name or "", version, path, manifest.digest, manifest.type, manifest.blessed,
        manifest.reasons, manifest.created, manifest.provenance, skipped,
    )  # fmt: skip


def _registered(where: str, name: str | None, which: int | str, blessed: bool) -> ResolvedModel:
    version = registry.version_of(where, name, which)
    skipped: list[int] = []
    for one, good, _ in registry.versions(where, name):
        if one > version or (which != LATEST and one != version):
            continue
        if good or not blessed:
            folder = registry.local(where, name, one)
            manifest = Manifest.from_json((folder / "model.json").read_bytes(), str(folder))
            said = name or registry.name_in(where)
            path = f"models:/{said}/{one}"
            return _resolved(manifest, path, one, where, name, tuple(skipped))
        skipped.append(one)
    raise _none_blessed(where, skipped)
