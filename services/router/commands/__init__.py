"""What can be done at a command line, beside serving."""
