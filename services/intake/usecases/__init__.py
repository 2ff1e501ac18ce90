"""What intake does, one verb each."""
