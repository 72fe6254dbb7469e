"""`python -m export datasets`, from a folder to text, JSON, montage and recipe."""

import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from export.cli import main
from export.data.fingerprint import fingerprint
from export.data.readers import Reading
from export.data.starter import save_recipe
from export.data.usable import read_usable
from export.recipe import load_recipe
from tests.export.conftest import COUNTS, DRAWN, draw


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Ten cells each of two classes, without splits."""
    for seed in range(20):
        draw(tmp_path / "small" / ("Monocyte", "Band cell")[seed % 2] / f"{seed}.png", seed=seed)
    return tmp_path / "small"


@pytest.fixture
def field_set(tmp_path: Path) -> Path:
    for seed in range(3):
        draw(tmp_path / f"f{seed}.png", seed=seed)
    rows = [f"f{i}.png,{kind},{i},2,20,22" for i in range(3) for kind in ("wbc", "rbc", "odd")]
    (tmp_path / "boxes.csv").write_text("\n".join(["file,kind,x0,y0,x1,y1", *rows]))
    return tmp_path


def inventory(path: Path, capsys: pytest.CaptureFixture[str], status: int = 0) -> dict[str, Any]:
    assert main(["datasets", str(path), "--json"]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_sound_set_is_counted(drawn_cells: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = inventory(drawn_cells, capsys)
    assert found["schema"] == "hematovision.datasets/1"
    assert found["cells"] == dict.fromkeys(DRAWN, COUNTS)
    assert found["sizes"] == {"72 x 72": len(DRAWN) * sum(COUNTS.values())}
    assert main(["datasets", str(drawn_cells)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"eosinophil +32 +6 +6 +44\n", said)
    assert "nothing is wrong" in said


def test_what_is_wrong_is_told_and_ends_with_1(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "Monocyte" / "bad.png").write_bytes(b"no picture")
    (small / "Basophil").mkdir()
    draw(small / "Monocyte" / "copy.png", seed=0)
    draw(small / "Band cell" / "both.png", seed=2)
    assert main(["datasets", str(small)]) == 1
    said = capsys.readouterr().out
    for line in (
        "cannot be read: 1",
        "bad.png is not a picture",
        "one picture, two labels: 1",
        "empty class: 1",
        "same pixels in one split: 1\n    Monocyte/0.png (monocyte) = Monocyte/copy.png (monocyte)",
        "left out of training, seen already: 1",
        "splits    from seed 0",
    ):
        assert line in said
    found = inventory(small, capsys, status=1)
    assert sum(found["cells"]["monocyte"].values()) == 9
    assert found["empty_classes"] == [str(small / "Basophil")]


def test_one_class_alone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw(tmp_path / "x" / "a.png")
    assert inventory(tmp_path, capsys, status=1)["faults"] == [
        "the only class is x: a classifier needs two"
    ]


def test_boxes_are_counted_by_kind(field_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = inventory(field_set, capsys, status=1)
    assert {kind: sum(row.values()) for kind, row in found["boxes"].items()} == {
        "odd": 3,
        "rbc": 3,
        "wbc": 3,
    }


def test_an_unusable_path_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err
    assert "not a folder" in error
    assert error.count("\n") == 1


def test_a_montage_has_a_row_for_each_class(small: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    (small / "Monocyte" / "bad.png").write_bytes(b"no picture")
    for file in (first, again):
        assert main(["datasets", str(small), "--montage", str(file)]) == 1
    assert first.read_bytes() == again.read_bytes()
    with Image.open(first) as sheet:
        assert sheet.width > 8 * 96
        assert 2 * 96 < sheet.height < 3 * 96


def test_a_montage_of_fields_draws_their_boxes(field_set: Path) -> None:
    file = field_set.parent / f"{field_set.name}.png"
    main(["datasets", str(field_set), "--montage", str(file)])
    with Image.open(file) as sheet:
        colors = {color for _, color in sheet.getcolors(1 << 24) or ()}
    assert {(0x25, 0x63, 0xEB), (0xDC, 0x26, 0x26), (0x7C, 0x3A, 0xED)} <= colors


def test_a_full_disk_leaves_nothing_half_written(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    montage, recipe = tmp_path / "m.png", tmp_path / "r.toml"
    for flag, file in (("--montage", montage), ("--recipe", recipe)):
        assert main(["datasets", str(small), flag, str(file)]) == 2
        assert capsys.readouterr().err == (
            f"{file} cannot be written (No space left on device): choose another place\n"
        )
    assert [p.name for p in tmp_path.iterdir()] == ["small"]


def test_a_recipe_is_begun_for_the_classes(small: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    assert main(["datasets", str(small), "--recipe", str(file)]) == 0
    recipe = load_recipe(file)
    shipped = load_recipe(Path("export/recipes/pbc-first.toml").resolve())
    assert recipe.class_ids == ("band_cell", "monocyte")
    assert recipe.name == "mine"
    assert [c.title for c in recipe.classes] == ["Band cell", "Monocyte"]
    assert len({c.color for c in recipe.classes}) == 2
    assert recipe.network == shipped.network
    assert "# width of a training picture" in file.read_text()


def test_a_recipe_that_exists_is_never_replaced(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("mine")
    assert main(["datasets", str(small), "--recipe", str(file)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_a_recipe_needs_two_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw(tmp_path / "x" / "a.png")
    assert main(["datasets", str(tmp_path), "--recipe", str(tmp_path / "r.toml")]) == 2
    assert "needs two" in capsys.readouterr().err
    assert not (tmp_path / "r.toml").exists()


def test_names_that_are_no_text_are_read_split_drawn_and_shown_on_one_line(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (b"\xff", b"\xfe") if os.name == "posix" else (b"a", b"b")
    for name, picture in zip(names, sorted(small.rglob("*.png")), strict=False):
        picture.rename(picture.with_name(os.fsdecode(name) + ".png"))
    (small / "Monocyte" / "clear\n\x1b[2J.png").write_bytes(b"no picture")
    montage = tmp_path / "m.png"
    assert main(["datasets", str(small), "--montage", str(montage)]) == 1
    said = capsys.readouterr().out
    assert "clear\\n\\x1b[2J.png is not a picture" in said
    assert "\x1b" not in said
    assert fingerprint(read_usable(small, 0))["count"] == 20
    assert "\x1b" not in capsys.readouterr().err


def test_a_montage_never_goes_into_the_data_set(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = small / "Monocyte" / "0.png"
    table = tmp_path / "table.csv"
    table.write_text(
        "file,label\n" + "".join(f"{p},{p.parent.name}\n" for p in small.rglob("*.png"))
    )
    before = picture.read_bytes()
    for data, place in ((small, picture), (small, small / "new.png"), (table, picture)):
        assert main(["datasets", str(data), "--montage", str(place)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "which a montage would spoil: choose another place" in err
    assert picture.read_bytes() == before


def test_a_montage_that_is_no_png_is_refused_before_the_pictures_are_read(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets", str(small), "--montage", str(tmp_path / "m.jpg")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "m.jpg is not named as PNG" in err


def test_splits_that_no_stage_uses_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("training", "validation", "testing", "dev", "dev", "holdout")
    rows = []
    for seed, split in enumerate(names):
        for label in "xy":
            draw(tmp_path / f"{label}{seed}.png", seed=2 * seed + (label == "y"))
            rows.append(f"{label}{seed}.png,{label},{split}\n")
    (tmp_path / "labels.csv").write_text("file,label,split\n" + "".join(rows))
    found = inventory(tmp_path, capsys)
    assert found["cells"]["x"] == {"dev": 2, "holdout": 1, "test": 1, "train": 1, "val": 1}
    assert found["notes"] == [
        "6 cells are in the splits dev, holdout, which train, convert and publish do not use: "
        "name them train, val or test"
    ]


def test_cells_and_boxes_are_split_by_the_same_chance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["file,kind,x0,y0,x1,y1"]
    for seed in range(20):
        draw(tmp_path / f"{seed}.png", seed=seed)
        rows.append(f"{seed}.png,{'xy'[seed % 3 == 0]},2,2,20,20")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    found = inventory(tmp_path, capsys)
    assert found["cells"] == found["boxes"]


def test_a_recipe_leaves_out_a_class_without_a_cell_that_can_be_used(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small / "Basophil").mkdir()
    (small / "Basophil" / "bad.png").write_bytes(b"no picture")
    file = tmp_path / "r.toml"
    assert main(["datasets", str(small), "--recipe", str(file)]) == 1
    assert "the recipe leaves out basophil: no cell can be used" in capsys.readouterr().err
    assert load_recipe(file).class_ids == ("band_cell", "monocyte")


@pytest.mark.parametrize("name", ["1_lymph", "Лимфоцит"])
def test_a_class_that_no_recipe_may_have_is_one_line(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (small / "Monocyte").rename(small / name)
    assert main(["datasets", str(small), "--recipe", str(tmp_path / "r.toml")]) == 2
    error = capsys.readouterr().err
    assert f"the class {name.lower()}: rename it to begin with a letter from a to z" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("pictures", "batch", "steps"),
    [(10, 16, 600), (48, 16, 1500), (1000, 64, 1500), (10**5, 64, 0)],
)
def test_a_small_set_gets_a_schedule_that_has_steps_enough_to_learn(
    tmp_path: Path, pictures: int, batch: int, steps: int
) -> None:
    file = tmp_path / "r.toml"
    found = Reading(tmp_path, "", [], [])
    save_recipe(found, {"a": {"train": pictures}, "b": {"test": 3}}, file)
    train = load_recipe(file).train
    epochs = train.frozen_epochs + sum(lap.epochs for lap in train.laps)
    assert train.batch == batch
    assert epochs * max(1, pictures // batch) >= steps
    shipped = load_recipe(Path("export/recipes/pbc-first.toml").resolve()).train
    assert (train == shipped) == (pictures == 10**5)
    assert train.laps[0].epochs / train.laps[1].epochs == pytest.approx(14 / 20)
    assert (f"# Only {pictures} training pictures" in file.read_text()) == (pictures < 10**5)
