"""What intake keeps in its own PostgreSQL schema."""
