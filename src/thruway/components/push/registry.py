"""A registry of MLflow as a destination.

A version there is a model of MLflow whose data is a packed model of ours: `mlflow.pyfunc` serves
it, and `load_pushed` gives back what was pushed. MLflow keeps the word `latest` for itself, the
highest number; roll-back is by other aliases.

Source: https://mlflow.org/docs/latest/ml/model-registry/
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components.packaging.types import Manifest
from thruway.components.packaging.unpack import unpack
from thruway.components.places import needed
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["add", "is_registry", "local", "name_in", "roll_back", "versions"]

_INNER = "thruway"
_LATEST = "latest"


def is_registry(destination: str) -> bool:
    """Return whether a destination is a registry of MLflow."""
    return destination.startswith(("models:/", "mlflow:"))


def name_in(destination: str) -> str:
    """Return the name that the destination itself says, "" when it does not.

    >>> name_in("models:/churn"), name_in("mlflow://sqlite:///m.db")
    ('churn', '')
    """
    return (
        destination.removeprefix("models:/").strip("/")
        if destination.startswith("models:/")
        else ""
    )


def _client(destination: str, name: str | None) -> tuple[Any, Any, str]:
    """Return MLflow, its client, and the name of the model."""
    mlflow = needed("mlflow", "a registry of MLflow", "mlflow", "registry")
    said = name or name_in(destination)
    if not said:
        raise UsageError("the registry holds many models", fix="name one: name='churn'")
    uri = destination.removeprefix("mlflow:").removeprefix("//") or None
    uri = None if destination.startswith("models:/") else uri
    return mlflow, mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri), said


def add(
    packed: Path, manifest: Manifest, destination: str, name: str | None, aliases: tuple[str, ...]
) -> tuple[int, str, tuple[str, ...]]:
    """Register a packed model; return its version, its address, and its aliases.

    Raises:
        DataError: MLflow refuses.
        UsageError: an alias is one that MLflow keeps for itself.
    """
    mlflow, client, name = _client(destination, name)
    if _LATEST in aliases:
        raise UsageError("MLflow keeps the alias `latest` for itself", fix="use another word")
    with _refusals(mlflow), tempfile.TemporaryDirectory(prefix="thruway-mlflow-") as top:
        _make(client, name, mlflow)
        folder = Path(top, "model")
        mlflow.pyfunc.save_model(
            str(folder),
            loader_module=__name__,
            data_path=str(packed),
            pip_requirements=[*manifest.requirements, "thruway"],
        )
        run = client.create_run(_experiment(client), run_name=f"push {name}")
        client.log_artifacts(run.info.run_id, str(folder), "model")
        client.set_terminated(run.info.run_id)
        made = client.create_model_version(
            name, f"{run.info.artifact_uri}/model", run.info.run_id, tags=_tags(manifest)
        )
        for alias in aliases:
            client.set_registered_model_alias(name, alias, made.version)
    return int(made.version), f"models:/{name}/{made.version}", tuple(sorted(aliases))


@contextmanager
def _refusals(mlflow: Any) -> Iterator[None]:
    """Turn what MLflow raises into a DataError."""
    try:
        yield
    except mlflow.exceptions.MlflowException as error:
        raise DataError(
            f"MLflow refuses: {str(error).splitlines()[0]}", fix="check name, alias and version"
        ) from error


def _make(client: Any, name: str, mlflow: Any) -> None:
    try:
        client.create_registered_model(name)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _experiment(client: Any) -> str:
    found = client.get_experiment_by_name("thruway")
    return str(found.experiment_id if found is not None else client.create_experiment("thruway"))


def _tags(manifest: Manifest) -> dict[str, str]:
    return {
        "thruway.blessed": str(manifest.blessed).lower(),
        "thruway.digest": manifest.digest,
        "thruway.type": manifest.type,
        "thruway.reasons": "; ".join(manifest.reasons)[:4000],
    }


def versions(destination: str, name: str | None) -> Iterator[tuple[int, bool, tuple[str, ...]]]:
    """Yield version, whether it is blessed, and its aliases; the newest first."""
    mlflow, client, said = _client(destination, name)
    with _refusals(mlflow):
        found = list(client.search_model_versions(f"name='{said}'"))
        aliases = client.get_registered_model(said).aliases if found else {}
    for one in sorted(found, key=lambda each: -int(each.version)):
        own = tuple(sorted(key for key, value in aliases.items() if str(value) == str(one.version)))
        yield int(one.version), one.tags.get("thruway.blessed") == "true", own


def version_of(destination: str, name: str | None, which: int | str | None) -> int:
    """Return the version that a number or an alias means.

    Raises:
        DataError: there is none.
    """
    every = list(versions(destination, name))
    if isinstance(which, str) and which.isdecimal():
        which = int(which)
    for version, _, aliases in every:
        if which in (None, _LATEST, version) or which in aliases:
            return version
    there = ", ".join(str(one[0]) for one in every[:10]) or "none"
    raise DataError(
        f"the registry has no `{which or _LATEST}` of `{name or name_in(destination)}`",
        where=f"versions: {there}",
        fix="push a model first, or check the name",
    )


def local(destination: str, name: str | None, which: int | str | None) -> Path:
    """Return a version as a folder of this machine, which is there until the process ends."""
    from thruway.components.push.places import kept_until_the_end

    version = version_of(destination, name, which)
    mlflow, client, said = _client(destination, name)
    with _refusals(mlflow):
        source = client.get_model_version_download_uri(said, str(version))
        folder = mlflow.artifacts.download_artifacts(
            artifact_uri=source, dst_path=kept_until_the_end()
        )
    found = sorted(Path(folder).rglob("model.json"))
    if not found:
        raise DataError(
            f"version {version} of `{said}` was not pushed by Thruway",
            fix="load it by MLflow: mlflow.pyfunc.load_model",
        )
    return found[0].parent


def roll_back(
    destination: str, name: str | None, version: int | None, alias: str
) -> tuple[int, Manifest, str, tuple[str, ...]]:
    """Make an alias say an earlier version."""
    if alias == _LATEST:
        raise UsageError(
            "MLflow's latest is the highest number, and cannot be rolled back",
            fix="serve by an alias: push(…, aliases=['champion']), roll_back(…, alias='champion')",
        )
    now = version_of(destination, name, alias)
    if version is None:
        earlier = [one[0] for one in versions(destination, name) if one[0] < now]
        if not earlier:
            raise DataError(f"the registry has no version before {now}", fix="name one: version=…")
        version = earlier[0]
    version = version_of(destination, name, version)
    mlflow, client, said = _client(destination, name)
    with _refusals(mlflow):
        client.set_registered_model_alias(said, alias, str(version))
    own = next(one[2] for one in versions(destination, name) if one[0] == version)
    folder = local(destination, name, version)
    manifest = Manifest.from_json((folder / "model.json").read_bytes(), str(folder))
    return version, manifest, f"models:/{said}/{version}", own


class _Served:
    """What MLflow asks: `predict` on a DataFrame."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, examples: Any, params: object = None) -> Any:  # noqa: ARG002 - MLflow's
        """Return what the model says about each row."""
        from thruway.components import models

        return models.predict(self.model, examples)


def _load_pyfunc(path: str) -> _Served:
    """Return a model as MLflow's `pyfunc` takes it; MLflow finds this by its name."""
    top = Path(path)
    found = top if (top / "model.json").is_file() else next(iter(top.rglob("model.json"))).parent
    return _Served(unpack(found))
