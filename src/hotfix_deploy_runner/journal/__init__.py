"""Where events and requests are kept: the truth that everything else is a view of."""
