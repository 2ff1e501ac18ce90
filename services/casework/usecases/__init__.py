"""What can be done in casework, one verb each."""
