from pathlib import Path

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
