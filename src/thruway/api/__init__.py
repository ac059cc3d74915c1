"""The verbs composed: what the command line, a notebook and other programs call.

```python
import thruway

migration = thruway.migrate("churn.ipynb", output="churn")
print(migration.proof.verdict)
```
"""

from thruway.api.adding import Added, add
from thruway.api.component import ComponentReport, check_component
from thruway.api.migrating import Explanation, Migration, explain, migrate
from thruway.api.observing import Progress, Silent
from thruway.api.proving import verify
from thruway.api.syncing import Sync, sync

__all__ = [
    "Added",
    "ComponentReport",
    "Explanation",
    "Migration",
    "Progress",
    "Silent",
    "Sync",
    "add",
    "check_component",
    "explain",
    "migrate",
    "sync",
    "verify",
]
