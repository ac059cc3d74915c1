"""Types of ports: what fits what, and the words for what does not. `check` is the door."""
