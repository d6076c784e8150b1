"""Events, runs and requests in PostgreSQL: the tables, what is said to them, and a `Store` over both."""
