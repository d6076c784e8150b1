"""What a person or a program sees of a run: folds of its events, one module each. Nothing here decides anything."""
