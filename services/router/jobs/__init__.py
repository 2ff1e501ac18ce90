"""What the router does by the clock."""
