"""A model as a folder: everything that is needed to ask it elsewhere, and where it came from.

```
model.json          what it is: hash, type, columns, blessing, provenance; written last
model.bin           the model, in the format that `model.json` names
requirements.txt    versions of what it needs
code/               modules of the project that its classes are in, if any
```

`pack` writes it, `unpack` reads it; `serving` answers requests from it. Who puts such folders
where, and which of them is the one to use, is the affair of `push` and `resolve`.
"""

from thruway.components.packaging.pack import pack
from thruway.components.packaging.types import Column, Manifest, Signature
from thruway.components.packaging.unpack import manifest_of, unpack

__all__ = ["Column", "Manifest", "Signature", "manifest_of", "pack", "unpack"]
