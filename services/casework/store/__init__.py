"""Casework's own state in PostgreSQL (schema `casework`)."""
