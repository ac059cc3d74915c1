"""Run a pipeline again as a run of the past, and compare every output with what it gave then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thruway.errors import ProjectError
from thruway.kit.reading.read import read_pipeline
from thruway.run.engine.again import options_of
from thruway.run.engine.execute import run_project
from thruway.run.events.reporter import Reporter, SilentReporter
from thruway.run.executors.choice import Executors
from thruway.run.executors.interpreter import CodeKeys
from thruway.run.lineage.compare import compare_artifacts
from thruway.run.lineage.lineage import Execution, Lineage
from thruway.run.step.key import changes
from thruway.run.step.scratch import Scratch
from thruway.run.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.kit.project import ProjectConfig
    from thruway.run.types import ArtifactRef, RunOptions

_KINDS = ("code", "package", "python")


def reproduce(
    project: ProjectConfig,
    run: str,
    *,
    anyway: bool = False,
    python: str = "",
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Run a pipeline again with what a run was given, each step anew in a process of its own.

    Args:
        project: whose run it is.
        run: its id, a unique beginning of it, `latest` or `previous`.
        anyway: do so although code or packages are not those of the run.
        python: interpreter for the steps; "" is the running one.
        reporter: hears what happens.

    Returns:
        `run` and `again`: ids of both; `outputs`: a record for each port and file of the run,
        with a `verdict`; `differences`: what is not as it was then; `holds`: nothing differs.

    Raises:
        UsageError: there is no such run.
        ProjectError: code or packages differ, unless `anyway`.
    """
    name, options = options_of(project, run)
    options = replace(options, executor="", isolate=True, force=True, python=python)
    with Lineage(project.storage) as lineage:
        before = lineage.executions(name)
        (head,) = lineage.query("SELECT code FROM context WHERE run = :run", run=name)
    differences = _differences(project, options, before, head["code"])
    if differences and not anyway:
        raise ProjectError(
            f"code or packages are not those of run {name}",
            str(project.dir),
            "go back to them, or compare all the same with --anyway",
            "\n".join(differences),
        )
    result = run_project(project, options, reporter or SilentReporter())
    with Lineage(project.storage) as lineage:
        after = lineage.executions(result.run)
    outputs = _compare(Store(project.storage), before, after)
    return {
        "run": name,
        "again": result.run,
        "holds": not any(each["verdict"] == "differs" for each in outputs),
        "differences": differences + _data(before, after),
        "outputs": outputs,
    }


def _differences(
    project: ProjectConfig, options: RunOptions, before: Sequence[Execution], code: str
) -> list[str]:
    """Return a sentence for everything in code and packages that is not as it was."""
    dag = read_pipeline(project)
    scratch = Scratch(project, Store(project.storage), lambda: "", shared=False)
    executors = Executors(scratch, dag, options)
    keys = CodeKeys(dag, project.roots, executors.about)
    then = {one.step: one for one in before if "[" not in one.step}
    found: list[str] = []
    for node in dag.nodes:
        old = then.pop(node.name, None)
        if old is None:
            continue  # it was not asked for
        given = [key for key in old.ingredients if key.startswith("given:")]
        if given:
            found.append(f"{node.name}: its output was given from a file")
        if given or not old.ingredients:
            continue
        places, packages = keys.of(node)
        now = {f"code:{place}": digest for place, digest in places.items()}
        now |= {f"package:{package}": version for package, version in packages.items()}
        now["python:"] = keys.python
        past = {key: text for key, text in old.ingredients.items() if _is_environment(key)}
        found += [f"{node.name}: {change}" for change in changes(past, now)]
    found += [f"{name}: the step is gone" for name in then]
    if not found and code and code != keys.digest:
        found.append("the text of the pipeline changed")
    return found


def _is_environment(key: str) -> bool:
    return key.partition(":")[0] in _KINDS


def _data(before: Sequence[Execution], after: Sequence[Execution]) -> list[str]:
    """Return a sentence for every file that is read and has another content now."""
    old, new = (
        {token: digest for one in side for token, digest in one.reads.items()}
        for side in (before, after)
    )
    return [
        f"the file `{token.partition(':')[2]}` is another than then"
        for token, digest in old.items()
        if token in new and new[token] != digest
    ]


def _compare(
    store: Store, before: Sequence[Execution], after: Sequence[Execution]
) -> list[dict[str, Any]]:
    now = {one.step: one for one in after}
    outputs = []
    for old in before:
        if old.state not in ("COMPLETE", "CACHED") or "[" in old.step:
            continue
        new = now.get(old.step)
        pairs: list[tuple[str, ArtifactRef, Mapping[str, ArtifactRef]]] = [
            (port, reference, new.outputs if new else {}) for port, reference in old.outputs.items()
        ]
        pairs += [
            (path, reference, new.files if new else {}) for path, reference in old.files.items()
        ]
        for port, reference, there in pairs:
            record = {"step": old.step, "port": port}
            if port in there:
                outputs.append(record | compare_artifacts(store, reference, there[port]))
            else:
                gone = "the step did not give it again"
                outputs.append(record | {"verdict": "differs", "reason": gone})
    return outputs
