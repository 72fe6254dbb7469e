"""The parts of a detector's network by name, and how it tells boxes."""

from typing import Final

HEAT: Final = "heat"
SIDES: Final = "sides"
STRIDE: Final = 4  # pixels of the input from one place of the heat maps to the next
COARSEST: Final = 16  # the same of the coarsest features; sides of inputs are multiples of it
# A side of a box is e^raw times this away from its place: red cells have about such a radius.
SIDE_PX: Final = 16.0
RAW_LIMIT: Final = 3.0
