"""Steps of the user's own that a canonical component could replace: found, and rewritten.

`find` goes over the steps of a project; each call that a component stands for is one `Upgrade`,
from a recogniser in `recognise`. What is rewritten is the call and nothing else: the user's other
lines and comments stay. Whether the step then gives the same is not known here: `api.upgrading`
runs it.
"""

from thruway.project.upgrades.find import find_upgrades
from thruway.project.upgrades.rewrite import rewritten
from thruway.project.upgrades.types import Upgrade

__all__ = ["Upgrade", "find_upgrades", "rewritten"]
