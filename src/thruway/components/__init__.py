"""Canonical components: plain functions that every project needs, one per file."""
