"""Blessed models where they are served from: versions in a folder, at an address, in MLflow.

`push` adds a version, and refuses what is not blessed; `load_pushed` gives a model back;
`roll_back` makes an earlier version the latest. What is written is in `packaging`, where it lies in
`places`, and how MLflow has it in `registry`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components import html
from thruway.components.packaging.pack import gate_of_all, pack
from thruway.components.packaging.types import Manifest
from thruway.components.packaging.unpack import unpack
from thruway.components.push import registry
from thruway.components.push.places import place_of
from thruway.errors import DataError, GateFailed, UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from thruway.components.push.places import Place
    from thruway.kit.gate import Gate

__all__ = ["PushedModel", "load_pushed", "push", "roll_back"]

LATEST = "latest"
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


@dataclass(frozen=True)
class PushedModel:
    """A version of a model, where it is served from.

    Attributes:
        destination: as it was given, without passwords.
        name: of the model; "" when the destination holds one model only.
        version: the versions of a model are numbered from 1.
        path: of this version.
        aliases: that say this version now.
        digest: SHA-256 of the model and its code.
        type: class of the model.
        blessed: whether it was; else it was pushed all the same, on demand.
        reasons: what the blessings said.
        removed: earlier versions that were removed.
    """

    destination: str
    name: str
    version: int
    path: str
    aliases: tuple[str, ...]
    digest: str
    type: str
    blessed: bool
    reasons: tuple[str, ...] = ()
    removed: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"PushedModel({self.path!r}, {'blessed' if self.blessed else 'NOT blessed'})"

    def _repr_html_(self) -> str:
        rows = [
            ("version", str(self.version)),
            ("where", self.path),
            ("aliases", ", ".join(self.aliases)),
            ("model", self.type),
            ("blessed", "yes" if self.blessed else "no: it was pushed all the same"),
            ("sha256", self.digest[:16] + "…"),
        ]
        said = "".join(f"<p class='warn'>{html.cell(one)}</p>" for one in self.reasons)
        return html.view(f"Pushed: {self.name or self.type}", html.table(("", ""), rows), said)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dataclasses.asdict(self)


def push(
    model: Any,
    blessings: Any = (),
    *,
    destination: str | os.PathLike[str],
    name: str | None = None,
    aliases: Sequence[str] = (),
    keep: int | None = None,
    unblessed: bool = False,
    examples: Any = None,
    requirements: Sequence[str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    storage: Mapping[str, object] | None = None,
) -> PushedModel:
    """Return the new version of a model, where it is served from.

    Args:
        model: whatever `predict` can ask.
        blessings: what decides: of `bless`, of `infra_validate`, any value with a gate; one or
            several.
        destination: a folder, an address of fsspec's kinds, or a registry of MLflow:
            `models:/<name>`, or `mlflow://<tracking URI>` with `name`.
        name: of the model: its versions are below it.
        aliases: that say this version from now on, besides `latest`.
        keep: so many versions stay, and those that aliases say, and the newest that is blessed;
            None for all.
        unblessed: push what is not blessed, or what nobody judged, and record that.
        examples: a frame as the model is asked with: its columns are written beside the model.
        requirements: lines of `requirements.txt`, instead of the versions installed here.
        provenance: plain data to go with it: a run, a commit, the data.
        storage: handed to fsspec.

    Raises:
        GateFailed: it is not blessed.
        DataError: the model cannot be stored, or the destination not be written.
        UsageError: the arguments make no sense.
    """
    gate = _allowed(blessings, unblessed=unblessed)
    destination = str(destination)
    for one in (*aliases, *([name] if name else [])):
        _checked(one)
    if keep is not None and keep < 1:
        raise UsageError(f"`keep` is {keep}", fix="keep at least one version, or all: None")
    with tempfile.TemporaryDirectory(prefix="thruway-push-") as top:
        packed = Path(top, "model")
        manifest = pack(
            model,
            packed,
            name=name or registry.name_in(destination) or "model",
            examples=examples,
            requirements=requirements,
            gate=gate,
            provenance=provenance,
        )
        if registry.is_registry(destination):
            pushed = registry.add(packed, manifest, destination, name, tuple(aliases))
            return _record(pushed, manifest, destination, name)
        place = place_of(destination, name, storage)
        return _add(place, packed, manifest, destination, name, (*aliases, LATEST), keep)


def _allowed(blessings: Any, *, unblessed: bool) -> Gate | None:
    gate = gate_of_all(blessings)
    if unblessed:
        return gate
    if gate is None:
        raise GateFailed(
            "the model is not blessed: nothing that judges it was given",
            fix="give the blessing: push(model, blessing, …); or say so: unblessed=True",
        )
    if gate.verdict == "fail":
        more = f", and {len(gate.reasons) - 1} more" if len(gate.reasons) > 1 else ""
        raise GateFailed(
            f"the model is not blessed: {next(iter(gate.reasons), 'a gate failed')}{more}",
            fix="train a better one; or push it all the same: unblessed=True",
            detail="\n".join(f"- {one}" for one in gate.reasons),
        )
    return gate


def _checked(name: str) -> None:
    if not _NAME.match(name) or name.isdecimal():
        raise UsageError(
            f"`{name}` is no name of a model or alias",
            fix="use letters, digits, `.`, `_` and `-`, and not digits alone",
        )


def _add(
    place: Place,
    packed: Path,
    manifest: Manifest,
    destination: str,
    name: str | None,
    aliases: tuple[str, ...],
    keep: int | None,
) -> PushedModel:
    def number(folder: Path, version: int) -> None:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        made = dataclasses.replace(manifest, version=version, created=now)
        (folder / "model.json").write_text(made.to_json(), encoding="utf-8")

    try:
        with place.locked():
            version = place.add(packed, number)
            for alias in aliases:
                _forward(place, alias, version)
            removed = _removed(place, keep)
    except PermissionError as error:
        raise DataError(
            f"`{destination}` cannot be written: {error.strerror}", fix="check who may write there"
        ) from error
    pushed = (version, place.address(version), tuple(sorted(aliases)))
    return dataclasses.replace(_record(pushed, manifest, destination, name), removed=removed)


def _record(
    pushed: tuple[int, str, tuple[str, ...]], manifest: Manifest, destination: str, name: str | None
) -> PushedModel:
    from thruway.components.places import bare

    version, path, aliases = pushed
    return PushedModel(
        bare(destination), name or "", version, path, aliases, manifest.digest, manifest.type,
        manifest.blessed, manifest.reasons,
    )  # fmt: skip


def _forward(place: Place, alias: str, version: int) -> None:
    """Make an alias say a version that was just pushed, unless it says a later one already."""
    said = place.pointer(alias)
    now = int(said["version"]) if said else 0
    if now > version:
        return
    before = [*((said or {}).get("before") or []), *([now] if now else [])]
    place.point(alias, {"version": version, "before": before[-100:]})


def _removed(place: Place, keep: int | None) -> tuple[int, ...]:
    if keep is None:
        return ()
    said = {int((place.pointer(alias) or {"version": 0})["version"]) for alias in place.aliases()}
    every = place.versions()
    said.add(next((one for one in reversed(every) if _is_blessed(place, one)), 0))
    old = [one for one in every[:-keep] if one not in said]
    for one in old:
        place.remove(one)
    return tuple(old)


def _is_blessed(place: Place, version: int) -> bool:
    return Manifest.from_json(place.read(version, "model.json"), place.address(version)).blessed


def version_of(place: Place, which: int | str | None, where: str) -> int:
    """Return the version that a number or an alias means.

    Raises:
        DataError: there is none.
    """
    if isinstance(which, str) and which.isdecimal():
        which = int(which)
    if isinstance(which, int):
        if which not in place.versions():
            there = ", ".join(map(str, place.versions()[-10:])) or "none"
            raise DataError(f"`{where}` has no version {which}", f"it has {there}")
        return which
    said = place.pointer(which or LATEST)
    if said is None:
        there = ", ".join(place.aliases()) or "none"
        raise DataError(
            f"`{where}` has no `{which or LATEST}`",
            f"aliases: {there}",
            "push a model first, or check the destination",
        )
    return int(said["version"])


def load_pushed(
    destination: Any,
    *,
    name: str | None = None,
    version: int | str | None = None,
    storage: Mapping[str, object] | None = None,
) -> Any:
    """Return a model that was pushed, or resolved; None for None, as `resolve` gives it.

    Reading a model can run code of whoever wrote it, so read from places of your own.

    Args:
        destination: as for `push`; or what `push` or `resolve` returned.
        name: as for `push`.
        version: number or alias; None for the latest.
        storage: handed to fsspec.

    Raises:
        DataError: there is none, it was changed, or what it needs is not installed.
    """
    if destination is None:
        return None
    if hasattr(destination, "version") and hasattr(destination, "destination"):
        destination, name, version = (
            destination.destination,
            destination.name or None,
            destination.version if version is None else version,
        )
    where = str(destination)
    if registry.is_registry(where):
        return unpack(registry.local(where, name, version))
    place = place_of(where, name, storage)
    return unpack(place.local(version_of(place, version, where)))


def roll_back(
    destination: str | os.PathLike[str],
    *,
    name: str | None = None,
    version: int | None = None,
    alias: str = LATEST,
    storage: Mapping[str, object] | None = None,
) -> PushedModel:
    """Return the version that an alias says from now on: an earlier one.

    Nothing is removed. The next push goes on with the next number.

    Args:
        destination: as for `push`.
        name: as for `push`.
        version: that it says from now on; None for the one it said before.
        alias: that is changed.
        storage: handed to fsspec.

    Raises:
        DataError: there is no such version, or none before.
    """
    where = str(destination)
    if registry.is_registry(where):
        found, manifest, path, every = registry.roll_back(where, name, version, alias)
        return _record((found, path, every), manifest, where, name)
    place = place_of(where, name, storage)
    with place.locked():
        now = version_of(place, alias, where)
        before = [int(one) for one in (place.pointer(alias) or {}).get("before") or []]
        there = place.versions()
        if version is None:
            earlier = [one for one in before if one in there and one != now]
            if not earlier:
                raise DataError(f"`{where}` has no version before {now}", fix="name one: version=…")
            version = earlier[-1]
        version = version_of(place, version, where)
        left = before[: before.index(version)] if version in before else [*before, now]
        place.point(alias, {"version": version, "before": left})
        said = tuple(
            one for one in place.aliases() if (place.pointer(one) or {}).get("version") == version
        )
    manifest = Manifest.from_json(place.read(version, "model.json"), place.address(version))
    return _record((version, place.address(version), said), manifest, where, name)
