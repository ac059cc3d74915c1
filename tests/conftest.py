"""What the tests of every layer share: one figure backend, and `observed` to import."""

from __future__ import annotations

import os

from thruway.kit.ambient.children import BACKEND

# Small arrays on a busy machine: threads would only wait for each other.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
# Programs are observed inside the test's process; a window must never open, and figures count.
os.environ["MPLBACKEND"] = BACKEND
