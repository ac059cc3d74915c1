"""From an observed program to the files of its project: what `migrate` and `sync` share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.api.observing import observer, reordered
from thruway.graph import build_graph
from thruway.kit.project import load_project
from thruway.plan import make_plan
from thruway.plan.ask import Asked, with_asked
from thruway.plan.move import with_moves
from thruway.plan.order import gather_looks, settled_order
from thruway.plan.wishes import Wishes
from thruway.project import render, update_files
from thruway.project.report import render_report, run_view
from thruway.project.report_proof import proven_text
from thruway.run import describe_run
from thruway.trace.climb import reach_above
from thruway.verify.rewrite import rewrite

if TYPE_CHECKING:
    from thruway.api.observing import Progress
    from thruway.graph import Graph
    from thruway.plan import Plan
    from thruway.plan.types import CutMode
    from thruway.verify import Original, Proof
    from thruway.verify.repair import Repairs


def understand(original: Original, cut: CutMode, progress: Progress) -> tuple[Original, Graph]:
    """Return the program as it will be cut, and the dependences in it."""
    if cut == "auto":  # who says where to cut means the statements as they are
        original = rewrite(original, observer(original.options, progress))
    progress.phase("planning")
    graph = _arranged(original, cut)
    return replace(original, program=graph.program, trace=graph.trace), graph


def wish(plan: Plan, asked: Asked | None, wishes: Wishes) -> tuple[Wishes, Plan]:
    """Return the wishes with what is asked for, and the plan that respects them."""
    graph, mode, package = plan.graph, plan.cut, plan.package

    def make(wishes: Wishes) -> Plan:
        moved = with_moves(graph, wishes.overrides)
        return make_plan(moved, mode=mode, package=package, wishes=wishes)

    if wishes != Wishes():
        plan = make(wishes)
    return with_asked(asked or Asked(), wishes, plan, make)


def repaired(plan: Plan, wishes: Wishes, repairs: Repairs) -> Plan:
    """Return the plan made again, with what failed proofs taught."""
    plan = make_plan(
        plan.graph,
        mode=plan.cut,
        package=plan.package,
        unstorable=repairs.unstorable,
        together=repairs.together,
        wishes=wishes,
        once=repairs.once,
    )
    return replace(plan, findings=(*plan.findings, *repairs.findings))


def _arranged(original: Original, cut: CutMode) -> Graph:
    """Return the dependence graph; looks at the data are brought together when cuts are free."""
    graph = build_graph(original.program, original.trace)
    order = gather_looks(graph) if cut == "auto" else ()
    if not order:
        return graph
    moved = reordered(original, order)
    plan = make_plan(build_graph(moved.program, moved.trace), mode=cut)
    moved = reordered(original, settled_order(plan))
    return build_graph(moved.program, moved.trace)


def files_of(plan: Plan, target: Path, seed: int, until: int | None) -> dict[str, str | bytes]:
    """Return path → content of the project, as it is generated for a folder."""
    program = plan.graph.program
    folder = program.source.path.parent
    levels = reach_above(program.source.path.parent, program.statements)
    data = _relative(folder, target)
    return dict(render(plan, data_root=data, climb=levels, seed=seed, until=until))


def _relative(folder: Path, target: Path) -> str:
    """The data folder as seen from the project, so that both can be moved together."""
    try:
        return folder.relative_to(target, walk_up=True).as_posix()  # type: ignore[call-arg]
    except (TypeError, ValueError):
        import os

        return Path(os.path.relpath(folder, target)).as_posix()


def report(target: Path, plan: Plan, proof: Proof | None) -> None:
    """Write the report of a project, and what was proven into its README."""
    run = run_view(describe_run(load_project(target).storage, proof.run)) if proof else None
    pictures = proof.pictures if proof else {}
    html = render_report(plan, proof.dump() if proof else None, run, pictures)
    verdict = proof.verdict if proof else ""
    proven = proven_text(proof.dump()) if proof else ""
    update_files(target, {"report.html": html}, verdict=verdict, proven=proven)
