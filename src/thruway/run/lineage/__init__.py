"""What was computed from what, on SQLite or PostgreSQL, and what can be asked of it."""
