"""What a camera of the tests sees: fields of colored squares."""

import io

from PIL import Image

from runtime.images import Picture
from tests.tiny_squares import draw_squares

Places = dict[tuple[int, int], str]
ZOOM = 4
FIRST: Places = {(1, 1): "wbc", (1, 3): "rbc", (2, 5): "rbc", (3, 2): "platelet", (4, 4): "rbc"}
OTHER: Places = {(1, 2): "rbc", (2, 2): "wbc", (4, 1): "rbc", (3, 5): "wbc", (4, 6): "rbc"}


def field(places: Places) -> Picture:
    """Draw a field, 256 x 192 px."""
    return draw_squares(places, zoom=ZOOM)


def encoded(picture: Picture, kind: str = "JPEG") -> bytes:
    """Give a picture as the bytes of a file."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, kind, quality=95)
    return stream.getvalue()
