"""Steps and pipelines stay plain functions; what cannot be one is refused."""

from __future__ import annotations

import functools
import inspect
import math
import pickle
import subprocess
import sys
import textwrap

import pytest

import thruway
from thruway import Pipeline, PythonRandom, Step, map_over, pipeline, plugins, step
from thruway.errors import PipelineError, UsageError
from thruway.kit.dag import StepRef
from thruway.kit.step import ROLES, import_step


@step(role="prepare")
def double(x: int, *, by: int = 2) -> int:
    """Double it."""
    return x * by


@pipeline
def doubled(x: int = 3) -> int:
    """Double a number."""
    return double(x)


def test_a_step_is_its_function():
    assert double(4) == 8
    assert double(4, by=3) == 12
    assert isinstance(double, Step)
    assert (double.name, double.role, double.__doc__) == ("double", "prepare", "Double it.")
    assert double.function(1) == 2
    assert str(inspect.signature(double)) == "(x: 'int', *, by: 'int' = 2) -> 'int'"
    assert repr(double) == "<step double [prepare]>"
    assert pickle.loads(pickle.dumps(double)) is double


def test_a_step_of_any_function():
    shorten = step(textwrap.shorten, role="transform", retries=2)
    assert shorten("a b", 5) == "a b"
    assert shorten.retries == 2
    again = pickle.loads(pickle.dumps(shorten))
    assert again.function is textwrap.shorten
    assert again.role == "transform"
    assert step(shorten).function is textwrap.shorten
    assert step(shorten).role == "transform"
    assert step(functools.cache(double.function))(4) == 8


async def waits(): ...


def yields():
    yield 1


async def waits_and_yields():
    yield 1


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (waits, "`waits` is async"),
        (yields, "`yields` is a generator"),
        (waits_and_yields, "is an async generator"),
        (lambda: 1, "A lambda has no name"),
        (3, "3 is not a function"),
        (dict, "has no signature"),
        (type("Bare", (), {"__signature__": 3}), "has no signature"),
    ],
)
def test_what_cannot_be_a_step(function, what):
    with pytest.raises(PipelineError, match=what) as caught:
        step(function)
    assert caught.value.fix


def test_roles_are_checked():
    assert len(ROLES) == 12
    with pytest.raises(PipelineError, match="`training` is not a role") as caught:
        step(role="training")
    assert "train, evaluate" in caught.value.fix


def test_a_pipeline_is_its_function():
    assert doubled() == 6
    assert doubled(5) == 10
    assert isinstance(doubled, Pipeline)
    assert (doubled.name, doubled.__doc__) == ("doubled", "Double a number.")
    with pytest.raises(PipelineError, match="is not a function with a body"):
        pipeline(math.sqrt)


def test_a_pipeline_reads_itself():
    name = __name__
    assert doubled.dag().dump() == (
        f"doubled(x: int = 3)\ndouble: {name}.double [prepare] (x=$x)\nreturn single double=double"
    )


def test_a_pipeline_without_a_file_says_so():
    namespace = {"pipeline": pipeline}
    exec("@pipeline\ndef p():\n    pass\n", namespace)
    assert namespace["p"]() is None
    with pytest.raises(PipelineError, match="The text of `p` is not in a file"):
        namespace["p"].dag()


def test_a_pipeline_runs_through_the_plugin(monkeypatch):
    runner = plugins.Point("", {"here": f"{__name__}:record"})
    options = plugins.Point("", {"here": "builtins:dict"})
    monkeypatch.setattr(plugins, "POINTS", {"runner": runner, "runner_options": options})
    module = __name__.rpartition(".")[2]
    assert doubled.run(x=2) == (module, "doubled", {"params": {"x": 2}})


def record(project, options):
    return project.module, project.name, options


def test_steps_are_imported_by_reference():
    assert import_step(StepRef(__name__, "double")) is double
    assert import_step(StepRef("textwrap", "shorten")).function is textwrap.shorten
    with pytest.raises(PipelineError, match="has no step `nothing`"):
        import_step(StepRef(__name__, "nothing"))


def test_plugins_are_found_by_name(monkeypatch):
    class Entry:
        name, value = "theirs", f"{__name__}:record"

    monkeypatch.setattr(plugins, "_entries", lambda _: (Entry,))
    point = plugins.Point("", {"ours": "textwrap:shorten", "gone": "no_such_module:x"})
    monkeypatch.setattr(plugins, "POINTS", {"target": point, "empty": plugins.Point("")})
    assert plugins.load("target") is textwrap.shorten
    assert plugins.load("target", "theirs") is record
    assert plugins.load("empty") is record
    assert plugins.names("target") == ("ours", "gone", "theirs")
    for name, what in [("other", "no target named `other`"), ("gone", "cannot be imported")]:
        with pytest.raises(UsageError, match=what):
            plugins.load("target", name)
    with pytest.raises(UsageError, match="no extension point `paint`"):
        plugins.load("paint")


def test_map_over_is_a_loop():
    assert map_over(double, [1, 2], by=3) == [3, 6]
    assert map_over(double, (x for x in ())) == []
    with pytest.raises(TypeError) as caught:
        map_over(double, [1, None])
    assert caught.value.__notes__ == ["in `double`, for item 1"]
    with pytest.raises(PipelineError, match="random stream `PythonRandom`"):
        map_over(double, [1], by=PythonRandom.capture())


def test_the_public_names():
    assert thruway.__all__ == sorted(thruway.__all__)
    assert thruway.__all__ == [
        "File", "NumpyRandom", "Pipeline", "PythonRandom", "Step", "ThruwayError", "TorchRandom",
        "__version__", "check_component", "display", "explain", "map_over", "migrate", "pipeline", "step", "sync",
        "verify", "when",
    ]  # fmt: skip
    assert len(thruway.__all__) <= 25
    assert set(thruway.__all__) <= set(dir(thruway))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = thruway.nothing


@pytest.mark.parametrize("name", thruway.__all__)
def test_every_public_name_is_there(name):
    assert getattr(thruway, name) is not None


def in_a_fresh_interpreter(program):
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_importing_thruway_imports_next_to_nothing():
    in_a_fresh_interpreter(
        """
        import sys
        before = set(sys.modules)
        import thruway
        assert set(sys.modules) - before <= {"thruway", "thruway.version", "types"}
        """
    )


def test_the_kit_needs_the_standard_library_only():
    in_a_fresh_interpreter(
        """
        import sys
        before = set(sys.modules)
        from thruway import pipeline, step
        import thruway.kit.reading.read, thruway.kit.code.key, thruway.kit.ports.check, thruway.kit.project
        tops = {name.partition(".")[0] for name in set(sys.modules) - before}
        assert tops - set(sys.stdlib_module_names) == {"thruway"}, tops
        """
    )


def test_the_verb_is_not_hidden_by_the_module_of_its_name():
    in_a_fresh_interpreter(
        """
        import sys, types
        import thruway
        module = types.ModuleType("thruway.verify")
        thruway.verify = module
        assert thruway.__dict__.get("verify") is not module
        """
    )
