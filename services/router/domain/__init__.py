"""The pure rules of routing: states, order, skills."""
