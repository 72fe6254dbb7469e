"""Pictures of one color, and how a browser would send them."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import FilePayload


def png(color: str, side_px: int = 16) -> bytes:
    file = BytesIO()
    Image.new("RGB", (side_px, side_px), color).save(file, "PNG")
    return file.getvalue()


def upload(*pictures: tuple[str, bytes]) -> dict[str, list[tuple[BytesIO, str]]]:
    """Form data for the test client: each picture a file in the field `images`."""
    return {"images": [(BytesIO(content), name) for name, content in pictures]}


def shown(color: str) -> FilePayload:
    """A picture as playwright hands it to a page."""
    return {"name": f"{color}.png", "mimeType": "image/png", "buffer": png(color)}
