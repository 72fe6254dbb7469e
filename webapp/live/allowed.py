"""What a page may name as a source of pictures.

A page speaks for whoever sits at the device, yet it is a browser: it may open cameras and streams,
but of the device's files only those in the folder that its owner has set apart for that.
"""

import re
from pathlib import Path
from typing import Final

from runtime.errors import HematoVisionError
from runtime.feed import Feed, Size
from runtime.lines import one_line
from runtime.sources import feed_of
from webapp.live.browser import BROWSER, BrowserFeed

_CAMERA: Final = re.compile(
    r"\d{1,3}|rpicam(:\d)?|/dev/video\d{1,3}|/dev/v4l/by-(id|path)/[A-Za-z0-9_:+-][A-Za-z0-9_.:+-]*"
)
_STREAM: Final = re.compile(r"http://.+", re.IGNORECASE | re.DOTALL)


def allowed_feed(
    source: str, folder: Path | None, size: Size | None = None, *, lock: bool = False
) -> Feed:
    """Take what a page calls a source of pictures.

    Args:
        source: a camera's number or device file, `rpicam` or `rpicam:NUMBER`, an `http://` address,
            `browser`, or a video or folder in `folder`.
        folder: where videos and folders may lie; None allows none.
        size: width and height to ask a camera for; None takes its own.
        lock: whether to fix a USB camera's exposure and white balance once they have settled.

    Raises:
        HematoVisionError: `source_denied`, or as `runtime.sources.feed_of`.
    """
    if source == BROWSER:
        return BrowserFeed()
    if _CAMERA.fullmatch(source) or _STREAM.fullmatch(source):
        return feed_of(source, size, lock=lock)
    return feed_of(str(_inside(source, folder)))


def _inside(source: str, folder: Path | None) -> Path:
    if folder is None:
        raise HematoVisionError(
            "source_denied",
            f"{one_line(source)[:200]} is no camera, and pages may open no files: give a camera's "
            "number, rpicam or an http:// address, or start HematoVision with --camera-folder DIR",
        )
    try:
        path = (folder / source).resolve()
    except (OSError, ValueError):  # a loop of links, or a name that cannot be
        path = None
    if path is None or not path.is_relative_to(folder.resolve()):
        raise HematoVisionError(
            "source_denied",
            f"{one_line(source)[:200]} is not in the folder of --camera-folder: move it there",
        )
    return path
