"""What must be refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime import BundleError, Engine

Edit = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def refusal(path: Path | None, variant: str | None = None) -> BundleError:
    """Open what must be refused; the message is one line with a next step."""
    with pytest.raises(BundleError) as caught:
        Engine.load(path, variant, threads=1)
    message = str(caught.value)
    assert "\n" not in message
    assert ": " in message
    return caught.value
