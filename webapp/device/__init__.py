"""This device: what it is, how it is, and whether it works."""
