"""Values of any type: digested, described, compared, stored, and what they share.

Nothing here imports a library that the user's program has not imported: each library is
recognised by the module of a value's class. The verbs are in the modules of their names
(`fingerprint`, `describe`, `sharing`, `storage`, `compare`); the records in `types`.
"""

from thruway.kit.values.types import Comparison, Digest, Value

__all__ = ["Comparison", "Digest", "Value"]
