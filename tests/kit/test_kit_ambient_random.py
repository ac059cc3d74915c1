# The legacy stream of NumPy is what is tested.
# ruff: noqa: NPY002
"""Streams are watched without being disturbed, and come back exactly."""

import pickle
import random
import sys
import types

import numpy as np
import pytest

from thruway.kit.ambient.random import (
    CLASSES,
    NumpyRandom,
    PythonRandom,
    TensorflowRandom,
    seed_all,
    streams,
    undisturbed,
)

DRAWS = [
    ("random:python", PythonRandom, random.random),
    ("random:python", PythonRandom, lambda: random.gauss(0, 1)),
    ("random:numpy", NumpyRandom, np.random.rand),
    ("random:numpy", NumpyRandom, np.random.randn),
    ("random:numpy", NumpyRandom, lambda: np.random.randint(0, 2**31)),
]


@pytest.mark.parametrize(("token", "kind", "draw"), DRAWS)
def test_capture_restore_and_digest(token, kind, draw):
    seed_all(3)
    draw()
    state, digest = kind.capture(), streams()[token]
    assert streams()[token] == digest
    first = draw()
    assert streams()[token] != digest
    copy = pickle.loads(pickle.dumps(state))
    assert copy == state
    assert hash(copy) == hash(state)
    copy.restore()
    assert streams()[token] == digest
    assert draw() == first
    assert kind.capture() != state
    assert CLASSES[token] is kind


def test_second_normal_number_is_kept():
    seed_all(0)
    np.random.randn()
    state = NumpyRandom.capture()
    assert state.has_gauss == 1
    second = np.random.randn()
    np.random.seed(99)
    state.restore()
    assert np.random.randn() == second


def test_other_global_bit_generator():
    before = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(1))
        state, digest = NumpyRandom.capture(), streams()["random:numpy"]
        first = np.random.rand()
        assert streams()["random:numpy"] != digest
        state.restore()
        assert np.random.rand() == first
    finally:
        np.random.set_bit_generator(before)


def test_seed_all_gives_the_numbers_of_the_libraries():
    seed_all(42)
    assert np.random.rand() == np.random.RandomState(42).rand()
    assert random.random() == random.Random(42).random()


def test_undisturbed_puts_streams_back():
    seed_all(1)
    before = streams()
    with undisturbed():
        random.random()
        np.random.rand()
        assert streams() != before
    assert streams() == before


def test_tensorflow_state_is_seed_and_generator(monkeypatch):
    eager = types.SimpleNamespace(_seed=5, _rng=random.Random(5))
    eager._set_global_seed = lambda seed: setattr(eager, "_seed", seed)
    module = types.ModuleType("tensorflow.python.eager.context")
    module._context, module.context = eager, lambda: eager
    package = types.ModuleType("tensorflow.python.eager")
    package.context = module
    for name in ("tensorflow", "tensorflow.python"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, package.__name__, package)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    state, digest = TensorflowRandom.capture(), streams()["random:tensorflow"]
    first = eager._rng.random()
    assert streams()["random:tensorflow"] != digest
    state.restore()
    assert eager._rng.random() == first
