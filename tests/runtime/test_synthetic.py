"""Drawn cells: repeatable, well-formed, and each class plainly itself."""

import hashlib
import math

import numpy as np
import numpy.typing as npt
import pytest

from runtime.images import Picture
from runtime.synthetic import CLASSES, GLASS, Canvas, draw_cell, draw_radius_um

SCALE_UM = 0.1
SIDE_PX = 240  # holds the widest cell


def alone(label: str, seed: int) -> Picture:
    """Draw a cell without red cells or chance in its place."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(SIDE_PX, SIDE_PX, SCALE_UM)
    canvas.paint_cell(label, (12.0, 12.0), draw_radius_um(label, rng), rng)
    return canvas.picture(rng)


def stained(picture: Picture) -> npt.NDArray[np.bool_]:
    return np.abs(picture.astype(int) - GLASS).sum(axis=2) > 70


def area_um2(mask: npt.NDArray[np.bool_]) -> float:
    return float(mask.sum()) * SCALE_UM**2


@pytest.fixture(scope="module")
def cells() -> dict[str, list[Picture]]:
    return {label: [alone(label, seed) for seed in range(5)] for label in CLASSES}


def test_classes_are_the_eight_in_alphabetical_order() -> None:
    assert len(CLASSES) == 8
    assert list(CLASSES) == sorted(CLASSES)


@pytest.mark.parametrize("label", CLASSES)
def test_a_cell_is_an_rgb_picture_of_the_size_asked_for(label: str) -> None:
    picture = draw_cell(label, 1)
    assert picture.shape == (360, 360, 3)
    assert picture.dtype == np.uint8
    assert draw_cell(label, 1, size_px=97, um_per_px=0.33).shape == (97, 97, 3)


@pytest.mark.parametrize("label", CLASSES)
def test_a_seed_always_gives_the_same_picture_and_another_seed_another(label: str) -> None:
    digests = [
        hashlib.sha256(draw_cell(label, seed, 120, 0.3).tobytes()).hexdigest() for seed in (7, 7, 8)
    ]
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_drawing_leaves_the_global_random_state_alone() -> None:
    before = np.random.get_state(legacy=False)["state"]["key"].copy()  # noqa: NPY002  # the subject
    draw_cell("monocyte", 3, 64, 0.5)
    after = np.random.get_state(legacy=False)["state"]["key"]  # noqa: NPY002
    assert np.array_equal(before, after)


@pytest.mark.parametrize("label", CLASSES)
def test_a_cell_keeps_its_form_when_the_scale_changes(label: str) -> None:
    fine = draw_cell(label, 5, 360, 0.1).reshape(180, 2, 180, 2, 3).mean(axis=(1, 3))
    coarse = draw_cell(label, 5, 180, 0.2)
    assert np.abs(fine - coarse).mean() < 3  # the camera's noise


@pytest.mark.parametrize("label", CLASSES)
def test_the_cell_lies_in_the_center_on_cream_glass(label: str) -> None:
    picture = draw_cell(label, 2)
    assert picture[140:220, 140:220, 1].min() < 120  # stain takes out the green
    brightest = np.percentile(picture.reshape(-1, 3), 95, axis=0)
    assert np.abs(brightest - GLASS).max() < 20


def test_red_cells_surround_the_cell_and_keep_off_it() -> None:
    with_red, without = draw_cell("platelet", 4), alone("platelet", 4)
    assert stained(with_red).mean() > 0.1 > stained(without).mean()
    y, x = np.mgrid[:360, :360] - 180
    ring = (np.hypot(x, y) > 27) & (np.hypot(x, y) < 29)  # between platelet and red cells
    for seed in range(5):
        assert stained(draw_cell("platelet", seed))[ring].mean() < 0.35


def test_sizes_are_those_of_blood(cells: dict[str, list[Picture]]) -> None:
    for label, pictures in cells.items():
        low, high = (2.0, 3.6) if label == "platelet" else (8.0, 20.0)
        for picture in pictures:
            assert low < 2 * math.sqrt(area_um2(stained(picture)) / math.pi) < high


def test_eosinophils_are_the_reddest(cells: dict[str, list[Picture]]) -> None:
    def redness(picture: Picture) -> float:
        red, _, blue = picture[stained(picture)].mean(axis=0)
        return float(red - blue)

    by_class = {label: [redness(p) for p in pictures] for label, pictures in cells.items()}
    eosinophil = by_class.pop("eosinophil")
    assert min(eosinophil) > max(max(values) for values in by_class.values())


def test_nuclei_fill_the_share_of_the_cell_that_their_class_has(
    cells: dict[str, list[Picture]],
) -> None:
    def share(label: str) -> float:
        return float(np.mean([(p[stained(p)][:, 1] < 95).mean() for p in cells[label]]))

    assert share("lymphocyte") > 0.6
    assert 0.2 < share("erythroblast") < 0.5
    assert share("neutrophil") < 0.4


def test_the_nearest_mean_color_histogram_tells_the_classes_apart() -> None:
    def histogram(picture: Picture) -> npt.NDArray[np.float64]:
        counts, _ = np.histogramdd(picture.reshape(-1, 3), bins=(6, 6, 6), range=[(0, 256)] * 3)
        return np.sqrt(counts.ravel() / counts.sum())

    drawn = np.array([[histogram(draw_cell(c, s, 72, 0.25)) for s in range(12)] for c in CLASSES])
    means = drawn[:, :6].mean(axis=1)
    distances = np.linalg.norm(drawn[:, 6:, None] - means, axis=-1)
    right = distances.argmin(axis=-1) == np.arange(len(CLASSES))[:, None]
    assert right.mean() >= 0.95


@pytest.mark.parametrize("label", ["neutrophil", "platelet"])
@pytest.mark.parametrize("um_per_px", [0.05, 0.1, 0.25])
def test_the_box_is_where_the_cell_was_painted(label: str, um_per_px: float) -> None:
    rng = np.random.default_rng(3)
    canvas = Canvas(round(30 / um_per_px), round(24 / um_per_px), um_per_px)
    box = canvas.paint_cell(label, (17.0, 9.0), draw_radius_um(label, rng), rng)
    rows, columns = np.nonzero(stained(canvas.picture(rng)))
    seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert box is not None
    assert np.abs(np.subtract(box, seen)).max() * um_per_px <= 0.5


def test_a_cell_at_the_border_is_cut_and_one_beyond_it_has_no_box() -> None:
    rng = np.random.default_rng(0)
    canvas = Canvas(100, 80, 0.1)
    assert canvas.paint_red_cell((0.0, 4.0), 3.6, rng) is not None
    x0, y0, x1, y1 = canvas.paint_cell("monocyte", (10.0, 8.0), 8.0, rng) or (0, 0, 0, 0)
    assert 0 < x0 < x1 == 100
    assert 0 <= y0 < y1 == 80
    assert canvas.paint_cell("monocyte", (-60.0, 4.0), 8.0, rng) is None
    assert canvas.paint_red_cell((5.0, 80.0), 3.6, rng) is None


def test_overlapping_red_cells_grow_darker() -> None:
    rng = np.random.default_rng(1)
    canvas = Canvas(160, 100, 0.1)
    for x_um in (5.0, 10.5):
        canvas.paint_red_cell((x_um, 5.0), 3.6, rng)
    picture = canvas.picture(rng).astype(int)
    assert (
        picture[45:55, 76:80].sum(axis=-1).mean() < picture[45:55, 16:26].sum(axis=-1).mean() - 40
    )


@pytest.mark.parametrize("label", ["", "Neutrophil", "blast"])
def test_an_unknown_label_is_refused_with_the_names_that_exist(label: str) -> None:
    with pytest.raises(ValueError, match="basophil, eosinophil"):
        draw_cell(label, 0)


@pytest.mark.parametrize("size_px", [-1, 0, 7, 2049])
def test_an_impossible_size_is_refused(size_px: int) -> None:
    with pytest.raises(ValueError, match="size_px"):
        draw_cell("neutrophil", 0, size_px)


@pytest.mark.parametrize("um_per_px", [-0.1, 0.0, 10.0, math.nan, math.inf])
def test_an_impossible_scale_is_refused(um_per_px: float) -> None:
    with pytest.raises(ValueError, match="um_per_px"):
        draw_cell("neutrophil", 0, um_per_px=um_per_px)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="seed"):
        draw_cell("neutrophil", -1)


@pytest.mark.parametrize(("size_px", "um_per_px"), [(8, 25.0), (8, 1e-6), (16, 0.01), (64, 3.0)])
def test_extreme_views_are_drawn_all_the_same(size_px: int, um_per_px: float) -> None:
    assert draw_cell("eosinophil", 0, size_px, um_per_px).shape == (size_px, size_px, 3)
