"""The channels to people, a module each."""
