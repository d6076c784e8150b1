"""The way out to a PostgreSQL database. What is said there belongs to others: `journal/postgres`, `shared/postgres`."""
