"""Run a function in a fork of this process: what it sets and imports stays in there.

The price is a few milliseconds, so that thousands of small programs can be run in isolation.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
import warnings
from dataclasses import replace

from thruway.errors import StorageError
from thruway.run.executors.inprocess import InProcessExecutor
from thruway.run.step.job import Done, Failed
from thruway.run.step.perform import perform

CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"


class Died(AssertionError):  # noqa: N818 - reads as what happened
    """The fork ended without an answer."""


def in_fork(function, *arguments):
    """Return what a function returns in a process of its own; what it raises is raised here."""
    reads, writes = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other threads of the test runner are idle
        child = os.fork()
    if not child:
        os.close(reads)
        _answer(writes, function, arguments)
    os.close(writes)
    with os.fdopen(reads, "rb") as handle:
        data = handle.read()
    _, status = os.waitpid(child, 0)
    if not data:
        raise Died(f"status {status}")
    good, answer = pickle.loads(data)
    if not good:
        raise answer
    return answer


def _answer(writes, function, arguments):
    try:
        try:
            answer = (True, function(*arguments))
        except BaseException as error:
            answer = (False, error)
        try:
            data = pickle.dumps(answer)
        except Exception:
            data = pickle.dumps((False, Died(traceback.format_exc())))
        with os.fdopen(writes, "wb") as handle:
            handle.write(data)
    finally:
        os._exit(0)


class ForkingExecutor(InProcessExecutor):
    """Runs every step in a fork of this process, which has run nothing of the program."""

    def check_types(self, dag):
        in_fork(super().check_types, dag)

    def start(self, ticket, job, needed):
        del needed
        self._ended.append((ticket, in_fork(self._alone, job)))

    def _alone(self, job):
        """Run a step here, and return what can be told to the parent."""
        try:
            arguments = {**self._gather(job), **job.values}
        except StorageError as error:
            return Done(failure=Failed("Missing", error.what, error.where, error.fix))
        done = perform(job, arguments, self._place, self._probe, strict=True)
        return replace(done, values={}, cause=None)
