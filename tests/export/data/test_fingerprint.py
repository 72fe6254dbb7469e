from hashlib import sha256
from pathlib import Path

import pytest

from export.data.fingerprint import fingerprint
from export.data.readers import read_samples
from export.data.samples import Sample
from tests.export.conftest import draw


def test_a_fingerprint_knows_the_box(tmp_path: Path) -> None:
    path = draw(tmp_path / "field.png")
    boxes = [None, (4.0, 4.0, 14.0, 14.0), (4.0, 4.0, 14.0, 15.0)]
    hashes = {fingerprint([Sample(path, "x", None, box=box)])["sha256"] for box in boxes}
    assert len(hashes) == 3


def test_a_fingerprint_changes_with_a_byte(drawn_cells: Path, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    file = tmp_path / "x" / "a.png"
    file.write_bytes(next(drawn_cells.rglob("*.png")).read_bytes())
    before = fingerprint(read_samples(tmp_path))
    file.write_bytes(file.read_bytes() + b"0")
    after = fingerprint(read_samples(tmp_path))
    assert before["count"] == after["count"] == 1
    assert before["sha256"] != after["sha256"]


def test_a_picture_that_cannot_be_read_has_a_fingerprint_too(tmp_path: Path) -> None:
    there, gone = Sample(draw(tmp_path / "a.png"), "x", None), Sample(tmp_path / "b.png", "x", None)
    assert fingerprint([there, gone])["count"] == 2
    assert fingerprint([there, gone])["sha256"] != fingerprint([there])["sha256"]


def test_a_picture_is_read_in_pieces_and_once_whatever_the_number_of_its_boxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw(tmp_path / "field.png")
    opened, whole = [], Path.open
    monkeypatch.setattr(Path, "read_bytes", None)
    monkeypatch.setattr(Path, "open", lambda p, mode: (opened.append(p), whole(p, mode))[1])
    fingerprint([Sample(path, "x", None, box=(0.0, 0.0, 9.0, side)) for side in (5.0, 7.0, 9.0)])
    assert opened == [path]


def test_the_fingerprint_of_published_models_stays(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"bytes")
    expected = sha256(b"x/a.png\n" + sha256(b"bytes").digest()).hexdigest()
    assert fingerprint([Sample(tmp_path / "a.png", "x", None)])["sha256"] == expected
