import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import HematoVisionError
from runtime.lock import alone

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, time
from pathlib import Path
from runtime.lock import alone

with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_folder_is_held_once(tmp_path: Path) -> None:
    with (
        alone(tmp_path),
        pytest.raises(HematoVisionError, match="is in use by another command: wait"),
        alone(tmp_path),
    ):
        pytest.fail("held twice")
    with alone(tmp_path):
        pass


def test_the_lock_of_a_killed_command_is_gone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HematoVisionError, match="is in use"), alone(tmp_path):
            pytest.fail("held twice")
        holder.kill()
    with alone(tmp_path):
        pass


def test_a_folder_made_for_the_lock_goes_if_left_empty(tmp_path: Path) -> None:
    with alone(tmp_path / "runs" / "empty"):
        pass
    with alone(tmp_path / "runs" / "used"):
        (tmp_path / "runs" / "used" / "file").touch()
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["used"]
