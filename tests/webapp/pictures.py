"""Pictures of one color, and how a browser would send them."""

from io import BytesIO

from PIL import Image


def png(color: str, side_px: int = 16) -> bytes:
    file = BytesIO()
    Image.new("RGB", (side_px, side_px), color).save(file, "PNG")
    return file.getvalue()


def upload(*pictures: tuple[str, bytes]) -> dict[str, list[tuple[BytesIO, str]]]:
    """Form data for the test client: each picture a file in the field `images`."""
    return {"images": [(BytesIO(content), name) for name, content in pictures]}
