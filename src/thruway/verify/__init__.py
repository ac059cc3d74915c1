"""Compare the original with its pipeline, value by value: a `Proof`."""

from thruway.verify.prove import Original, prove
from thruway.verify.types import Check, Proof

__all__ = ["Check", "Original", "Proof", "prove"]
