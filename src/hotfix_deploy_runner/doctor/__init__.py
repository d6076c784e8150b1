"""What is missing for a run, and how to get it. It looks and asks; it changes nothing."""
