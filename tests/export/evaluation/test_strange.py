"""`python -m export evaluate --strange`, and what a bundle with marks of trust adds to a report."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.cli import main
from export.evaluation.report_folder import (
    CURVES_FILE,
    FILES,
    MISTAKES_FILE,
    RISK_FILE,
    UNFAMILIARITY_FILE,
    WORST_FILE,
)
from export.evaluation.trust_figures import draw_risk_coverage, draw_unfamiliarity
from export.evaluation.trusted import judged
from runtime.bundle import read_bundle
from tests.export.evaluation.test_evaluate import SAMPLES
from tests.export.evaluation.test_pictures import ODD, opened
from tests.export.evaluation.test_trusted import SURE, UNSURE
from tests.tiny_bundle import TONES, make_tiny_bundle, trusting

GRAY = (128, 128, 128)


@pytest.fixture
def sure_bundle(tmp_path: Path) -> Path:
    """Pure colors are unfamiliar to it, grays and pale ones are not."""
    tone = {"id": "tone", "title": "Tone", "values": list(TONES), "of": ["red", "blue"]}
    bundle = make_tiny_bundle(tmp_path / "models", attributes=[tone])
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["trust"] = trusting(bundle, unfamiliar=4.5, confident=0.9) | {"coverage": 0.99}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    return bundle


def paint(file: Path, color: str | tuple[int, int, int]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 36), color).save(file)


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    """Pictures of no cells: one kind that is flagged, one of which a half is."""
    paint(tmp_path / "no" / "photo" / "a.png", "red")
    paint(tmp_path / "no" / "gray" / "a.png", GRAY)
    paint(tmp_path / "no" / "gray" / "b.png", "lime")
    return tmp_path / "no"


def test_kinds_that_a_bundle_does_not_know_are_measured_by_their_status(
    sure_bundle: Path, nothing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", str(sure_bundle), str(nothing)]
    assert main(command) == 2
    assert "--strange" in capsys.readouterr().err
    assert main([*command, "--strange", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "hematovision.strange/1"
    assert document["variants"].keys() == {"int8", "fp32"}
    assert document["variants"]["int8"]["statuses"]["unfamiliar"]["n"] == 2
    kinds = document["variants"]["int8"]["unfamiliar"]
    assert {k: (s["n"], s["of"]) for k, s in kinds.items()} == {"gray": (1, 2), "photo": (1, 1)}
    (passed,) = document["passed"]
    assert (passed["class"], Path(passed["file"]).name) == ("gray", "a.png")
    assert main([*command, "--strange"]) == 0
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert any(row[:8] == ["|", "gray", "|", "2", "|", "1", "|", "50.0"] for row in told)
    assert any(row[:8] == ["|", "all", "|", "3", "|", "2", "|", "66.7"] for row in told)


def test_a_folder_of_pictures_needs_no_labels(
    sure_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(tmp_path / "heap" / "a.png", "red")
    paint(tmp_path / "heap" / "more" / "b.png", "red")
    command = ["evaluate", str(sure_bundle), str(tmp_path / "heap"), "--strange", "--json"]
    assert main(command) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["data"]["classes"] == {"heap": 1, "more": 1}


def test_the_test_split_of_a_table_is_taken_by_itself(
    sure_bundle: Path, nothing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["file,label,split", "photo/a.png,photo,val", "gray/a.png,gray,test"]
    (nothing / "labels.csv").write_text("\n".join(lines))
    command = ["evaluate", str(sure_bundle), str(nothing), "--strange", "--json"]
    for options, split, kind in (([], "test", "gray"), (["--split", "val"], "val", "photo")):
        assert main([*command, *options]) == 0
        data = json.loads(capsys.readouterr().out)["data"]
        assert (data["split"], data["classes"]) == (split, {kind: 1})


def test_a_report_of_no_cells_shows_what_passed_for_one(
    sure_bundle: Path, nothing: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ["evaluate", str(sure_bundle), str(nothing), "--strange", "--out", str(out)]
    for _ in range(2):  # an earlier report is replaced
        assert main(command) == 0
    pictures = {UNFAMILIARITY_FILE, MISTAKES_FILE}
    assert {p.name for p in out.iterdir()} == pictures | {"report.json", "report.md"}
    assert all(f"({name})" in (out / "report.md").read_text() for name in pictures)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda bundle, data: _forget_trust(bundle), "calls no picture unfamiliar"),
        (
            lambda bundle, data: [p.write_bytes(b"") for p in data.rglob("*.png")],
            "none of the 3 pictures could be answered",
        ),
        (lambda bundle, data: [p.unlink() for p in data.rglob("*.png")], "holds no labelled"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(
    sure_bundle: Path,
    nothing: Path,
    spoil: Callable[[Path, Path], object],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(sure_bundle, nothing)
    assert main(["evaluate", str(sure_bundle), str(nothing), "--strange"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def _forget_trust(bundle: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps(manifest | {"trust": None}))


def test_refused_pictures_are_counted_apart(
    sure_bundle: Path, nothing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (nothing / "photo" / "b.png").write_bytes(b"no picture")
    assert main(["evaluate", str(sure_bundle), str(nothing), "--strange"]) == 1
    told = capsys.readouterr().out
    (answered,) = [line for line in told.splitlines() if "pictures answered" in line]
    assert answered.split("|")[2].strip() == "3"
    assert "Refused: 1 not_an_image; the first is" in told


def test_a_report_on_cells_tells_trust_and_attributes(
    sure_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    for name, color in (("a", (140, 120, 120)), ("b", "red"), ("c", (120, 120, 140))):
        paint(data / f"{name}.png", color)
    rows = ["file,label,tone", "a.png,red,warm", "b.png,red,cool", "c.png,red,"]
    (data / "labels.csv").write_text("\n".join(rows))
    assert main(["evaluate", str(sure_bundle), str(data), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "prediction set holds the truth % (99 asked for)" in told
    assert "| tone" in told
    assert {p.name for p in out.iterdir()} == FILES - {CURVES_FILE, WORST_FILE}
    for file in (RISK_FILE, UNFAMILIARITY_FILE):
        assert f"({file})" in (out / "report.md").read_text()
        assert min(opened(out / file).size) > 200
    found = json.loads((out / "report.json").read_text())["variants"]["int8"]
    assert found["trust"]["statuses"]["unfamiliar"]["n"] == 1
    assert found["attributes"]["by_attribute"]["tone"]["n"] == 2


@pytest.mark.parametrize("name", [*ODD, "_hidden"])
def test_figures_of_trust_take_any_name(sure_bundle: Path, tmp_path: Path, name: str) -> None:
    trust = read_bundle(sure_bundle).trust
    marks = judged(SAMPLES, [SURE, UNSURE, SURE, UNSURE])
    assert trust
    assert marks
    draw_risk_coverage({name: marks, "other": marks}, name, tmp_path / "risk.out")
    sets = {name: np.array([0.1, 0.2, 6.0]), "none": np.array([]), "alike": np.full(3, 0.5)}
    draw_unfamiliarity(sets, trust, name, tmp_path / "far.out")
    for file in ("risk.out", "far.out"):
        assert min(opened(tmp_path / file).size) > 200
