import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = """
import sys
sys.modules[sys.argv[1]] = None  # as if it were not installed
from export.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("pydantic", ["train", "RECIPE", "--data", "."]),
        ("keras", ["train", "RECIPE", "--data", "."]),
        ("matplotlib", ["evaluate", "models/pbc", "."]),
        ("tensorflow", ["convert", ".", "--data", "."]),
    ],
)
def test_a_missing_package_is_said_in_one_line(
    recipe_file: Callable[..., Path], package: str, command: list[str]
) -> None:
    recipe = str(recipe_file())
    words = [recipe if word == "RECIPE" else word for word in command]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, package, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert f"the package {package} is missing" in done.stderr
    assert done.stderr.count("\n") == 1
