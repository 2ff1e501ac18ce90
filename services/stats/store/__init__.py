"""The tables of stats in PostgreSQL."""
