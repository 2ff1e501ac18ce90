"""Practice (*övningsläge*): invented contacts at the real desk, and who is signed off for which unit.

Runs live in tables of their own. No use case here writes a case or a contact, or tells an event of one.
"""
