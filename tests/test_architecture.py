"""The table of docs/architecture.md, section 1, held by reading every import in the tree."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("runtime", "export", "webapp", "benchmarks")
MAY_IMPORT_ROOMS = {
    "runtime": {"runtime"},
    "export": {"export", "runtime"},
    "webapp": {"webapp", "runtime"},
    "benchmarks": {"benchmarks", "runtime"},
}
TRAINING = {"tensorflow", "keras", "tf2onnx", "onnx", "sklearn", "jax"}
RUNTIME_NEEDS = {"numpy", "PIL", "onnxruntime"}


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    for file in files(room):
        for name in imports(file):
            top = name.split(".")[0]
            assert not name.startswith("."), f"{file} imports relatively"
            assert top not in ROOMS or top in MAY_IMPORT_ROOMS[room], f"{file} imports {name}"


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "export"])
def test_no_room_but_export_imports_what_trains(room: str) -> None:
    for file in files(room):
        for name in imports(file):
            assert name.split(".")[0] not in TRAINING, f"{file} imports {name}"
            assert not name.startswith("onnxruntime.quantization"), f"{file} imports {name}"


def test_the_runtime_needs_three_packages_and_few_files_one_more() -> None:
    more = {
        "cli.py": {"tqdm"},
        "camera.py": {"cv2"},
        "archive.py": {"dask", "distributed"},
        "archive_parts.py": {"pyarrow"},
    }
    for file in files("runtime"):
        allowed = RUNTIME_NEEDS | more.get(file.name, set())
        for name in imports(file):
            top = name.split(".")[0]
            known = top in sys.stdlib_module_names or top == "runtime" or top in allowed
            assert known, f"{file} imports {name}"


def test_models_hold_no_code() -> None:
    kinds = {".npz", ".json", ".onnx", ".tflite", ".png", ".md", ".toml", ".keras"}
    strangers = [f for f in (ROOT / "models").rglob("*") if f.is_file() and f.suffix not in kinds]
    assert strangers == []


def test_importing_the_runtime_loads_nothing_heavy() -> None:
    heavy = sorted(
        TRAINING | {"onnxruntime", "flask", "waitress", "cv2", "tqdm", "distributed", "pyarrow"}
    )
    code = f"import sys, runtime; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_files_stay_short_enough_to_hold_one_idea() -> None:
    for room in ROOMS:
        for file in files(room):
            lines = len(file.read_text(encoding="utf-8").splitlines())
            assert lines <= 400, f"{file} has {lines} lines"
