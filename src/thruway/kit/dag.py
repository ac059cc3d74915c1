"""A pipeline as data: which step gets what from where. Made from text by `kit.reading`.

Everything that runs, compiles or serves a pipeline works on a `Dag`, so none of them can tell
who wrote the pipeline or how.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class StepParameter(NamedTuple):
    """One parameter of a step or pipeline, as text.

    Attributes:
        name: its name.
        annotation: text of its annotation, "" if none.
        default: text of its default, "" if none.
        has_default: whether it may be left out.
        keyword_only: whether it must be passed by name.
    """

    name: str
    annotation: str = ""
    default: str = ""
    has_default: bool = False
    keyword_only: bool = False

    def __str__(self) -> str:
        """Return it as a signature writes it: `test_size: float = 0.2`."""
        text = f"{self.name}: {self.annotation}" if self.annotation else self.name
        if not self.has_default:
            return text
        return f"{text} = {self.default}" if self.annotation else f"{text}={self.default}"


@dataclass(frozen=True)
class StepRef:
    """Where a step is and what its text says; the step itself is not imported.

    Attributes:
        module, qualname: `getattr(import_module(module), qualname)` is the step.
        file: the first-party file that defines it; None for a step of an installed package.
        role: its role, "" if none is given.
        parameters: in the order of the signature.
        outputs: fields when it returns a NamedTuple or dataclass; () for a single output.
        returns: text of the return annotation, "" if none.
        known: whether `parameters` and `outputs` could be read; otherwise they are learned when
            the step is imported, and positional arguments are named by position ("0", "1" …).
        variadic: takes `*args`.
        open: takes `**kwargs`.
        options: other literal keywords of `@step(...)` as (name, text), such as retries.
    """

    module: str
    qualname: str
    file: Path | None = None
    role: str = ""
    parameters: tuple[StepParameter, ...] = ()
    outputs: tuple[str, ...] = ()
    returns: str = ""
    known: bool = True
    variadic: bool = False
    open: bool = False
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualname.rpartition(".")[2]

    @property
    def signature(self) -> str:
        """The parameters as one line, for messages."""
        parts: list[str] = []
        for parameter in self.parameters:
            if parameter.keyword_only and "*" not in parts and not self.variadic:
                parts.append("*")
            parts.append(str(parameter))
        extra = [*(["*args"] if self.variadic else []), *(["**kwargs"] if self.open else [])]
        return f"{self.name}({', '.join([*parts, *extra])})"


@dataclass(frozen=True)
class FromParameter:
    """The value is a parameter of the pipeline."""

    name: str

    def __str__(self) -> str:
        """Return `$name`."""
        return f"${self.name}"


@dataclass(frozen=True)
class FromLiteral:
    """The value is written in the pipeline; `ast.literal_eval(text)` gives it."""

    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@dataclass(frozen=True)
class FromOutput:
    """The value is what a node returned, or one field of it.

    Attributes:
        node: name of the node.
        field: name of the field; a position ("0") when the node returns a plain tuple; None for
            the whole result.
    """

    node: str
    field: str | None = None

    def __str__(self) -> str:
        """Return `node` or `node.field`."""
        return self.node if self.field is None else f"{self.node}.{self.field}"


@dataclass(frozen=True)
class FromEither:
    """The value is what one of two branches gave: the one that ran.

    Attributes:
        condition: where the condition comes from.
        then: what the branch gives that runs when it holds.
        otherwise: what the other one gives; None if there is none, whose value is None.
    """

    condition: Binding
    then: FromOutput
    otherwise: FromOutput | None = None

    def __str__(self) -> str:
        """Return `then if condition else otherwise`, in brackets."""
        return f"({self.then} if {self.condition} else {self.otherwise})"


Binding = FromParameter | FromLiteral | FromOutput | FromEither


@dataclass(frozen=True)
class Condition:
    """When a node of a branch runs.

    Attributes:
        binding: where the condition comes from, a bool.
        negated: whether the node runs when it does not hold.
    """

    binding: Binding
    negated: bool = False

    def __str__(self) -> str:
        """Return `condition` or `not condition`."""
        return f"not {self.binding}" if self.negated else str(self.binding)


def outputs_in(binding: Binding) -> tuple[FromOutput, ...]:
    """Return the outputs of nodes that a value may be, or that decide which it is.

    >>> [output.node for output in outputs_in(FromEither(FromOutput("check"), FromOutput("push")))]
    ['check', 'push']
    """
    if isinstance(binding, FromOutput):
        return (binding,)
    if isinstance(binding, FromEither):
        otherwise = () if binding.otherwise is None else (binding.otherwise,)
        return (*outputs_in(binding.condition), binding.then, *otherwise)
    return ()


@dataclass(frozen=True)
class Node:
    """One call of a step.

    Attributes:
        name: unique in the pipeline: the step's name, with `_2` … for further calls; in a pipeline
            that is called by another, behind the name of that call and a dot.
        step: the step called.
        inputs: (argument, where its value comes from), in the order of the call.
        targets: names that the pipeline's text gives the result.
        line: line of the call in its file.
        mapped: the argument that takes one item of its input in each call, when the step is
            called for each item (`map_over`); its result is then the list of results.
        condition: when the step is called (`when`); None for always.
        file: file of the call; None for that of the pipeline.
    """

    name: str
    step: StepRef
    inputs: tuple[tuple[str, Binding], ...] = ()
    targets: tuple[str, ...] = ()
    line: int = 0
    mapped: str = ""
    condition: Condition | None = None
    file: Path | None = None

    @property
    def sources(self) -> tuple[FromOutput, ...]:
        """Every output of other nodes that it may take, or that decides whether it is called."""
        condition = [] if self.condition is None else [self.condition.binding]
        bindings = [*condition, *(source for _, source in self.inputs)]
        return tuple(output for binding in bindings for output in outputs_in(binding))

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the nodes that it depends on, each once, in order of first use.

        Those that decide whether it runs come first; of a value that one of two branches gives,
        both branches and their condition are needed.
        """
        return tuple(dict.fromkeys(source.node for source in self.sources))


