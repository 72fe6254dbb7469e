"""The command `python -m runtime camera`: what it prints, refuses and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from runtime.cli import main
from runtime.network_camera import Url
from tests.runtime.mjpeg_server import Write, serving, stream
from tests.runtime.seen import FIRST, encoded, field
from tests.tiny_bundle import make_tiny_bundle
from tests.tiny_squares import make_squares_detector

ROOT = Path(__file__).resolve().parents[2]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def bundles(tmp_path: Path) -> tuple[Path, Path]:
    """A detector of colored squares, and a classifier that knows their colors."""
    return make_squares_detector(tmp_path / "find"), make_tiny_bundle(tmp_path / "name")


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


def test_the_command_shows_rates_and_what_is_here(
    bundles: tuple[Path, Path], capsys: Output
) -> None:
    detector, model = bundles
    with serving(stream([encoded(field(FIRST))])) as camera:
        told = run(
            *("camera", "--source", camera.url, "--analyze", "--frames", 5, "--threads", 1),
            *("--detector", detector, "--model", model),
        )
    shown = capsys.readouterr()
    assert told == 0
    lines = shown.out.splitlines()
    assert re.fullmatch(
        r"frame \d+  256 x 192  [\d.]+ frames/s, [\d.]+ looked at  focus [\d.]+  "
        r"wbc \d+ \(1 here\)  rbc \d+ \(3 here\)  platelet \d+ \(1 here\)(  not counted: .*)?",
        lines[0],
    )
    assert lines[-1] == "squares 1.0.0 int8, tiny 1.0.0 int8. For Research Use Only."
    assert shown.err.splitlines() == [f"{Url(camera.url).name}: {s}" for s in ("opening", "live")]


def test_the_command_without_analysis_shows_that_pictures_come(capsys: Output) -> None:
    with serving(stream([encoded(field(FIRST))])) as camera:
        assert run("camera", "--source", camera.url, "--seconds", 1.5) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) in (1, 2)
    assert all("256 x 192" in line for line in lines)


def test_the_command_tells_of_a_loss_once_and_goes_on(capsys: Output) -> None:
    def once(write: Write) -> None:
        write(b"--frame\r\n\r\n" + encoded(field(FIRST)))

    with serving(once) as camera:
        assert run("camera", "--source", camera.url, "--frames", 2, "--seconds", 20) == 0
    name = Url(camera.url).name
    told = capsys.readouterr().err.splitlines()
    lost = f"{name} has ended the stream: it is tried again"
    assert told[:4] == [f"{name}: opening", f"{name}: live", lost, f"{name}: live"]


def test_a_command_that_cannot_begin_says_one_line(capsys: Output, tmp_path: Path) -> None:
    assert run("camera", "--source", "http://127.0.0.1:9/video") == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split("(")[0] for line in shown.err.splitlines()] == [
        "http://127.0.0.1:9/video: opening",
        "http://127.0.0.1:9/video cannot be read ",
    ]
    assert run("camera", "--source", tmp_path / "gone") == 2
    assert "no source of pictures" in capsys.readouterr().err


def test_a_silent_address_ends_the_command_with_what_to_do(capsys: Output) -> None:
    def nothing(write: Write) -> None:
        for _ in range(40):
            write(b"\r\n")
            time.sleep(0.05)

    with serving(nothing) as camera:
        assert run("camera", "--source", camera.url, "--seconds", 0.7) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[-1] == (
        f"{Url(camera.url).name} has sent no picture for 0.7 s: check that the camera is on, and "
        "the address in its manual, or restart it"
    )


def test_a_folder_of_older_pictures_ends_the_command_with_what_reads_them(
    capsys: Output, tmp_path: Path
) -> None:
    (tmp_path / "old.jpg").write_bytes(encoded(field(FIRST)))
    assert run("camera", "--source", tmp_path, "--seconds", 0.7) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"folder {tmp_path} has sent no picture for 0.7 s: only those put there after the start "
        "are taken, 'analyze' reads those before"
    )


def test_a_hostile_stream_costs_the_command_one_line(capsys: Output) -> None:
    def endless(write: Write) -> None:
        while True:
            write(b"no picture " * 1000)

    with serving(endless) as camera:
        assert run("camera", "--source", camera.url, "--seconds", 10) == 2
    assert "sends no JPEG pictures" in capsys.readouterr().err.splitlines()[-1]


def test_damaged_frames_are_told_once_and_the_others_go_on(capsys: Output) -> None:
    good = encoded(field(FIRST))
    bad = b"\xff\xd8\xff\xd9"
    with serving(stream([bad, bad, good] * 3)) as camera:
        assert run("camera", "--source", camera.url, "--frames", 9, "--seconds", 10) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if "cut off or damaged" in line]
    assert 1 <= len(told) <= 6


def test_a_white_reference_is_taken_and_used(tmp_path: Path, capsys: Output) -> None:
    light = np.linspace(150, 230, 128)[None, :, None] * np.array([1, 0.9, 0.7])
    glass = np.rint(np.repeat(light, 96, axis=0)).astype(np.uint8)
    file = tmp_path / "white.png"
    with serving(stream([encoded(glass)])) as camera:
        assert run("camera", "--source", camera.url, "--take-white", file) == 0
        assert "white reference taken" in capsys.readouterr().out
        assert run("camera", "--source", camera.url, "--white", file, "--frames", 1) == 0
    with serving(stream([encoded(field(FIRST))])) as camera:
        assert run("camera", "--source", camera.url, "--take-white", tmp_path / "no.png") == 2
        assert "blank field" in capsys.readouterr().err
        assert run("camera", "--source", camera.url, "--white", file, "--frames", 1) == 1
        assert "take the reference again" in capsys.readouterr().err
    assert not (tmp_path / "no.png").exists()


def test_the_list_says_what_to_do_where_there_is_no_camera(capsys: Output) -> None:
    if list(Path("/dev").glob("video*")):
        pytest.skip("this machine has a camera")
    assert run("camera", "--list") == 0
    assert capsys.readouterr().out.startswith("no camera found: plug one in")


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows are others")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_request_to_end_is_followed_with_the_sum_and_no_traceback(
    bundles: tuple[Path, Path], number: signal.Signals, status: int
) -> None:
    detector, model = bundles
    with serving(stream([encoded(field(FIRST))])) as camera:
        command = subprocess.Popen(
            [
                *(sys.executable, "-m", "runtime", "camera", "--source", camera.url, "--analyze"),
                *("--detector", detector, "--model", model, "--threads", "1"),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with command:
            assert command.stdout is not None
            first = command.stdout.readline()
            command.send_signal(number)
            out, err = command.communicate(timeout=30)
    assert "(1 here)" in first
    assert command.returncode == status
    assert out.rstrip().endswith("For Research Use Only.")
    assert "Traceback" not in err
