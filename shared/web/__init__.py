"""The web base that the four services share: who is asking, what they may, and how a page looks."""
