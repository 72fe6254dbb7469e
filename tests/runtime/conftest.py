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
