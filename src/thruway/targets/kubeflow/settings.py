"""Options that only Kubeflow has: secrets, volumes, nodes, written `-o secret.TOKEN=name/key`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.targets.types import CompileOptions

_SAMPLES = {
    "secret.": "secret.DB_PASSWORD=database/password: an environment variable from a secret",
    "config.": "config.REGION=settings/region: an environment variable from a config map",
    "env.": "env.OMP_NUM_THREADS=1: an environment variable",
    "volume.": "volume./store=claim: a volume claim, mounted in every task",
    "node.": "node.pool=training: a label that nodes must have",
    "label.": "label.team=risk: a label of the pods",
    "pull-secret": "pull-secret=NAME: the secret that the registry asks for",
    "pull-policy": "pull-policy=Always: Always, IfNotPresent or Never",
    "gpu-type": "gpu-type=amd.com/gpu: the resource that a GPU is; nvidia.com/gpu by default",
    "ui": "ui=URL: where people see the pipelines, for links from the lineage to the run",
    "parallel": "parallel=4: how many items of a mapped step are done at a time",
    "caching": "caching=no: leave every task to run; steps are answered by the store alone",
    "views": "views=no: make no page of what each step gave, so that nothing is loaded for it",
}
_POLICIES = ("Always", "IfNotPresent", "Never")


@dataclass(frozen=True)
class Settings:
    """How the tasks are to run on the cluster.

    Attributes:
        image: of every task.
        project: where the project is in it.
        env: variable → value.
        secrets: variable → (secret, key).
        configs: variable → (config map, key).
        volumes: path → volume claim.
        nodes: label → value that nodes must have.
        labels: of the pods.
        pull_secret, pull_policy: how the image is pulled; "" for the cluster's own ways.
        gpu_type: resource that a GPU is.
        ui: URL of the user interface, "" if not said.
        parallel: items at a time; 0 for no limit.
        views: whether each task gives a page for people.
        caching: whether KFP may answer a task from its own cache.
    """

    image: str
    project: str
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    configs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    pull_secret: str = ""
    pull_policy: str = ""
    gpu_type: str = "nvidia.com/gpu"
    ui: str = ""
    parallel: int = 0
    views: bool = True
    caching: bool = True

    @property
    def given(self) -> frozenset[str]:
        """Names of the environment variables that tasks have."""
        return frozenset({*self.env, *self.secrets, *self.configs})


def settings_of(options: CompileOptions, project: str) -> Settings:
    """Return the settings that options mean.

    Args:
        options: of the compilation.
        project: where the project is in the image, unless they say so.

    Raises:
        UsageError: there is no image, or an option means nothing.
    """
    if not options.image:
        raise UsageError(
            "Kubeflow Pipelines runs containers, and no image is named",
            fix="say --image; `thruway build` makes one with the project in it",
        )
    grouped: dict[str, dict[str, str]] = {}
    single: dict[str, str] = {}
    for name, value in options.more.items():
        kind = f"{name.partition('.')[0]}." if "." in name else name
        if kind not in _SAMPLES or not value or name.endswith("."):
            _refuse(f"-o {name}={value}")
        if kind.endswith("."):
            grouped.setdefault(kind, {})[name.removeprefix(kind)] = value
        else:
            single[name] = value
    return Settings(
        options.image,
        options.project or project,
        _stored(options) | grouped.get("env.", {}),
        {each: _pair("secret", each, text) for each, text in grouped.get("secret.", {}).items()},
        {each: _pair("config", each, text) for each, text in grouped.get("config.", {}).items()},
        grouped.get("volume.", {}),
        grouped.get("node.", {}),
        grouped.get("label.", {}),
        single.get("pull-secret", ""),
        _policy(single.get("pull-policy", "")),
        single.get("gpu-type", "nvidia.com/gpu"),
        single.get("ui", "").rstrip("/"),
        _count(single.get("parallel", "0")),
        _is_yes("views", single.get("views", "yes")),
        _is_yes("caching", single.get("caching", "yes")),
    )


def _stored(options: CompileOptions) -> dict[str, str]:
    """Return the variables that say where store and lineage are; no password is written down."""
    found = {}
    for name, url in (("THRUWAY_STORE", options.store), ("THRUWAY_LINEAGE", options.lineage)):
        if url and urlsplit(url).password:
            raise UsageError(
                f"the URL of the {name[8:].lower()} has a password, and the file would show it",
                fix=f"put it into a secret, and say -o secret.{name}=NAME/KEY in its place",
            )
        if url:
            found[name] = url
    return found


def _pair(kind: str, name: str, text: str) -> tuple[str, str]:
    whole, slash, key = text.partition("/")
    if not (whole and slash and key):
        _refuse(f"-o {kind}.{name}={text}")
    return whole, key


def _policy(text: str) -> str:
    if text and text not in _POLICIES:
        _refuse(f"-o pull-policy={text}")
    return text


def _count(text: str) -> int:
    if not text.isdigit():
        _refuse(f"-o parallel={text}")
    return int(text)


def _is_yes(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        _refuse(f"-o {name}={text}")
    return text == "yes"


def _refuse(written: str) -> None:
    listed = "\n".join(f"  -o {sample}" for sample in _SAMPLES.values())
    raise UsageError(
        f"`{written}` is not an option of the target kubeflow",
        fix="write one of those below",
        detail=listed,
    )
