"""The whole stack on one machine without Docker: real parts from packages, under one supervisor."""
