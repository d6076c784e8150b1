"""The shared place in a PostgreSQL database."""
