"""The only place where objects are put together: a project, and a run on it."""
