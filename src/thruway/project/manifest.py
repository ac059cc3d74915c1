"""The plan as a record that can be kept: no machine path, no time, the same every time."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from thruway.project.packaging_text import without_proof
from thruway.project.places import README, source_file, step_file
from thruway.project.ports import field_names
from thruway.project.types import (
    Manifest,
    ParameterRecord,
    PortRecord,
    SourceRecord,
    StatementRecord,
    StepRecord,
)
from thruway.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from thruway.plan.types import Plan, Port, StepPlan


def make_manifest(
    plan: Plan, *, data: str, climb: int, seed: int, source: bytes, until: int | None = None
) -> Manifest:
    """Return the record of a plan, without the hashes of the files yet."""
    return Manifest(
        version=__version__,
        package=plan.package,
        title=plan.title,
        pipeline=f"{plan.package}.pipeline:{plan.package}",
        cut=plan.cut,
        seed=seed,
        data=data,
        climb=climb,
        python=plan.graph.trace.python,
        source=_source(plan, data, source),
        steps=tuple(_step(plan, step) for step in plan.steps),
        statements=tuple(_statements(plan)),
        shared=plan.shared.statements,
        settings={each.name: each.statements for each in plan.shared.settings},
        results=plan.results,
        dropped=dict(plan.dropped),
        findings=tuple(finding.dump() for finding in plan.findings),
        until=until,
        overrides=plan.overrides,
        opened=plan.graph.program.opened,
        arguments=plan.graph.program.arguments,
        rewritings=plan.graph.program.rewritings,
        order=plan.graph.program.order,
    )


def manifest_text(manifest: Manifest) -> str:
    """Return the text of `thruway.json`."""
    return json.dumps(manifest.dump(), indent=1, ensure_ascii=False) + "\n"


def digest(content: str | bytes) -> str:
    """Return the sha256 of what is written for `content`."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def hashes(files: Mapping[str, str | bytes]) -> dict[str, str]:
    """Return path → sha256, sorted by path."""
    return {path: content_digest(path, files[path]) for path in sorted(files)}


def content_digest(path: str, content: str | bytes) -> str:
    """Return the digest of what Thruway wrote: what a proof adds to the README does not count."""
    if path != README:
        return digest(content)
    text = content.decode(errors="surrogateescape") if isinstance(content, bytes) else content
    return digest(without_proof(text).encode(errors="surrogateescape"))


def _source(plan: Plan, data: str, content: bytes) -> SourceRecord:
    source = plan.graph.program.source
    name = source.path.name
    origin = f"{data.rstrip('/')}/{name}" if data not in ("", ".") else name
    return SourceRecord(name, source_file(name), origin, source.kind, digest(content))


def _step(plan: Plan, step: StepPlan) -> StepRecord:
    return StepRecord(
        name=step.name,
        role=step.role,
        title=step.title,
        reason=step.reason,
        file=step_file(plan.package, step.function),
        body=step.body,
        helpers=step.helpers,
        shared=step.shared,
        settings=step.settings,
        inputs=_ports(step.inputs),
        outputs=_ports(step.outputs),
        parameters=tuple(
            ParameterRecord(p.name, p.pipeline_name, p.default, p.annotation, p.kind, p.reason)
            for p in step.parameters
        ),
        restores=step.restores,
        declare=step.declare,
        displayed=tuple(sorted(step.displayed)),
        shown=tuple(sorted(step.shown)),
        underscore=tuple(sorted(step.underscore)),
        bound=dict(step.bound),
        calls=step.calls,
        renames=dict(step.renames),
        mapped=step.mapped,
        loop=step.loop,
    )


def _ports(ports: Sequence[Port]) -> tuple[PortRecord, ...]:
    fields = field_names([port.inside for port in ports])
    return tuple(
        PortRecord(p.name, f, p.kind, p.annotation, p.statement, p.resource, p.schema, p.reason)
        for p, f in zip(ports, fields, strict=True)
    )


def _statements(plan: Plan) -> list[StatementRecord]:
    roles = dict(plan.roles)
    holders: dict[int, list[str]] = {}
    for step in plan.steps:
        for number in (*step.helpers, *step.body):
            holders.setdefault(number, []).append(step.name)
    return [
        StatementRecord(
            statement.id,
            statement.place.cell,
            statement.place.line,
            statement.end_line,
            roles.get(statement.id, ""),
            tuple(holders.get(statement.id, ())),
        )
        for statement in plan.graph.program.statements
    ]
