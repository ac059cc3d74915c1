"""Digests of what models keep outside Python: boosters and tensors.

scikit-learn's estimators need nothing here: their class and attributes say all. Only its search
trees count how often they were asked.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from thruway.kit.values import arrays, atoms, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thruway.kit.values.digesting import Handler, Walk


# Where the state of a search tree counts trims, leaves, splits and calls: a query changes them.
_COUNTS = (7, 11)


def claim_xgboost(kind: type) -> Handler | None:
    """Return how an XGBoost booster is digested."""
    if kind.__name__ == "Booster":
        return _xgboost
    return _hidden if kind.__name__ in {"DMatrix", "QuantileDMatrix"} else None


def claim_lightgbm(kind: type) -> Handler | None:
    """Return how a LightGBM booster is digested."""
    if kind.__name__ == "Booster":
        return _lightgbm
    return _hidden if kind.__name__ == "Dataset" else None


def _hidden(walk: Walk, value: Any) -> Iterator[Any]:
    walk.give_up(value)
    return iter(())


def _xgboost(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("xgboost booster")
    walk.bulk(bytes(value.save_raw("ubj")))
    return iter((value.feature_names, value.feature_types))


def _lightgbm(walk: Walk, value: Any) -> Iterator[Any]:
    # 0 and -1 both say that there is no best iteration.
    walk.write("lightgbm booster", b"%d" % max(value.best_iteration, 0))
    walk.bulk(atoms.text(value.model_to_string(num_iteration=-1)))
    return iter(())


def claim_torch(kind: type) -> Handler | None:
    """Return how tensors, dtypes, devices and generators of torch are digested."""
    torch = sys.modules["torch"]
    if issubclass(kind, torch.Tensor):
        return _tensor
    if kind.__name__ in {"dtype", "device", "layout", "memory_format", "Size"}:
        return _named
    return _torch_generator if issubclass(kind, torch.Generator) else None


def _named(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("torch", atoms.text(repr(value)))
    return iter(())


def _torch_generator(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("torch generator")
    yield value.get_state()


def _tensor(walk: Walk, value: Any) -> Iterator[Any]:
    torch = sys.modules["torch"]
    head = f"{value.dtype}|{tuple(value.shape)}|{value.device.type}|{value.requires_grad}"
    walk.write("tensor", atoms.text(f"{head}|{origin.token(type(value))}"))
    plain = value.detach().cpu()
    if plain.layout != torch.strided:
        plain = plain.to_sparse_coo().coalesce()
        yield plain.indices()
        yield plain.values()
        return
    plain = plain.contiguous()
    if plain.dtype is torch.bfloat16:
        plain = plain.view(torch.int16)
    yield from arrays.content(walk, _array_on(plain))
    if value.is_leaf and value.grad is not None:
        walk.write("grad")
        yield value.grad


class _Place:
    """A stretch of memory, said in the way that NumPy asks for it."""

    def __init__(self, owner: Any, address: int, size: int) -> None:
        self.owner = owner  # lives as long as the array on its memory
        self.__array_interface__ = {
            "data": (address, False),
            "shape": (size,),
            "typestr": "|u1",
            "version": 3,
        }


def memory_of(storage: Any) -> Any:
    """Return the memory of a storage of torch as an array of bytes, without a copy.

    Not by `Tensor.numpy()`, after which torch lets nobody resize the tensor.
    """
    np = arrays.numpy()
    size = storage.nbytes()
    return np.asarray(_Place(storage, storage.data_ptr(), size)) if size else np.zeros(0, np.uint8)


def _array_on(tensor: Any) -> Any:
    """Return a contiguous tensor as an array on its memory."""
    torch = sys.modules["torch"]
    dtype = torch.empty(0, dtype=tensor.dtype).numpy().dtype
    start = tensor.storage_offset() * dtype.itemsize
    content = memory_of(tensor.untyped_storage())[start : start + tensor.numel() * dtype.itemsize]
    return content.view(dtype).reshape(tuple(tensor.shape))


def claim_tensorflow(kind: type) -> Handler | None:
    """Return how Keras models and tensors are digested."""
    if hasattr(kind, "get_weights") and hasattr(kind, "get_config"):
        return _keras
    return _eager if hasattr(kind, "numpy") and hasattr(kind, "shape") else None


def _keras(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("keras", atoms.text(origin.token(type(value))))
    yield value.get_config()
    yield value.get_weights()


def _eager(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("tensor", atoms.text(type(value).__name__))
    yield value.numpy()


def claim_sklearn(kind: type) -> Handler | None:
    """Return how the search trees of nearest neighbours are digested."""
    return _neighbours if kind.__name__.startswith(("KDTree", "BallTree")) else None


def _neighbours(walk: Walk, value: Any) -> Iterator[Any]:
    walk.write("search tree", atoms.text(origin.token(type(value))))
    state = value.__getstate__()
    before, after = _COUNTS
    return iter((*state[:before], *state[after:]))


CLAIMS: dict[str, Callable[[type], Handler | None]] = {
    "xgboost": claim_xgboost,
    "lightgbm": claim_lightgbm,
    "torch": claim_torch,
    "tensorflow": claim_tensorflow,
    "keras": claim_tensorflow,
    "sklearn": claim_sklearn,
}
