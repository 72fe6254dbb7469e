from pathlib import Path

from export.data.readers import read_samples
from export.data.samples import Sample
from export.data.selection import of_split, stratified
from tests.export.conftest import DRAWN


def test_a_stratified_draw_is_balanced_and_seeded(drawn_cells: Path) -> None:
    samples = of_split(read_samples(drawn_cells), "train")
    drawn = stratified(samples, 12, 5, DRAWN)
    assert [s.label for s in drawn[:3]] == list(DRAWN)
    assert all(sum(s.label == c for s in drawn) == 4 for c in DRAWN)
    assert drawn == stratified(samples, 12, 5, DRAWN)
    assert drawn != stratified(samples, 12, 6, DRAWN)


def test_a_stratified_draw_has_one_of_each_of_many_classes() -> None:
    names = [f"c{i}" for i in range(65)]
    samples = [Sample(Path(f"{name}/{i}.png"), name, None) for name in names for i in range(3)]
    assert [s.label for s in stratified(samples, 64, 0, names)] == names
