"""One node that stands for many calls: its instances, and the list of what they gave.

The engine treats every instance as a node of its own, called `fit[0]`, `fit[1]` …, so that it has
a cache key, retries, a row in the lineage and a process like any other. What is here makes these
nodes and puts their results together, in the order of the items.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

from thruway.errors import PipelineError, StepFailed, StorageError
from thruway.kit.dag import Binding, FromOutput, FromParameter, Node, StepRef
from thruway.run.step.job import ARGUMENT, WHOLE
from thruway.run.types import StepRecord, StepResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.run.lineage.lineage import Execution
    from thruway.run.store.store import Store
    from thruway.run.types import ArtifactRef

_SPLIT = StepRef("thruway.run.step.items", "split", known=False)


@dataclass
class Fan:
    """A mapped node while it goes on.

    Attributes:
        node: the node.
        execution: what is known of it as a whole.
        row: of that in the lineage.
        awaits: names of the nodes that must be done before it goes on.
        instances: names of its calls, in the order of the items; None before these are known.
        parts: what is known of each call that is done.
        cacheable: whether the whole may be answered by the cache.
    """

    node: Node
    execution: Execution
    row: int
    awaits: tuple[str, ...] = ()
    instances: tuple[str, ...] | None = None
    parts: dict[str, Execution] = field(default_factory=dict)
    cacheable: bool = True

    @property
    def items(self) -> str:
        """Name of the node that takes the list of items apart."""
        return f"{self.node.name}[items]"

    @property
    def source(self) -> str:
        """Name of the node that gave the list; "" if the pipeline's text or parameters did."""
        source = dict(self.node.inputs)[self.node.mapped]
        return source.node if isinstance(source, FromOutput) else ""

    def give(self, items: object, parameters: dict[str, Any]) -> int:
        """Make each item of a plain value a parameter of its call; return how many there are.

        Raises:
            PipelineError: it is no list or tuple.
        """
        if not isinstance(items, list | tuple):
            raise PipelineError(
                f"`{self.node.name}` is mapped over {items!r}, and not over a list or tuple",
                where=f"step {self.node.name}",
                fix="give it a list",
            )
        for index, item in enumerate(items):
            parameters[f"{self.node.name}[{index}]"] = item
        return len(items)

    def refuse_unstored(self, items: ArtifactRef) -> NoReturn:
        """Refuse items that cannot be stored, however they run.

        Raises:
            StorageError: always.
        """
        raise StorageError(
            f"the items of the mapped step `{self.node.name}` cannot be stored: {items.unstored}",
            where=f"step {self.node.name}",
            fix="give it items that can be stored, or loop inside one step",
        )

    def splitting(self) -> Node:
        """Return the node that gives each item as an output."""
        source = dict(self.node.inputs)[self.node.mapped]
        return Node(self.items, _SPLIT, ((ARGUMENT, source),), line=self.node.line)

    def expand(self, count: int, *, given: bool) -> tuple[Node, ...]:
        """Return the node of each call.

        Args:
            count: how many items there are.
            given: they are values of the pipeline's text or parameters, not outputs.
        """
        names = [f"{self.node.name}[{index}]" for index in range(count)]
        sources: list[Binding] = [
            FromParameter(name) if given else FromOutput(self.items, str(index))
            for index, name in enumerate(names)
        ]
        self.instances = self.awaits = tuple(names)
        return tuple(self._instance(*pair) for pair in zip(names, sources, strict=True))

    def _instance(self, name: str, item: Binding) -> Node:
        inputs = tuple(
            (argument, item if argument == self.node.mapped else source)
            for argument, source in self.node.inputs
        )
        return replace(self.node, name=name, inputs=inputs, mapped="")

    def gather(self, results: Sequence[StepResult], store: Store) -> tuple[StepResult, Execution]:
        """Return what all calls together gave, and what is to be recorded of it.

        Raises:
            StepFailed: what one call did to a file would have mattered to another.
        """
        self._check_files()
        parts = [self.parts[result.name] for result in results]
        outputs = {WHOLE: store.put_list([result.outputs[WHOLE] for result in results])}
        seconds = sum(result.seconds for result in results)
        files = {token: ref for result in results for token, ref in result.files.items()}
        made = any(result.state == "COMPLETE" for result in results) or not results
        execution = replace(
            self.execution,
            outputs=outputs,
            files=files,
            seconds=seconds,
            reads={token: digest for part in parts for token, digest in part.reads.items()},
            log=store.put_text("".join(store.get_text(part.log) for part in parts)),
            stderr=store.put_text("".join(store.get_text(part.stderr) for part in parts)),
        )
        return StepResult(
            self.node.name,
            "COMPLETE" if made else "CACHED",
            seconds,
            outputs,
            files,
            self._reason(results),
            _record([result.record for result in results if result.record is not None]),
            tuple(results),
        ), execution

    def _reason(self, results: Sequence[StepResult]) -> str:
        cached = sum(result.state == "CACHED" for result in results)
        noun = "item" if len(results) == 1 else "items"
        count = f"{len(results)} {noun}" + (f", {cached} from the cache" if cached else "")
        return f"{count}; {self.execution.reason}" if self.execution.reason else count

    def _check_files(self) -> None:
        """Refuse files by which one call could have told what another did.

        Each call has a folder of its own; in a plain loop they would have shared one.
        """
        writers = Counter(token for part in self.parts.values() for token in part.files)
        for name, part in self.parts.items():
            for token, count in writers.items():
                before = part.reads.get(f"file:{token}")
                own = token in part.files
                if before is None:
                    continue
                if own and count > 1:
                    raise self._conflict(name, f"goes on with the file `{token}`, as others do")
                if not own and before:
                    raise self._conflict(name, f"reads the file `{token}`, which others write")

    def _conflict(self, name: str, what: str) -> StepFailed:
        return StepFailed(
            f"step `{name}` {what}: the result would depend on which item came first",
            where=f"step {self.node.name}",
            fix="give each item a file of its own, or loop inside one step",
        )


def _record(records: Sequence[StepRecord]) -> StepRecord | None:
    if not records:
        return None
    return StepRecord(
        stdout="".join(record.stdout for record in records),
        displays=tuple(text for record in records for text in record.displays),
        figures=tuple(figure for record in records for figure in record.figures),
        files={token: digest for record in records for token, digest in record.files.items()},
    )
