"""Content-addressed objects, in a folder or under a URL."""
