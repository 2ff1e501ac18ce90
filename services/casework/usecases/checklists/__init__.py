"""Checklists from their first draft to the version that takes their place."""
