"""How bad an anomaly is: by default, and by what the user says."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from thruway.components.validate.types import Severity
from thruway.errors import UsageError

Policy = Mapping[str | tuple[str, str], Severity]

WARNED = (
    "SCHEMA_NEW_COLUMN",
    "*_TYPE_BIG_INT",
    "*_TYPE_SMALL_INT",
    "*_TYPE_BIG_FLOAT",
    "*_TYPE_SMALL_FLOAT",
    "DATETIME_TYPE_*",
    "STRING_TYPE_TOO_LONG",
    "COMPARATOR_*",
    "STATS_NOT_AVAILABLE",
    "DATASET_HIGH_NUM_EXAMPLES",
    "PERFORMANCE_LOW",
)
"""What only warns by default: everything else fails. `BOOL_TYPE_*` fails: 2 is no truth."""
_FAILS = ("BOOL_TYPE_*", "COMPARATOR_CONTROL_DATA_MISSING")
_SEVERITIES = ("fail", "warn", "ignore")


def checked(policy: Policy | None) -> Policy:
    """Return the policy.

    Raises:
        UsageError: a severity, or a key, is none.
    """
    for key, severity in (policy or {}).items():
        pair = isinstance(key, tuple) and len(key) == 2 and all(isinstance(o, str) for o in key)
        if not (isinstance(key, str) or pair):
            raise UsageError(
                f"the policy has the key {key!r}",
                fix='give the name of an anomaly, or (column, name): {("age", "*"): "ignore"}',
            )
        if severity not in _SEVERITIES:
            raise UsageError(
                f"the policy says {severity!r} for {key!r}",
                fix="say 'fail', 'warn' or 'ignore'",
            )
    return policy or {}


def severity_of(column: str, type_: str, policy: Policy) -> Severity:
    """Return how bad an anomaly is; what is said of a column counts before what is said of all.

    Of several keys that match, the last one counts; names may have `*`.

    >>> severity_of("age", "SCHEMA_NEW_COLUMN", {"SCHEMA_*": "fail", ("age", "*"): "ignore"})
    'ignore'
    """
    of_column = of_all = None
    for key, severity in policy.items():
        if isinstance(key, tuple):
            if fnmatchcase(column, key[0]) and fnmatchcase(type_, key[1]):
                of_column = severity
        elif fnmatchcase(type_, key):
            of_all = severity
    return of_column or of_all or _default(type_)


def _default(type_: str) -> Severity:
    fails = any(fnmatchcase(type_, one) for one in _FAILS)
    warned = not fails and any(fnmatchcase(type_, one) for one in WARNED)
    return "warn" if warned else "fail"
