import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that stands for `models/` of the checkout."""
    folder = tmp_path / "models"
    folder.mkdir()
    for module in ("bundle", "cli"):
        monkeypatch.setattr(f"runtime.{module}.MODELS", folder)
    return folder


@pytest.fixture
def edit() -> Callable[[Path, Callable[[dict[str, Any]], object]], None]:
    """Change the manifest of a bundle in place."""

    def edited(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
        file = bundle / "manifest.json"
        manifest = json.loads(file.read_text())
        change(manifest)
        file.write_text(json.dumps(manifest))

    return edited


@pytest.fixture
def pictures(tmp_path: Path, encode: Callable[..., bytes]) -> Path:
    """A folder with a red, a blue and a hidden picture, a note, and a green picture below."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for name, color in {
        "b_red.png": "red",
        "a_blue.bmp": "blue",
        "sub/c_green.webp": "lime",
        ".hidden.png": "red",
    }.items():
        kind = {"png": "PNG", "bmp": "BMP", "webp": "WEBP"}[name.rsplit(".", 1)[1]]
        (folder / name).write_bytes(encode(color, kind))
    (folder / "notes.txt").write_text("a slide")
    return folder


@pytest.fixture
def tiny(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny bundle, named by the environment."""
    monkeypatch.setenv("HEMATOVISION_MODEL", str(tiny_bundle))
    monkeypatch.setenv("HEMATOVISION_THREADS", "1")
    return tiny_bundle
