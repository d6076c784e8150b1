"""The commands. Each module is one; it is imported only when it is called."""
