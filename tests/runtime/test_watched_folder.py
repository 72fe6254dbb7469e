"""Pictures that another program puts in a folder, whole or not."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import CameraError, HematoVisionError
from runtime.watched_folder import POLL_S, SETTLED_S, WatchedFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fields").mkdir()
    return tmp_path / "fields"


def given(frames: Iterator[Path | None], count: int, limit_s: float = 10) -> list[str]:
    """The names of the next pictures; fewer when they do not come in time."""
    found, start_s = list[str](), time.monotonic()
    while len(found) < count and time.monotonic() - start_s < limit_s:
        if (path := next(frames)) is not None:
            found.append(path.name)
    return found


def test_new_pictures_are_given_once_and_in_the_order_they_came(
    folder: Path, encode: Callable[..., bytes]
) -> None:
    (folder / "before.png").write_bytes(encode())
    with closing(WatchedFolder(folder).frames()) as frames:
        assert next(frames) is None
        for name in ("z.png", "a.jpg", "notes.txt", ".hidden.png"):
            (folder / name).write_bytes(encode())
            time.sleep(0.02)
        assert given(frames, 2) == ["z.png", "a.jpg"]
        assert given(frames, 1, limit_s=3 * POLL_S) == []


def test_a_picture_that_is_still_written_is_waited_for(
    folder: Path, encode: Callable[..., bytes]
) -> None:
    whole = encode()
    with closing(WatchedFolder(folder).frames()) as frames:
        next(frames)
        with (folder / "slow.png").open("wb", buffering=0) as stream:
            end_s = time.monotonic() + 1.5 * SETTLED_S
            while time.monotonic() < end_s:
                stream.write(whole[:20])
                assert next(frames) is None
        assert given(frames, 1) == ["slow.png"]


def test_a_picture_that_is_renamed_into_place_is_given(
    folder: Path, encode: Callable[..., bytes]
) -> None:
    with closing(WatchedFolder(folder).frames()) as frames:
        next(frames)
        (folder / "field.part").write_bytes(encode())
        assert given(frames, 1, limit_s=2 * SETTLED_S) == []
        (folder / "field.part").rename(folder / "field.png")
        assert given(frames, 1) == ["field.png"]


def test_a_picture_that_is_written_anew_is_given_again(
    folder: Path, encode: Callable[..., bytes]
) -> None:
    with closing(WatchedFolder(folder).frames()) as frames:
        next(frames)
        for color in ("red", "blue"):
            (folder / "latest.png").write_bytes(encode(color, size=(60 + len(color), 40)))
            assert given(frames, 1) == ["latest.png"]


def test_an_empty_file_is_not_given_yet(folder: Path) -> None:
    with closing(WatchedFolder(folder).frames()) as frames:
        next(frames)
        (folder / "empty.png").touch()
        assert given(frames, 1, limit_s=2 * SETTLED_S) == []


def test_a_folder_that_comes_back_gives_what_is_new_in_it(
    folder: Path, encode: Callable[..., bytes]
) -> None:
    feed = WatchedFolder(folder)
    with closing(feed.frames()) as frames:
        next(frames)
        shutil.rmtree(folder)
        with pytest.raises(CameraError, match="cannot be read") as caught:
            given(frames, 1)
    assert caught.value.code == "camera_lost"
    folder.mkdir()
    (folder / "back.png").write_bytes(encode())
    with closing(feed.frames()) as frames:
        assert given(frames, 1) == ["back.png"]


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HematoVisionError, match="no folder") as caught:
        WatchedFolder(tmp_path / "gone")
    assert caught.value.code == "not_found"
