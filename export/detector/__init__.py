"""The detector: a network that finds the cells of whole fields, from boxes to a bundle."""
