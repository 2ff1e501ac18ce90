"""The HTTP doors of the router."""
