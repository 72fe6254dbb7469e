"""A program that behaves as `rpicam-vid` does: real processes, real Motion JPEG."""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from runtime.cli import main
from runtime.errors import CameraError, HematoVisionError
from runtime.images import decode
from runtime.ribbon import Ribbon
from runtime.sources import cameras

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a Pi's system is no Windows")

Install = Callable[[str], Path]
# Pictures of the size that was asked for, one after another, nothing between.
STREAM = """
import io, sys, time
from PIL import Image
asked = dict(zip(sys.argv[1::2], sys.argv[2::2]))
for level in range(0, 256, 50):
    stream = io.BytesIO()
    size = int(asked["--width"]), int(asked["--height"])
    Image.new("RGB", size, (level, 0, 0)).save(stream, "JPEG")
    sys.stdout.buffer.write(stream.getvalue())
    sys.stdout.flush()
time.sleep(60)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a program of that Python code on the path as `rpicam-vid`; keep what it was told."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def installed(code: str) -> Path:
        told = tmp_path / "told"
        program = tmp_path / "rpicam-vid"
        keep = (
            f"import sys, pathlib\npathlib.Path({str(told)!r}).write_text(' '.join(sys.argv[1:]))"
        )
        program.write_text(f"#!{sys.executable}\n{keep}\n{code}")
        program.chmod(0o755)
        return told

    return installed


def test_its_pictures_come_as_they_are_written(install: Install) -> None:
    told = install(STREAM)
    with closing(Ribbon(1, (320, 240)).frames()) as frames:
        pictures = [decode(source) for source in islice(frames, 6)]
    assert [picture.shape for picture in pictures] == [(240, 320, 3)] * 6
    assert [int(picture[0, 0, 0]) for picture in pictures] == pytest.approx(
        range(0, 256, 50), abs=3
    )
    assert "--camera 1 --timeout 0 --codec mjpeg --width 320 --height 240" in told.read_text()


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("sys.exit('ERROR: *** no cameras available ***')", "camera_missing", "ribbon cable"),
        ("sys.exit('ERROR: *** selected camera is not available ***')", "camera_missing", "list-"),
        (
            "sys.exit('ERROR: Pipeline handler in use by another process')",
            "camera_busy",
            "close the other program",
        ),
        (
            "print('Made X/EGL preview\\nERROR: \\x1b[1mlens cap', file=sys.stderr); sys.exit(7)",
            "camera_lost",
            r"status 7 \(ERROR: \\x1b\[1mlens cap\)",
        ),
        ("sys.exit(0)", "camera_lost", "status 0"),
        (
            "print('camera ' * 20000, flush=True)",
            "camera_stream",
            "no JPEG pictures",
        ),
    ],
)
def test_why_it_ends_is_said_in_one_line(
    install: Install, code: str, kind: str, message: str
) -> None:
    install(code)
    with pytest.raises(CameraError, match=message) as caught:
        list(Ribbon().frames())
    assert caught.value.code == kind
    assert str(caught.value).isprintable()


def test_a_program_that_talks_without_end_is_not_held_up(install: Install) -> None:
    install("for _ in range(5000): print('Frame done ' * 20, file=sys.stderr)\n" + STREAM)
    with closing(Ribbon(0, (32, 24)).frames()) as frames:
        assert decode(next(frames)).shape == (24, 32, 3)


def test_closing_ends_the_program(install: Install, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    install(
        f"import signal\nsignal.signal(15, lambda *_: (open({str(gone)!r}, 'w'), sys.exit()))\n"
        + STREAM
    )
    feed = Ribbon(0, (32, 24))
    frames = feed.frames()
    assert len(list(islice(frames, 6))) == 6
    start_s = time.monotonic()
    feed.close()
    with pytest.raises(CameraError):
        next(frames)
    assert gone.exists()
    assert time.monotonic() - start_s < 20


def test_its_cameras_are_listed(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    listing = """Available cameras
-----------------
0 : imx477 [4056x3040 12-bit RGGB] (/base/axi/pcie@120000/rp1/i2c@88000/imx477@1a)
    Modes: 'SRGGB12_CSI2P' : 2028x1080 [50.03 fps - (0, 440)/4056x2160 crop]
                             4056x3040 [10.00 fps - (0, 0)/4056x3040 crop]
1 : ov5647 [2592x1944 10-bit GBRG] (/base/axi/pcie@120000/rp1/i2c@80000/ov5647@36)
"""
    told = install(f"print({listing!r})")
    found = {camera.source: camera.name for camera in cameras()}
    assert told.read_text() == "--list-cameras"
    assert found["rpicam:0"].startswith("imx477 [4056x3040 12-bit RGGB]")
    assert found["rpicam:1"].startswith("ov5647")
    assert main(["camera", "--list"]) == 0
    assert "rpicam:0  imx477 [4056x3040" in capsys.readouterr().out


def test_without_the_program_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HematoVisionError, match="apt install rpicam-apps") as caught:
        Ribbon()
    assert caught.value.code == "dependency_missing"
