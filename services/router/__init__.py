"""router: which case type, which checklist, which queue, whose turn."""
