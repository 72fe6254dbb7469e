"""What is drawn survives the names that people give to files, classes and folders."""

from pathlib import Path

import pytest
from PIL import Image

from export.evaluation.evaluate import Mistake, evaluate
from export.evaluation.figures import draw_confusion, draw_reliability
from export.evaluation.worst import SHOWN, draw_mistakes
from runtime.bundle import read_bundle
from tests.export.evaluation.test_evaluate import REFUSED, SAMPLES, A, B
from tests.tiny_bundle import make_tiny_bundle

ODD = ["plain.png", "$a_b$.png", "血液.png", "long_" * 20 + ".png"]


def opened(file: Path) -> Image.Image:
    with Image.open(file) as image:
        image.load()
        return image


@pytest.mark.parametrize("name", ODD)
def test_figures_take_any_title(tmp_path: Path, name: str) -> None:
    found = evaluate(SAMPLES, [A, A, REFUSED, B])
    for draw in (draw_confusion, draw_reliability):
        draw(found, name, tmp_path / "figure.png")
        assert min(opened(tmp_path / "figure.png").size) > 200


def test_the_same_evaluation_is_drawn_with_the_same_bytes(tmp_path: Path) -> None:
    found = evaluate(SAMPLES, [A, A, B, B])
    for file in ("a.png", "b.png"):
        draw_reliability(found, "set", tmp_path / file)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_page_of_errors_takes_any_file_name_and_ends(tmp_path: Path) -> None:
    bundle = read_bundle(make_tiny_bundle(tmp_path))
    for name in ODD:
        Image.new("RGB", (50, 70), (250, 10, 20)).save(tmp_path / name)
    wrong = [Mistake(tmp_path / name, None, "a", "b", 0.9) for name in ODD]
    draw_mistakes(wrong, bundle, "set", tmp_path / "few.out")
    draw_mistakes(wrong * SHOWN, bundle, "set", tmp_path / "many.out")
    few, many = opened(tmp_path / "few.out"), opened(tmp_path / "many.out")
    assert few.width < many.width
    assert few.height < many.height < 2100
    # Four cells share the whole width, so that the middle of the first is an eighth from the left.
    assert few.convert("RGB").getpixel((few.width // 8, few.height * 3 // 4)) == (250, 10, 20)


@pytest.mark.parametrize("count", [1, 9])
def test_a_page_of_few_errors_is_not_half_empty(tmp_path: Path, count: int) -> None:
    bundle = read_bundle(make_tiny_bundle(tmp_path))
    Image.new("RGB", (50, 70), (250, 10, 20)).save(tmp_path / "cell.png")
    wrong = [Mistake(tmp_path / "cell.png", None, "a", "b", 0.9)] * count
    draw_mistakes(wrong, bundle, "set", tmp_path / "page.out")
    page = opened(tmp_path / "page.out").convert("RGB")
    last = (page.width // 2, page.height * 3 // 4)
    assert page.getpixel(last) == (250, 10, 20)
