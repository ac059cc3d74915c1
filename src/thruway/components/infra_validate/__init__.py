"""Whether a model can be served: loaded elsewhere, asked over HTTP, alike, fast and small enough.

What fails here would have failed in production: a class that is only in the notebook, a package
that is in no requirements, a model that answers otherwise when it is asked for one row. The process
that serves it is in `process`, what it runs in `packaging.serving`.

Source: https://www.tensorflow.org/tfx/guide/infra_validator
"""

from __future__ import annotations

import dataclasses
import json
import platform
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components import html, models
from thruway.components.frames import Frame, wrapped
from thruway.components.infra_validate.process import HERE, NotServed, Served, environment
from thruway.components.packaging import pack, wire
from thruway.errors import DataError, UsageError
from thruway.kit.gate import Gate, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.components.packaging.types import Manifest
    from thruway.kit.gate import Verdict

__all__ = ["InfraBlessing", "InfraCheck", "infra_validate"]

_WARM = 3
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9,
          "kib": 2**10, "mib": 2**20, "gib": 2**30}  # fmt: skip
# How far one row alone may be from the same row among others: the order of sums differs.
_BATCH = 1e-6


@dataclass(frozen=True)
class InfraCheck:
    """One thing that was looked at.

    Attributes:
        name: `load`, `answers`, `batch`, `latency`, `memory`.
        verdict: what follows.
        said: one sentence.
    """

    name: str
    verdict: Verdict
    said: str


