"""Thin faces over `thruway.api`: the command line and what it prints."""
