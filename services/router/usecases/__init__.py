"""What the router does, one verb each."""
