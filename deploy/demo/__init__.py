"""A municipal day played through the real doors of a running stack."""
