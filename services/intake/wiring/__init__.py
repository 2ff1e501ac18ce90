"""Builds the objects of intake and puts them together: one file for what all stand on, one for each channel."""
