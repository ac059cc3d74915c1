"""The commands that compile a pipeline to another orchestrator, and make an image of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thruway.ui.app import Debug, Json, Project, app, emit


@app.command(
    name="compile",
    epilog="Examples: thruway compile churn --to airflow --into dags; "
    "thruway compile churn --to kubeflow --image registry/churn:1 --store s3://bucket/churn",
)
def compile_(
    project: Project,
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="airflow, kubeflow or tfx.")],
    into: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="Where the files are written.")
    ] = Path("compiled"),
    store: Annotated[
        str, typer.Option("--store", metavar="URL", help="Store that all tasks reach.")
    ] = "",
    lineage: Annotated[
        str, typer.Option("--lineage", metavar="URL", help="Lineage that all tasks reach.")
    ] = "",
    at: Annotated[
        str, typer.Option("--project-at", metavar="PATH", help="Where tasks find the project.")
    ] = "",
    schedule: Annotated[
        str, typer.Option("--schedule", metavar="CRON", help="When it runs by itself.")
    ] = "",
    start: Annotated[
        str, typer.Option("--start", metavar="DATE", help="First date that is scheduled.")
    ] = "",
    catchup: Annotated[
        bool, typer.Option("--catchup", help="Make up for spans that were missed.")
    ] = False,
    image: Annotated[
        str, typer.Option("--image", metavar="IMAGE", help="Container image of the tasks.")
    ] = "",
    standard: Annotated[
        bool,
        typer.Option("--standard-components", help="TFX's own components where they do the same."),
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="K=V", help="An option of the target."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Compile a pipeline to Airflow, Kubeflow Pipelines or TFX."""
    from thruway.kit.project import load_project
    from thruway.targets import CompileOptions, compile_project
    from thruway.ui.parameters import parse_pairs

    more = parse_pairs(option or [], "-o")
    if standard:
        more["standard-components"] = "yes"
    options = CompileOptions(store, lineage, at, schedule, start, catchup, image, more)
    compiled = compile_project(load_project(project), to, options)
    written = []
    for path, content in compiled.files.items():
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8", newline="\n")
        written.append(str(target))
    lines = [*(f"wrote {path}" for path in written), *(f"- {note}" for note in compiled.notes)]
    record = {"written": written, "notes": list(compiled.notes)}
    emit(record if as_json else "\n".join(lines))
    return 0


@app.command(
    epilog="Example: thruway build churn --into image --image registry/churn-python:1 "
    "--store s3://bucket/churn"
)
def build(
    project: Project,
    into: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="Folder to make; replaced if it was.")
    ] = Path("image"),
    image: Annotated[str, typer.Option("--image", metavar="IMAGE", help="Name of the image.")] = "",
    base: Annotated[
        str, typer.Option("--base", metavar="IMAGE", help="Image that it is built on.")
    ] = "",
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar="PATH", help="Data that it holds, from the data folder."),
    ] = None,
    store: Annotated[
        str, typer.Option("--store", metavar="URL", help="Store that its tasks will use.")
    ] = "",
    lineage: Annotated[
        str, typer.Option("--lineage", metavar="URL", help="Lineage that its tasks will use.")
    ] = "",
    as_json: Json = False,
    debug: Debug = False,  # noqa: ARG001 - read by main
) -> int:
    """Make the folder from which an image with the project and Thruway is built."""
    from thruway.kit.project import load_project
    from thruway.targets.image import ImageOptions, build_context

    options = ImageOptions(image, base, tuple(data or ()), store, lineage)
    made = build_context(load_project(project), into, options)
    record = {
        "folder": str(made.folder),
        "image": made.image,
        "project": str(made.place),
        "files": made.files,
        "bytes": made.bytes,
        "commands": list(made.commands),
        "notes": list(made.notes),
    }
    size = f"{made.files:,} files of the project, {made.bytes:,} bytes"
    lines = [
        f"wrote {made.folder}: {size}; in the image it is {made.place}",
        *(f"- {note}" for note in made.notes),
        "build it, and hand it on:",
        *(f"  {command}" for command in made.commands),
    ]
    emit(record if as_json else "\n".join(lines))
    return 0
