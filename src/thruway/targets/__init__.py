"""Compilers to other orchestrators; each target is a stranger to the others."""
