"""Figures: what they show, and where they go."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime import Engine
from runtime.explain import LARGEST_PX, Explanation
from runtime.figure import LEAST_PX, MARGIN_PX, draw_figure, figure_name
from runtime.images import decode, encode

Explain = Callable[[int], Explanation]


@pytest.fixture
def explain(tiny_engine: Engine) -> Explain:
    def explained(side: int) -> Explanation:
        return tiny_engine.explain(np.full((side, side, 3), (200, 30, 0), np.uint8), "cell.png")

    return explained


@pytest.mark.parametrize(("side", "half"), [(8, LEAST_PX), (400, 400), (900, LARGEST_PX)])
def test_a_figure_is_the_picture_beside_its_map(explain: Explain, side: int, half: int) -> None:
    figure = draw_figure(explain(side), "Red")
    assert figure.shape[1] == 2 * half + 3 * MARGIN_PX
    left = figure[MARGIN_PX : MARGIN_PX + half, MARGIN_PX : MARGIN_PX + half]
    assert (left == (200, 30, 0)).all()


def test_long_titles_stay_in_the_figure(explain: Explain) -> None:
    figure = draw_figure(explain(400), "Red " * 200)
    assert (figure[:, -MARGIN_PX // 2 :] == 255).all()


def test_a_picture_survives_its_encoding(explain: Explain) -> None:
    figure = draw_figure(explain(400), "Red")
    assert np.array_equal(decode(encode(figure)), figure)


def test_one_name_in_two_folders_is_two_figures_and_one_place_always_the_same() -> None:
    names = {figure_name(source) for source in ("a/cell.png", "b/cell.png", "a/cell.jpg")}
    assert len(names) == 3
    assert all(name.startswith("cell-") for name in names)
    assert figure_name("a/cell.png") == figure_name("./a/cell.png")
    assert figure_name("a/cell.png") == figure_name(str(Path("a/cell.png").absolute()))


@pytest.mark.parametrize("source", ["-", ".png", "-rf", "a\nb\udcff*?.png", "ü" * 90 + ".png"])
def test_any_source_gives_a_name_that_a_file_may_have(source: str) -> None:
    name = figure_name(source)
    assert name.isprintable()
    assert name[0] not in ".-"
    assert len(name.encode()) < 250
    assert not set('/\\:*?"<>|') & set(name)
