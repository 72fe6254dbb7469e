"""The real command: its streams, its end, and what it leaves alone."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.commands import lines, table

ROOT = Path(__file__).resolve().parents[2]


def start(
    *args: object, stdout: Any = subprocess.PIPE, stderr: Any = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start the real command; its streams are pipes unless they are given."""
    return subprocess.Popen(
        [sys.executable, "-m", "runtime", *(os.fsencode(str(arg)) for arg in args)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
    )


def finish(*args: object, stdin: bytes = b"", **options: Any) -> tuple[int, str, str]:
    """Run the real command to its end: exit status, standard output and standard error."""
    with start(*args, **options) as process:
        out, err = process.communicate(stdin, timeout=60)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def test_the_real_command_answers_standard_input_in_json(tiny: Path, pictures: Path) -> None:
    picture = (pictures / "b_red.png").read_bytes()
    status, out, err = finish("classify", "--json", "-", pictures / "notes.txt", stdin=picture)
    assert status == 1
    assert [r.get("label") for r in json.loads(out)["results"]] == ["red", None]
    assert err == ""


def test_the_real_command_shows_a_name_that_is_no_text(tiny: Path, pictures: Path) -> None:
    strange = pictures / "a\udcffb\n.png"
    (pictures / "b_red.png").rename(strange)
    status, out, err = finish("classify", strange, "gone\udcff.png")
    assert status == 1
    assert "a\\udcffb\\n.png  red" in out
    assert "gone\\udcff.png does not exist" in err
    assert len(lines(err)) == 1
    status, out, _ = finish("classify", "--json", strange)
    assert status == 0
    assert json.loads(out)["results"][0]["source"] == str(strange)


def test_the_real_command_refuses_in_one_line_without_a_traceback(
    pictures: Path, tmp_path: Path
) -> None:
    status, out, err = finish("classify", pictures, "--model", tmp_path)
    assert (status, out) == (2, "")
    assert len(lines(err)) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes in its folders")
def test_the_real_command_does_not_wait_for_a_pipe(tiny: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    status, _, err = finish("classify", tmp_path / "pipe.jpg")
    assert status == 1
    assert [line.split(": ")[0] for line in lines(err)] == [
        f"{tmp_path / 'pipe.jpg'} is a pipe, a socket or a disk, not a picture's file"
    ]


@pytest.mark.parametrize("broken", ["stdout", "both"])
def test_a_reader_that_leaves_early_is_no_error(tiny: Path, pictures: Path, broken: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stderr = writing if broken == "both" else subprocess.PIPE
    many = [pictures, "gone.png", "gone.png"] * 20
    try:
        status, _, err = finish("classify", *many, stdout=writing, stderr=stderr)
    finally:
        os.close(writing)
    assert status == 0
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such shell")
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("command", "status"),
    [("runtime models", 0), ("export datasets gone", 2), ("benchmarks report", 0)],
)
def test_closed_streams_are_no_error(command: str, status: int, closed: str) -> None:
    line = f'exec "{sys.executable}" -m {command} {closed}'
    assert subprocess.run(["/bin/sh", "-c", line], cwd=ROOT).returncode == status


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_spoil_no_table(
    tiny: Path, pictures: Path, tmp_path: Path, closed: str
) -> None:
    file = tmp_path / "table.csv"
    command = f'exec "{sys.executable}" -m runtime classify --csv "$1" "$2" gone.png {closed}'
    done = subprocess.run(["/bin/sh", "-c", command, "sh", str(file), str(pictures)], cwd=ROOT)
    assert done.returncode == 1
    assert [row["label"] for row in table(file)] == ["blue", "red", "green", ""]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line(tiny: Path, pictures: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        status, _, err = finish("classify", "--json", pictures, stdout=full)
    assert status == 2
    assert len(lines(err)) == 1
    assert "full" in err


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows are others")
@pytest.mark.parametrize(("number", "ends"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_request_to_end_is_followed_and_leaves_nothing(
    tiny: Path, tmp_path: Path, number: signal.Signals, ends: int
) -> None:
    file = tmp_path / "table.csv"
    with start("classify", "--csv", file, "-") as process:
        # It has begun once the table's place is kept; then it waits for its standard input.
        end = time.monotonic() + 60
        while not list(tmp_path.glob(".*")) and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(number)
        # `communicate` would close standard input, which must stay open until the end.
        status = process.wait(60)
        with contextlib.suppress(BrokenPipeError):
            out, err = process.communicate()
    assert (status, out, err) == (ends, b"", b"")
    assert not list(tmp_path.glob("*table.csv*"))
    assert not list(tmp_path.glob(".*"))


def test_importing_the_runtime_loads_nothing_heavy() -> None:
    code = "import runtime, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"onnxruntime", "tensorflow", "keras", "onnx", "cv2", "flask", "tqdm"}
    assert not heavy & set(done.stdout.split())


def test_answering_writes_nothing_to_the_home_folder(
    tiny: Path, pictures: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "runtime", "classify", "--json", str(pictures)],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "HEMATOVISION_MODEL": str(tiny)},
        capture_output=True,
    )
    assert done.returncode in (0, 1)
    assert list(home.rglob("*")) == []