@dataclass(frozen=True)
class InfraBlessing:
    """Whether a model can be served, and what was measured.

    Attributes:
        gate: what follows.
        checks: one by one.
        environment: `clean interpreter` or `fresh environment`.
        python: version.
        digest: SHA-256 of the model and its code, as `push` writes it.
        load_seconds: that loading the model took; None when it did not load.
        requests: that were answered, one row each.
        differing: rows whose answer was not that of the model here.
        largest_difference: between the two, as numbers; None for labels.
        batch_difference: largest relative difference between a row asked alone and among others.
        first_ms: milliseconds of the first request.
        p50_ms: half of the later requests took less.
        p99_ms: 99 of 100 took less.
        memory_before: bytes of the process before it loaded the model; None where not known.
        memory_loaded: after it.
        memory_peak: the most it had, all requests included.
    """

    gate: Gate
    checks: tuple[InfraCheck, ...]
    environment: str
    python: str
    digest: str
    load_seconds: float | None = None
    requests: int = 0
    differing: int = 0
    largest_difference: float | None = None
    batch_difference: float | None = None
    first_ms: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    memory_before: int | None = None
    memory_loaded: int | None = None
    memory_peak: int | None = None

    def __repr__(self) -> str:
        fast = "" if self.p99_ms is None else f", p99 {self.p99_ms:.1f} ms"
        return f"InfraBlessing({self.gate.verdict}{fast})"

    def _repr_html_(self) -> str:
        rows = [(one.name, one.verdict, one.said) for one in self.checks]
        measured = [
            ("loading, s", self.load_seconds),
            ("first request, ms", self.first_ms),
            ("p50, ms", self.p50_ms),
            ("p99, ms", self.p99_ms),
            ("memory before, MB", _mega(self.memory_before)),
            ("memory with the model, MB", _mega(self.memory_loaded)),
            ("memory at most, MB", _mega(self.memory_peak)),
        ]
        return html.view(
            "Can it be served?",
            html.gate_line(self.gate),
            html.table(("check", "", ""), rows),
            html.section("Measured", html.table(("", ""), measured)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dataclasses.asdict(self)


def _mega(size: int | None) -> float | None:
    return None if size is None else size / 1e6


def infra_validate(
    model: Any,
    examples: Frame,
    *,
    requirements: Sequence[str] | None = None,
    fresh_environment: bool = False,
    requests: int = 50,
    timeout: float = 60.0,
    max_latency_ms: float | None = None,
    max_memory: int | str | None = None,
    max_load_seconds: float | None = None,
    tolerance: float = 0.0,
) -> InfraBlessing:
    """Return whether a model can be served, with a gate.

    It is packed as `push` does, loaded by a process that has nothing of this one's, and asked over
    HTTP, one row at a time and all at once.

    Args:
        model: whatever `predict` can ask.
        examples: a frame as it is asked with; rows are taken evenly from all of it.
        requirements: lines instead of the versions that are installed here.
        fresh_environment: install them in an environment made for it, instead of using this one's
            packages. Takes as long as pip does.
        requests: how many, one row each.
        timeout: seconds until it must be ready, and for each answer; ten times that for pip.
        max_latency_ms: 99 of 100 requests must take less, in milliseconds.
        max_memory: that the process may have at most: bytes, or a text like `"500MB"`.
        max_load_seconds: that loading may take.
        tolerance: how far an answer may be from the model's here, relatively; 0 for bit by bit.

    Raises:
        DataError: the model cannot be asked with these examples here, either.
        UsageError: the arguments make no sense.
    """
    limit = _bytes(max_memory)
    if requests < 1 or timeout <= 0 or tolerance < 0:
        raise UsageError(
            "`requests` and `timeout` are above 0, `tolerance` is not below 0", fix="correct them"
        )
    sample = _sample(examples, requests)
    expected = _Expected(model, sample)
    with tempfile.TemporaryDirectory(prefix="thruway-infra-") as top:
        packed = Path(top, "model")
        manifest = pack(model, packed, examples=sample, requirements=requirements)
        said = "fresh environment" if fresh_environment else "clean interpreter"
        first = InfraBlessing(Gate("pass"), (), said, platform.python_version(), manifest.digest)
        try:
            python, root = sys.executable, str(HERE.parent)
            if fresh_environment:
                python, root = environment(Path(top), manifest, 10 * timeout), f"{top}/only"
            with Served(packed, python, root, timeout) as served:
                measured = _measured(served, manifest, sample, expected, first)
        except NotServed as error:
            check = InfraCheck("load", "fail", str(error))
            return dataclasses.replace(first, gate=Gate("fail", (str(error),)), checks=(check,))
    checks = _judged(measured, tolerance, max_latency_ms, limit, max_load_seconds)
    gate = worst(Gate(one.verdict, (one.said,)) for one in checks if one.verdict != "pass")
    return dataclasses.replace(measured, gate=gate, checks=checks)


def _bytes(limit: int | str | None) -> int | None:
    if limit is None or isinstance(limit, int):
        return limit
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", limit)
    if match is None or match[2].lower() not in _UNITS:
        raise UsageError(f"{limit!r} is no size", fix='write it like "500MB"')
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _sample(examples: Any, requests: int) -> Any:
    frame = wrapped(examples)
    if not len(frame):
        raise DataError("`examples` has no rows to ask with", fix="give some")
    count = min(requests, len(frame))
    places = [number * len(frame) // count for number in range(count)]
    return frame[places].to_native()


class _Expected:
    """What the model says here: of each row alone, and of all at once."""

    def __init__(self, model: Any, sample: Any) -> None:
        self._model = model
        frame = wrapped(sample)
        self.rows = [frame[number : number + 1].to_native() for number in range(len(frame))]
        self.alone = [self._outputs(one) for one in self.rows]
        self.batch = self._outputs(sample)

    def _outputs(self, frame: Any) -> dict[str, Any]:
        found = {"predict": models.predict(self._model, frame)}
        shares = models.predict_proba(self._model, frame)
        return found if shares is None else {**found, "predict_proba": shares}


def _measured(
    served: Served, manifest: Manifest, sample: Any, expected: _Expected, first: InfraBlessing
) -> InfraBlessing:
    columns = manifest.signature.columns
    path = f"/v2/models/{manifest.name}/infer"
    bodies = [
        json.dumps({"inputs": wire.inputs_of(one, columns)}, allow_nan=False).encode()
        for one in expected.rows
    ]
    differing, largest = 0, _Largest()
    seconds = []
    for body, right in zip(bodies, expected.alone, strict=True):
        outputs, took = _answer(served, path, body)
        seconds.append(took)
        differing += bool(_compare(outputs, right, largest))
    # Few rows are asked again, so that a percentile is one of many.
    while len(seconds) < 30 + _WARM:
        seconds.append(_answer(served, path, bodies[len(seconds) % len(bodies)])[1])
    whole = json.dumps({"inputs": wire.inputs_of(sample, columns)}, allow_nan=False).encode()
    differing += _compare(_answer(served, path, whole)[0], expected.batch, largest)
    memory = json.loads(served.ask("/v2/statistics")[1])
    later = sorted(one * 1000 for one in seconds[_WARM:])
    return dataclasses.replace(
        first,
        load_seconds=served.ready["seconds"],
        requests=len(bodies),
        differing=differing,
        largest_difference=largest.value,
        batch_difference=_batch(expected),
        first_ms=seconds[0] * 1000,
        p50_ms=later[len(later) // 2],
        p99_ms=later[min(int(len(later) * 0.99), len(later) - 1)],
        memory_before=served.ready["before"],
        memory_loaded=served.ready["loaded"],
        memory_peak=memory["peak"],
    )


def _answer(served: Served, path: str, body: bytes) -> tuple[dict[str, Any], float]:
    status, content, seconds = served.ask(path, body)
    said = json.loads(content)
    if status != 200:
        raise NotServed(f"a request was refused ({status}): {said.get('error', '')}"[:500])
    return {one["name"]: wire.array_of(one) for one in said["outputs"]}, seconds


class _Largest:
    """The largest difference so far; None until numbers differ or are compared."""

    def __init__(self) -> None:
        self.value: float | None = None

    def see(self, difference: float) -> None:
        """Keep it if it is the largest."""
        self.value = max(self.value or 0.0, difference)


def _compare(found: dict[str, Any], right: dict[str, Any], largest: _Largest) -> int:
    """Return in how many rows two answers differ, in any output; bit by bit."""
    import numpy as np

    wrong: Any = False
    for name, expected in right.items():
        given = found.get(name)
        if given is None or given.shape != expected.shape:
            largest.see(float("inf"))
            return len(expected)
        if expected.dtype.kind in "fiub":
            a, b = given.astype("float64"), expected.astype("float64")
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            if expected.dtype.kind == "f":
                with np.errstate(invalid="ignore"):
                    off = np.where(same, 0.0, np.abs(a - b) / np.maximum(np.abs(b), 1e-300))
                largest.see(float(np.nan_to_num(off, nan=np.inf).max()))
            elif not bool(same.all()):
                largest.see(float("inf"))
        else:
            pairs = zip(given.ravel().tolist(), expected.ravel().tolist(), strict=True)
            same = np.asarray([wire._plain(b) == a for a, b in pairs]).reshape(expected.shape)
            if not bool(same.all()):
                largest.see(float("inf"))
        rows = ~same.reshape(len(expected), -1).all(axis=1)
        wrong = wrong | rows
    return int(np.sum(wrong))


def _batch(expected: _Expected) -> float | None:
    """Return how far rows asked alone are from the same rows asked together."""
    import numpy as np

    largest = _Largest()
    for name, whole in expected.batch.items():
        alone = np.concatenate([one[name] for one in expected.alone])
        _compare({name: alone}, {name: whole}, largest)
    return largest.value


def _judged(
    found: InfraBlessing,
    tolerance: float,
    max_latency_ms: float | None,
    max_memory: int | None,
    max_load_seconds: float | None,
) -> tuple[InfraCheck, ...]:
    assert found.load_seconds is not None
    assert found.p99_ms is not None
    checks = [_limited("load", "loading took {:.3g} s", found.load_seconds, max_load_seconds)]
    checks.append(_alike(found, tolerance))
    batch = found.batch_difference
    if batch is not None and batch > _BATCH:
        said = (
            "the answer for a row depends on the rows it is asked with"
            if batch == float("inf")
            else f"a row asked alone differs by {batch:.2g} from the same row among others"
        )
        checks.append(InfraCheck("batch", "warn", said))
    checks.append(_limited("latency", "99 of 100 requests took {:.3g} ms", found.p99_ms,
                           max_latency_ms))  # fmt: skip
    if found.memory_peak is not None:
        limit = None if max_memory is None else max_memory / 1e6
        checks.append(
            _limited("memory", "the process had {:.4g} MB", found.memory_peak / 1e6, limit)
        )
    elif max_memory is not None:
        checks.append(
            InfraCheck("memory", "warn", "this system does not say how much memory it had")
        )
    return tuple(checks)


def _limited(name: str, said: str, value: float, limit: float | None) -> InfraCheck:
    text = said.format(value)
    if limit is None or value <= limit:
        return InfraCheck(name, "pass", text if limit is None else f"{text}, of {limit:g} allowed")
    return InfraCheck(name, "fail", f"{text}, and {limit:g} are allowed")


def _alike(found: InfraBlessing, tolerance: float) -> InfraCheck:
    if not found.differing:
        return InfraCheck("answers", "pass", "every answer is that of the model here, bit by bit")
    most = found.largest_difference
    if most is not None and most <= tolerance:
        return InfraCheck("answers", "pass", f"answers differ by {most:.2g} at most")
    by = "" if most in {None, float("inf")} else f", by {most:.2g} at most"
    return InfraCheck(
        "answers", "fail", f"{found.differing} answers are not those of the model here{by}"
    )
