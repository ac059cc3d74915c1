"""One step where it runs: what it is given, what surrounds it, what it gives, and its key."""
