import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime import Engine
from tests.offline import sitecustomize
from tests.tiny_bundle import make_tiny_bundle

ROOT = Path(__file__).resolve().parent.parent
REPORT = Path(tempfile.mkstemp(prefix="reached-out-")[1])
# From here on, in this process and in those that it starts.
os.environ[sitecustomize.REPORT] = str(REPORT)
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, (str(ROOT / "tests" / "offline"), os.environ.get("PYTHONPATH")))
)
sys.addaudithook(sitecustomize.watch)


def pytest_unconfigure() -> None:
    REPORT.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _offline() -> Iterator[None]:
    """Fail a test that reaches another machine, or whose programs do."""
    before = REPORT.stat().st_size
    yield
    with REPORT.open(encoding="utf-8") as report:
        report.seek(before)
        assert report.read() == "", "another machine was reached for"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [k for k in os.environ if k.startswith("HEMATOVISION_")]:
        if key != "HEMATOVISION_DATASETS":
            monkeypatch.delenv(key)


@pytest.fixture
def tiny_bundle(tmp_path: Path) -> Path:
    return make_tiny_bundle(tmp_path / "models")


@pytest.fixture
def tiny_engine(tiny_bundle: Path) -> Engine:
    return Engine.load(tiny_bundle, threads=1)


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Encode one color, or an array, as a picture file's bytes."""

    def encoded(
        color: str | np.ndarray = "red", kind: str = "PNG", size: tuple[int, int] = (40, 30)
    ) -> bytes:
        stream = io.BytesIO()
        image = Image.new("RGB", size, color) if isinstance(color, str) else Image.fromarray(color)
        image.save(stream, kind)
        return stream.getvalue()

    return encoded


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of the real data sets, or a skip with the reason."""
    folder = Path(os.environ.get("HEMATOVISION_DATASETS", ROOT.parent / "shared" / "datasets"))
    if not (folder / "pbc" / "labels.csv").exists():
        pytest.skip(f"no real data sets in {folder}: set HEMATOVISION_DATASETS")
    return folder


def find_chromium() -> str | None:
    """The path of a system Chromium."""
    paths = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    return next(filter(None, paths), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a system Chromium, or a skip with the reason."""
    return find_chromium() or pytest.skip("no Chromium on this machine: install it to test pages")
