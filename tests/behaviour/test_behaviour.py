"""One suite over everything that runs pipelines: same artifacts by hash, same verdicts."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from backends import in_parts, local
from shapes import SHAPES, write_project

BACKENDS = {
    "in-process": partial(local, executor="in-process"),
    "processes": partial(local, executor="processes"),
    "dask": partial(local, executor="dask"),
    "parts": in_parts,
}
APART = ("processes", "dask", "parts")


def run(name: str, folder: Any, params: dict[str, Any]) -> Any:
    if name == "dask":
        pytest.importorskip("distributed")
    return BACKENDS[name](folder, params)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a local run gives, once for each shape."""
    found: dict[str, Any] = {}

    def of(name: str) -> Any:
        if name not in found:
            folder = write_project(tmp_path_factory.mktemp("expected"), SHAPES[name])
            counter = folder / "counter.txt"
            found[name] = local(
                folder, {**SHAPES[name].params, "counter": str(counter)}, "processes"
            )
        return found[name]

    return of


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_comes_of_it(backend, shape, tmp_path, expected):
    told = SHAPES[shape]
    params = {**told.params, "counter": str(tmp_path / "counter.txt")}
    folder = write_project(tmp_path / "project", told)
    got, want = run(backend, folder, params), expected(shape)
    if told.refused and not (shape == "output that cannot be stored" and backend == "in-process"):
        assert told.refused in got.error
        assert got.state == "FAILED"
        assert {name.partition(".")[0] for name in got.hashes} == set(told.kept)
    else:
        assert (got.error, got.state) == ("", "COMPLETE")
        for name, value in told.results.items():
            assert got.values[name] == value
        assert {n for n, state in got.states.items() if state == "SKIPPED"} == set(told.skipped)
    if shape != "output that cannot be stored":
        assert got.hashes == want.hashes
        given = {name: repr(value) for name, value in params.items()}
        assert {name: got.params[name] for name in given} == given


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_second_run_is_answered_by_the_cache(backend, tmp_path):
    folder = write_project(tmp_path, SHAPES["diamond"])
    first, second = run(backend, folder, {}), run(backend, folder, {})
    assert second.hashes == first.hashes
    assert set(second.states.values()) == {"CACHED"}
    # And by whoever ran it before.
    for other in APART if backend in APART else ("in-process",):
        third = run(other, folder, {})
        assert set(third.states.values()) == {"CACHED"}
