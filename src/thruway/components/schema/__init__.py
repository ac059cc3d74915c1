"""Schemas: `types` holds the records, `text` the file, the rest what others have.

`infer_schema` and `import_schema` make them, `validate` compares data with them.
"""

from __future__ import annotations

from thruway.components.schema.types import Difference, Feature, Schema

__all__ = ["Difference", "Feature", "Schema"]
