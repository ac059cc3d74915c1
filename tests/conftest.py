"""What the tests of every layer share: one figure backend, and `observed` to import."""

from __future__ import annotations

import os

from thruway.kit.ambient.children import BACKEND

# Programs are observed inside the test's process; a window must never open, and figures count.
os.environ["MPLBACKEND"] = BACKEND
