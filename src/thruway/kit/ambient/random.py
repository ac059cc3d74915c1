"""Global random streams: seeded alike everywhere, watched, captured and restored.

A stream is looked at only when its library is loaded already; nothing here draws from a stream
or imports a library. Tokens: `random:python`, `random:numpy`, `random:torch`,
`random:tensorflow`.
"""

from __future__ import annotations

import contextlib
import pickle
import random
import sys
from array import array
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol, Self

from thruway.kit.ambient.imports import ImportGuard, ImportWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class RandomState(Protocol):
    """The state of one global stream, as a value."""

    @classmethod
    def capture(cls) -> Self:
        """Return the state of the global stream now."""
        ...

    def restore(self) -> None:
        """Set the global stream to this state."""
        ...


@dataclass(frozen=True)
class PythonRandom:
    """State of the functions of `random`.

    Attributes:
        key: 624 words of the generator and the place in them, as little-endian 32-bit words.
        gauss_next: second number of a pair that `gauss` keeps for its next call.
        version: layout of the state, as `random.getstate` says it.
    """

    key: bytes
    gauss_next: float | None = None
    version: int = 3

    @classmethod
    def capture(cls) -> Self:
        """Return the state of the global stream now."""
        version, words, gauss_next = random.getstate()
        return cls(_to_bytes(words), gauss_next, version)

    def restore(self) -> None:
        """Set the global stream to this state."""
        random.setstate((self.version, tuple(_from_bytes(self.key)), self.gauss_next))


@dataclass(frozen=True)
class NumpyRandom:
    """State of the legacy functions of `numpy.random` (`np.random.seed`, `np.random.rand`, …).

    Attributes:
        key: 624 little-endian 32-bit words; for another bit generator its pickled state.
        pos: place in them.
        has_gauss: whether a second normal number is kept for the next call.
        cached_gaussian: that number.
        bit_generator: `MT19937` unless the program replaced the global one.
    """

    key: bytes
    pos: int = 624
    has_gauss: int = 0
    cached_gaussian: float = 0.0
    bit_generator: str = "MT19937"

    @classmethod
    def capture(cls) -> Self:
        """Return the state of the global stream now."""
        import numpy as np

        numpy_random: Any = np.random
        state: dict[str, Any] = numpy_random.get_state(legacy=False)
        name = state["bit_generator"]
        gauss = int(state.get("has_gauss", 0)), float(state.get("gauss", 0.0))
        if name != "MT19937":
            return cls(pickle.dumps(state, protocol=4), 0, *gauss, name)
        inner = state["state"]
        return cls(inner["key"].astype("<u4").tobytes(), int(inner["pos"]), *gauss)

    def restore(self) -> None:
        """Set the global stream to this state."""
        import numpy as np

        numpy_random: Any = np.random
        if self.bit_generator != "MT19937":
            generator = getattr(np.random, self.bit_generator)
            numpy_random.set_bit_generator(generator())
            numpy_random.set_state(pickle.loads(self.key))
            return
        key = np.frombuffer(self.key, dtype="<u4").astype(np.uint32)
        state = ("MT19937", key, self.pos, self.has_gauss, self.cached_gaussian)
        numpy_random.set_state(state)


@dataclass(frozen=True)
class TorchRandom:
    """State of torch's default generators.

    Attributes:
        cpu: state of the CPU generator.
        cuda: state of each CUDA device's, () when CUDA was not in use.
    """

    cpu: bytes
    cuda: tuple[bytes, ...] = ()

    @classmethod
    def capture(cls) -> Self:
        """Return the states of the global streams now."""
        import torch

        devices = torch.cuda.get_rng_state_all() if _cuda_in_use(torch) else []
        return cls(_tensor_bytes(torch.get_rng_state()), tuple(map(_tensor_bytes, devices)))

    def restore(self) -> None:
        """Set the global streams to these states."""
        import torch

        def tensor(state: bytes) -> Any:
            return torch.frombuffer(bytearray(state), dtype=torch.uint8)

        torch.set_rng_state(tensor(self.cpu))
        if self.cuda and torch.cuda.is_available():
            torch.cuda.set_rng_state_all([tensor(state) for state in self.cuda])


@dataclass(frozen=True)
class TensorflowRandom:
    """State of TensorFlow's eager stream: the global seed and what draws the operations' seeds.

    Operations given a seed of their own keep a counter inside the runtime, which no public or
    private function reads: those are not covered.

    Attributes:
        state: pickled (global seed, state of the generator of operation seeds).
    """

    state: bytes

    @classmethod
    def capture(cls) -> Self:
        """Return the state of the eager stream now."""
        from tensorflow.python.eager import context

        return cls(_tensorflow_state(context.context()))

    def restore(self) -> None:
        """Set the eager stream to this state."""
        from tensorflow.python.eager import context

        seed, generator = pickle.loads(self.state)
        eager = context.context()
        eager._set_global_seed(seed)
        if generator is not None:
            eager._rng.setstate(generator)


