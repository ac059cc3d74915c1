"""The serving function: derive it, bundle it, serve it, check it for skew."""
