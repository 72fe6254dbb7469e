"""Whole pictures come out of a stream, however it is cut, and nothing grows with a hostile one."""

import io
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runtime.errors import CameraError
from runtime.images import MAX_BYTES, decode
from runtime.mjpeg import MOST_BETWEEN, Splitter


def jpeg(seed: int, **options: object) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG", **options)
    return stream.getvalue()


def with_thumbnail(seed: int) -> bytes:
    """A picture that holds another, end marker and all, in an application segment."""
    inner = jpeg(seed + 1)
    segment = b"\xff\xe1" + (len(inner) + 2).to_bytes(2) + inner
    return b"\xff\xd8" + segment + jpeg(seed)[2:]


PICTURES = [
    jpeg(1),
    jpeg(2, progressive=True),
    jpeg(3, restart_marker_blocks=1),
    with_thumbnail(4),
    b"\xff\xd8\xff" + jpeg(5)[2:],  # a marker may have fill bytes before it
]


def split(pieces: Iterable[bytes]) -> list[bytes]:
    splitter = Splitter("the stream")
    return [picture for piece in pieces for picture in splitter.feed(piece)]


def test_the_pictures_of_the_tests_are_readable() -> None:
    assert {decode(picture).shape for picture in PICTURES} == {(24, 32, 3)}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 10**6])
@pytest.mark.parametrize(
    "between",
    [b"", b"\r\n--edge\r\nContent-Type: image/jpeg\r\nContent-Length: 7\r\n\r\n", b"\xff\xff\xd8"],
)
def test_pictures_come_out_as_they_went_in(size: int, between: bytes) -> None:
    stream = b"".join(between + picture for picture in PICTURES)
    found = split(stream[at : at + size] for at in range(0, len(stream), size))
    assert found == PICTURES


@settings(max_examples=50)
@given(st.data())
def test_a_stream_may_be_cut_anywhere(data: st.DataObject) -> None:
    stream = b"--edge\r\n\r\n".join(PICTURES)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert split(pieces) == PICTURES


@settings(max_examples=40)
@given(st.integers(0, len(PICTURES[0]) - 1), st.integers(1, 4))
def test_a_damaged_picture_costs_no_more_than_a_segment(at: int, lost: int) -> None:
    first, more = PICTURES[0], 0x10000 // len(PICTURES[1]) + 2
    damaged = first[:at] + first[at + lost :]
    found = split([damaged + b"\r\n--edge\r\n\r\n" + b"--edge".join([PICTURES[1]] * more)])
    assert found[-1] == PICTURES[1]


@settings(max_examples=40)
@given(st.binary(max_size=300), st.integers(1, 50))
def test_noise_is_survived(noise: bytes, size: int) -> None:
    stream = noise + PICTURES[1] + noise
    for picture in split(stream[at : at + size] for at in range(0, len(stream), size)):
        assert picture.startswith(b"\xff\xd8\xff")
        assert picture.endswith(b"\xff\xd9")


def test_a_stream_without_pictures_is_refused() -> None:
    with pytest.raises(CameraError, match="sends no JPEG pictures") as caught:
        split([b"X-Header: endless\r\n" * 100] * 1000)
    assert caught.value.code == "camera_stream"
    assert list(Splitter("short").feed(b"x" * MOST_BETWEEN)) == []


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (PICTURES[0][:-2], np.random.default_rng(1).bytes(2**16).replace(b"\xff", b"")),
        (b"\xff\xd8", b"\xff\xe0\xff\xff" + bytes(0xFFFD)),
    ],
    ids=["data", "segments"],
)
def test_a_huge_picture_is_refused_before_it_is_held(start: bytes, piece: bytes) -> None:
    taken = list[int]()

    def pieces() -> Iterator[bytes]:
        yield start
        while sum(taken) < 2 * MAX_BYTES:
            taken.append(len(piece))
            yield piece

    with pytest.raises(CameraError, match="more than 25 MB"):
        split(pieces())
    assert sum(taken) <= MAX_BYTES + len(piece)


def test_endless_beginnings_do_not_grow() -> None:
    splitter = Splitter("the stream")
    for _ in range(40):
        assert list(splitter.feed(b"\xff\xd8\xff\xe0\x00\x01" * 1000)) == []
    assert len(splitter._held) < 10_000
