"""What runs in the container of a task, and what it needs there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thruway.errors import CompileRefused
from thruway.kit.options import memory_bytes
from thruway.targets.kubeflow.names import ID_OF_RUN, PROTOCOL, RUN, RUN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.kit.options import StepOptions
    from thruway.targets.kubeflow.graph import Leaf
    from thruway.targets.kubeflow.settings import Settings

_COMMAND = ["python3", "-m", "thruway.ui.main"]
_RUN = f"{{{{$.inputs.parameters['{RUN}']}}}}"
_LABEL_OF_RUN = "metadata.labels['pipeline/runid']"
_LONGEST = 3600


def container_of(leaf: Leaf, settings: Settings) -> dict[str, Any]:
    """Return the container of a task.

    Raises:
        CompileRefused: it needs a part of a GPU.
    """
    words = ["task", settings.project, leaf.node.name]
    if leaf.task.stage:
        words += ["--stage", leaf.task.stage]
    found = _container(words, settings)
    resources = _resources(leaf, settings)
    return found | ({"resources": resources} if resources else {})


def start_container(settings: Settings) -> dict[str, Any]:
    """Return the container of the task that begins a run."""
    return _container(["task-start", settings.project], settings)


def end_container(settings: Settings) -> dict[str, Any]:
    """Return the container of the task that ends a run."""
    return _container(["task-end", settings.project], settings)


def _container(words: list[str], settings: Settings) -> dict[str, Any]:
    # With its cache on, KFP must not see the id of the run: no two runs would have the same inputs.
    run = ID_OF_RUN if settings.caching else _RUN
    args = [*words, "--engine", "kubeflow", "--run-id", run]
    if settings.ui and words[0] != "task-end":
        args += ["--link", f"{settings.ui}/#/runs/details/{run}"]
    if settings.caching and words[0] != "task-start":
        args.append("--engine-cache")
    args += ["--protocol", PROTOCOL, "--message", "{{$}}"]
    env = [{"name": name, "value": settings.env[name]} for name in sorted(settings.env)]
    found: dict[str, Any] = {"args": args, "command": _COMMAND}
    return found | ({"env": env} if env else {}) | {"image": settings.image}


def _resources(leaf: Leaf, settings: Settings) -> dict[str, Any]:
    """Return what a task asks for and may use, for older backends (numbers) and newer ones."""
    options = leaf.task.options
    found: dict[str, Any] = {}
    gpus = _gpus(leaf)
    if gpus:
        kind, count = settings.gpu_type, str(gpus)
        found["accelerator"] = {
            "count": count,
            "resourceCount": count,
            "resourceType": kind,
            "type": kind,
        }
    for name, number, quantity in _quantities(options):
        for use in ("Limit", "Request"):
            found[f"{name}{use}"] = number
            found[f"resource{name.capitalize()}{use}"] = quantity
    return dict(sorted(found.items()))


def _quantities(options: StepOptions) -> list[tuple[str, float, str]]:
    found = []
    if options.cpus != 1:
        cpus = float(options.cpus)
        found.append(("cpu", cpus, f"{cpus:g}" if cpus.is_integer() else f"{cpus * 1000:.0f}m"))
    size = memory_bytes(options.memory)
    if size is not None:
        found.append(("memory", size / 10**9, _bytes(size)))
    return found


def _bytes(size: int) -> str:
    """Return a size as Kubernetes writes it, in the largest unit that is exact.

    >>> _bytes(2 * 10**9), _bytes(3 * 2**29), _bytes(1001)
    ('2G', '1536Mi', '1001')
    """
    for unit, factor in (("G", 10**9), ("Gi", 2**30), ("M", 10**6), ("Mi", 2**20)):
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def _gpus(leaf: Leaf) -> int:
    gpus = leaf.task.options.gpu
    if gpus != int(gpus):
        raise CompileRefused(
            f"step `{leaf.node.name}` takes {gpus} of a GPU, and Kubernetes gives whole ones",
            where=leaf.task.doc,
            fix="write gpu=1, or name the slices that your cluster has with -o gpu-type=…",
        )
    return int(gpus)


def retry_of(options: StepOptions) -> dict[str, Any]:
    """Return how often a task is tried again, and when; {} for never."""
    if not options.retries:
        return {}
    seconds = -(-options.backoff // 1)  # whole ones: the backend knows no others
    return {
        "backoffDuration": f"{seconds:.0f}s",
        "backoffFactor": 2.0,
        "backoffMaxDuration": f"{_LONGEST}s",
        "maxRetryCount": options.retries,
    }


def on_kubernetes(settings: Settings) -> dict[str, Any]:
    """Return what Kubernetes alone knows of a container; {} if nothing is asked for."""
    found: dict[str, Any] = {
        "configMapAsEnv": _from_maps(settings.configs, "configMap"),
        "fieldPathAsEnv": (
            [{"fieldPath": _LABEL_OF_RUN, "name": RUN_VARIABLE}] if settings.caching else []
        ),
        "imagePullPolicy": settings.pull_policy,
        "imagePullSecret": [_named("secret", settings.pull_secret)] if settings.pull_secret else [],
        "nodeSelector": {"labels": _sorted(settings.nodes)} if settings.nodes else {},
        "podMetadata": {"labels": _sorted(settings.labels)} if settings.labels else {},
        "pvcMount": [
            {"constant": claim, "mountPath": path, "pvcNameParameter": _constant(claim)}
            for path, claim in sorted(settings.volumes.items())
        ],
        "secretAsEnv": _from_maps(settings.secrets, "secret"),
    }
    return {name: value for name, value in found.items() if value}


def _from_maps(pairs: Mapping[str, tuple[str, str]], kind: str) -> list[dict[str, Any]]:
    """Return the variables that come from secrets or config maps, by these."""
    wholes = sorted({whole for whole, _ in pairs.values()})
    return [
        {
            "keyToEnv": [
                {"envVar": variable, f"{kind}Key": key}
                for variable, (of, key) in sorted(pairs.items())
                if of == whole
            ],
            "optional": False,
            **_named(kind, whole),
        }
        for whole in wholes
    ]


def _named(kind: str, name: str) -> dict[str, Any]:
    # Older backends read the plain name, newer ones the parameter: both are what the SDK writes.
    plain = {f"{kind}Name": name}
    return plain | {f"{kind}NameParameter": _constant(name)}


def _constant(text: str) -> dict[str, Any]:
    return {"runtimeValue": {"constant": text}}


def _sorted(texts: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(texts.items()))
