"""A pipeline as somebody writes it with the SDK of KFP; compiled to the file that is named.

Its twin in Thruway is in `test_engines_kubeflow_compiler.py`.
"""

# ruff: noqa: N803, ARG001, UP006, UP035, E712 - as the SDK has it

import sys
from typing import List

from kfp import compiler, dsl, kubernetes
from kfp.dsl import Artifact, Dataset, Input, Metrics, Model, Output

component = dsl.component(base_image="registry/python-shaped:1", install_kfp_package=False)


@component
def load(rows: int, frame: Output[Dataset]):
    """Load."""


@component
def fit(train: Input[Dataset], C: float, model: Output[Model]):
    """Train."""


@component
def judge(model: Input[Model], test: Input[Dataset], score: Output[Metrics]):
    """Evaluate."""


@component
def is_good(score: Input[Metrics], limit: float) -> bool:
    """Decide."""


@component
def push(model: Input[Model], said: Output[Artifact]):
    """Export."""


@component
def hold(model: Input[Model], said: Output[Artifact]):
    """Report."""


@component
def factors(count: int, frame: Input[Dataset]) -> List[int]:
    """Give items."""


@component
def scale(index: int, frame: Input[Dataset], number: Output[Artifact]):
    """Do one item."""


@component
def gather(number: Input[List[Artifact]], all: Output[Artifact]):
    """Make the list."""


@component
def finish(status: dsl.PipelineTaskFinalStatus):
    """End."""


@dsl.pipeline
def looked(rows: int) -> Dataset:
    """Is called by the pipeline below."""
    return load(rows=rows).outputs["frame"]


@dsl.pipeline(name="shaped", description="All that KFP has.")
def shaped(rows: int = 40, C: float = 1.0, limit: float = 2.0, who: str = "me", deep: bool = False):
    """Use all of KFP that Thruway does."""
    with dsl.ExitHandler(finish()):
        frame = looked(rows=rows).output
        fitted = fit(train=frame, C=C)
        fitted.set_retry(2, "3s", 2.0, "3600s")
        fitted.set_cpu_request("2").set_cpu_limit("2").set_memory_request("3G")
        fitted.set_memory_limit("3G").set_accelerator_type("nvidia.com/gpu")
        fitted.set_accelerator_limit(1).set_env_variable("THRUWAY_STORE", "s3://bucket/shaped")
        kubernetes.use_secret_as_env(fitted, "database", {"password": "PASSWORD"})
        kubernetes.use_config_map_as_env(fitted, "settings", {"region": "REGION"})
        run = "metadata.labels['pipeline/runid']"
        kubernetes.use_field_path_as_env(fitted, "THRUWAY_ENGINE_RUN", run)
        kubernetes.mount_pvc(fitted, pvc_name="claim", mount_path="/store")
        kubernetes.set_image_pull_policy(fitted, "Always")
        kubernetes.set_image_pull_secrets(fitted, ["registry"])
        kubernetes.add_node_selector(fitted, "pool", "training")
        kubernetes.add_pod_label(fitted, "team", "risk")
        model = fitted.outputs["model"]
        good = is_good(score=judge(model=model, test=frame).outputs["score"], limit=limit)
        items = factors(count=3, frame=frame)
        with dsl.ParallelFor(items.output) as index:
            scaled = scale(index=index, frame=frame)
        gather(number=dsl.Collected(scaled.outputs["number"]))
        with dsl.If(good.output == True):
            push(model=model)
        with dsl.Else():
            hold(model=model)


if __name__ == "__main__":
    compiler.Compiler().compile(shaped, sys.argv[1])
