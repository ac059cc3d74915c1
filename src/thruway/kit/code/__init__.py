"""First-party code as text: modules, names, what it reaches, and the key of a step made of that."""
