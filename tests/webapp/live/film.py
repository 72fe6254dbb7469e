"""A film for Chromium's fake camera, which shows it again and again."""

from pathlib import Path

import numpy as np

from runtime.images import Picture


def write_y4m(file: Path, pictures: list[Picture], rate: int = 10) -> None:
    """Write pictures of even width and height as YUV4MPEG2, full range as JPEG has it (BT.601)."""
    height, width, _ = pictures[0].shape
    with file.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            red, green, blue = np.moveaxis(picture.astype(np.float32), 2, 0)
            luma = 0.299 * red + 0.587 * green + 0.114 * blue
            halves = [
                (128 + difference / scale).reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
                for difference, scale in ((blue - luma, 1.772), (red - luma, 1.402))
            ]
            film.write(b"FRAME\n")
            for plane in (luma, *halves):
                film.write(np.clip(np.rint(plane), 0, 255).astype(np.uint8).tobytes())
