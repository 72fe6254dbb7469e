"""What a person may name as a source of pictures, and which cameras there are."""

import re
from pathlib import Path

from runtime.camera import DEVICES, NUMBER, VIDEO_SUFFIXES, Usb, Video, usb_cameras
from runtime.errors import HematoVisionError
from runtime.feed import Feed, Listed, Size
from runtime.inputs import is_folder
from runtime.lines import one_line
from runtime.network_camera import Url
from runtime.ribbon import Ribbon, ribbon_cameras
from runtime.watched_folder import WatchedFolder

_RIBBON = re.compile(r"rpicam(?::(\d))?")


def feed_of(source: str, size: Size | None = None, *, lock: bool = False) -> Feed:
    """Take what a person calls a source of pictures.

    Args:
        source: a camera's number or device file, `rpicam` or `rpicam:NUMBER`, an `http://` address,
            a video file, or a folder.
        size: width and height to ask a camera for; None takes its own.
        lock: whether to fix a USB camera's exposure and white balance once they have settled.

    Raises:
        HematoVisionError: `bad_source`, `not_found` or `dependency_missing`.
    """
    feed = _feed(source, size, lock=lock)
    if lock and feed.live and not isinstance(feed, Usb):
        feed.notes.append("exposure and white balance not locked: set that on the camera itself")
    return feed


def cameras() -> list[Listed]:
    """List the cameras at this machine, USB first."""
    return [*usb_cameras(), *ribbon_cameras()]


def _feed(source: str, size: Size | None, *, lock: bool) -> Feed:
    path = Path(source)
    if "://" in source:
        return Url(source)
    if match := _RIBBON.fullmatch(source):
        return Ribbon(int(match[1] or 0), size)
    if NUMBER.fullmatch(source) or path.is_relative_to(DEVICES):
        return Usb(source, size, lock=lock)
    if source and is_folder(path):
        return WatchedFolder(path)
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return Video(path)
    raise HematoVisionError(
        "bad_source",
        f"{one_line(source)[:200]} is no source of pictures: give a camera's number, rpicam, "
        "an http:// address, a video file, or a folder that is there",
    )