CLASSES: dict[str, type[RandomState]] = {
    "random:python": PythonRandom,
    "random:numpy": NumpyRandom,
    "random:torch": TorchRandom,
    "random:tensorflow": TensorflowRandom,
}
"""The class that carries the state of each stream."""


def streams() -> dict[str, str]:
    """Return a digest of the state of every global stream whose library is loaded.

    Draws nothing and imports nothing; about 40 microseconds with NumPy.
    """
    return {token: digest for token, read in _STATES.items() if (digest := _digest(read))}


def seed_all(seed: int) -> None:
    """Seed every global stream whose library is loaded."""
    random.seed(seed)
    for name, action in _SEEDERS.items():
        module = sys.modules.get(name)
        if module is not None:
            action(module, seed)


def seed_on_import(seed: int) -> ImportWatch:
    """Seed the libraries that are not loaded yet, each at the moment of its first import.

    Returns:
        A handle with `remove()`; also a context manager.
    """

    def seeder(action: Callable[[Any, int], object]) -> Callable[[Any], object]:
        return lambda module: action(module, seed)

    return ImportWatch({name: seeder(action) for name, action in _SEEDERS.items()})


def quiet_imports(drew: Callable[[str, str], object] | None = None) -> ImportGuard:
    """Keep imports of installed libraries from moving the global streams.

    Some libraries draw while they are imported (rich, which scikit-learn 1.9 loads): whether a
    stream moves then depends on what was loaded earlier in the process, so that a step alone
    could not repeat it. Modules of the user's own may seed on purpose and are left alone.

    Args:
        drew: told (module, token) of every stream that an import moved.
    """
    return ImportGuard(lambda name: undisturbed(lambda token: drew and drew(name, token)))


@contextlib.contextmanager
def undisturbed(drew: Callable[[str], object] | None = None) -> Iterator[None]:
    """Put back every global stream that the block drew from; `drew` is told their tokens."""
    states = {token: (digest, CLASSES[token].capture()) for token, digest in streams().items()}
    try:
        yield
    finally:
        after = streams()
        for token, (digest, state) in states.items():
            if after.get(token) != digest:
                state.restore()
                if drew is not None:
                    drew(token)


def _seed_numpy(module: Any, seed: int) -> None:
    module.seed(seed % 2**32)


def _seed_torch(module: Any, seed: int) -> None:
    module.manual_seed(seed)


def _seed_tensorflow(module: Any, seed: int) -> None:
    module.random.set_seed(seed)


# NumPy loads its random part late: the stream exists from that moment on.
_SEEDERS: dict[str, Callable[[Any, int], object]] = {
    "numpy.random": _seed_numpy,
    "torch": _seed_torch,
    "tensorflow": _seed_tensorflow,
}


def _python_state() -> bytes:
    version, words, gauss_next = random.getstate()
    return _to_bytes(words) + repr((version, gauss_next)).encode()


def _numpy_state() -> bytes:
    module: Any = sys.modules.get("numpy.random.mtrand")
    stream = getattr(module, "_rand", None)  # absent while NumPy is being imported
    if stream is None:
        return b""
    state = stream.get_state(legacy=False)
    inner = state["state"]
    if state["bit_generator"] != "MT19937":
        return repr(state).encode()
    rest = (inner["pos"], state["has_gauss"], state["gauss"])
    key: bytes = inner["key"].tobytes()
    return key + repr(rest).encode()


def _torch_state() -> bytes:
    torch: Any = sys.modules.get("torch")
    if not hasattr(torch, "get_rng_state"):
        return b""
    state = _tensor_bytes(torch.get_rng_state())
    if _cuda_in_use(torch):
        state += b"".join(map(_tensor_bytes, torch.cuda.get_rng_state_all()))
    return state


def _tensorflow_digest_state() -> bytes:
    context: Any = sys.modules.get("tensorflow.python.eager.context")
    # `context()` would start the runtime; before it has started nothing was drawn.
    eager = getattr(context, "_context", None)
    return b"" if eager is None else _tensorflow_state(eager)


_STATES: dict[str, Callable[[], bytes]] = {
    "random:python": _python_state,
    "random:numpy": _numpy_state,
    "random:torch": _torch_state,
    "random:tensorflow": _tensorflow_digest_state,
}


def _tensorflow_state(eager: Any) -> bytes:
    generator = getattr(eager, "_rng", None)
    state = None if generator is None else generator.getstate()
    return pickle.dumps((getattr(eager, "_seed", None), state), protocol=4)


def _cuda_in_use(torch: Any) -> bool:
    return bool(torch.cuda.is_available() and torch.cuda.is_initialized())


def _tensor_bytes(tensor: Any) -> bytes:
    try:
        data: bytes = tensor.cpu().numpy().tobytes()
    except RuntimeError:  # torch built without NumPy
        return bytes(tensor.tolist())
    return data


def _to_bytes(words: Any) -> bytes:
    values = array("I", words)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _from_bytes(data: bytes) -> array[int]:
    values = array("I")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _digest(read: Callable[[], bytes]) -> str:
    try:
        state = read()
    except Exception:  # the library is being imported: its stream does not exist yet
        return ""
    return blake2b(state, digest_size=16).hexdigest() if state else ""
