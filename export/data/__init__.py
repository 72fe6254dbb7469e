"""Labelled cells: every layout that they come in, what is wrong with them, how they are split."""