@dataclass(frozen=True)
class Dag:
    """A whole pipeline; the order of the nodes is a topological order, that of the text.

    Attributes:
        name: name of the pipeline function.
        nodes: the calls.
        parameters: of the pipeline; defaults are texts of literals.
        outputs: (name, where it comes from) of what is returned; () if nothing is.
        file: file of the pipeline.
        doc: docstring, "" if none.
        result: shape of what is returned: `none`, `single`, `tuple`, or the name of the
            NamedTuple that is built.
        module: dotted name of the pipeline's module.
        calls: calls of other pipelines, with what is passed to them. What these do is in `nodes`;
            the calls are kept for the check of types, and are not run.
    """

    name: str
    nodes: tuple[Node, ...]
    parameters: tuple[StepParameter, ...] = ()
    outputs: tuple[tuple[str, Binding], ...] = ()
    file: Path | None = None
    doc: str = ""
    result: str = "none"
    module: str = ""
    calls: tuple[Node, ...] = ()

    def node(self, name: str) -> Node:
        """Return the node of a name; KeyError if there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Return the names of the nodes that one needs, directly or not, in their order."""
        wanted = {name}
        for node in reversed(self.nodes):
            if node.name in wanted:
                wanted.update(node.needs)
        return tuple(node.name for node in self.nodes if node.name in wanted - {name})

    def check(self) -> None:
        """Check that what each step gives fits what the next one takes; imports the steps.

        Raises:
            TypeMismatch: two ends do not fit; further ones are in its `detail`.
            PipelineError: a call does not match a signature that only importing shows.
        """
        # Imported here: the records need none of the rules.
        from thruway.kit.ports.check import check_types

        check_types(self)

    def dump(self) -> str:
        """Return one line for the signature, one per node, one for the outputs.

        Parameters are written `$name`, what is mapped over `*name`, the condition of a branch
        last; inputs are sorted by argument.
        """
        signature = ", ".join(str(parameter) for parameter in self.parameters)
        returned = ", ".join(f"{name}={source}" for name, source in self.outputs)
        rows = [f"{self.name}({signature})", *(_dump_node(node) for node in self.nodes)]
        return "\n".join([*rows, f"return {self.result} {returned}".rstrip()])


def _dump_node(node: Node) -> str:
    role = f" [{node.step.role}]" if node.step.role else ""
    inputs = ", ".join(
        f"{name}={'*' if name == node.mapped else ''}{source}"
        for name, source in sorted(node.inputs, key=_argument)
    )
    outputs = f" -> {', '.join(node.step.outputs)}" if node.step.outputs else ""
    when = "" if node.condition is None else f" when {node.condition}"
    place = f"{node.step.module}.{node.step.qualname}"
    return f"{node.name}: {place}{role} ({inputs}){outputs}{when}"


def _argument(pair: tuple[str, Binding]) -> str:
    return pair[0]


def call_arguments(values: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Split the values of a node's inputs into what to pass by position and what by name.

    >>> call_arguments({"0": "frame", "test_size": 0.2})
    (('frame',), {'test_size': 0.2})
    """
    positions = sorted((name for name in values if name.isdigit()), key=int)
    named = {name: value for name, value in values.items() if not name.isdigit()}
    return tuple(values[name] for name in positions), named


def pick(result: Any, field: str | None) -> Any:
    """Return the part of a step's result that a `FromOutput` means."""
    if field is None:
        return result
    return result[int(field)] if field.isdigit() else getattr(result, field)
