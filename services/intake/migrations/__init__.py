"""The migrations of intake's schema."""
