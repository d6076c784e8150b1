"""One run at a time for an environment."""
