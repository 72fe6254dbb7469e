import random
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from export.data.samples import Sample
from export.data.splits import with_splits


def cells(*counts: int, split: str | None = None, each: int = 1) -> list[Sample]:
    """List so many cells of each class, in groups of `each`."""
    return [
        Sample(Path(f"set/c{c}/{i}.png"), f"c{c}", split, f"{c}/{i // each}" if each > 1 else None)
        for c, count in enumerate(counts)
        for i in range(count)
    ]


def test_each_class_is_split_70_15_15() -> None:
    found = Counter((s.label, s.split) for s in with_splits(cells(200, 40), 0))
    assert found == {
        ("c0", "train"): 140,
        ("c0", "val"): 30,
        ("c0", "test"): 30,
        ("c1", "train"): 28,
        ("c1", "val"): 6,
        ("c1", "test"): 6,
    }


def test_a_class_of_three_is_in_every_split() -> None:
    assert {s.split for s in with_splits(cells(3), 0)} == {"train", "val", "test"}


def test_val_is_taken_out_of_train_where_it_is_missing() -> None:
    samples = cells(40, split="train", each=4) + cells(10, split="test")
    found = with_splits(samples, 0)
    assert Counter(s.split for s in found) == {"train": 32, "val": 8, "test": 10}
    assert [s.path for s in found] == [s.path for s in samples]


def test_a_set_that_names_its_splits_keeps_them() -> None:
    for names in (("train", "val"), ("train", "val", "test"), ("away",), ("test",)):
        samples = [s for name in names for s in cells(5, split=name)]
        assert with_splits(samples, 0) == samples


def test_another_seed_is_another_split() -> None:
    assert with_splits(cells(50, 50), 1) != with_splits(cells(50, 50), 2)


def test_the_place_of_the_set_does_not_matter() -> None:
    moved = [Sample(Path("/elsewhere") / s.path, s.label, s.split, s.group) for s in cells(30, 20)]
    here, there = with_splits(cells(30, 20), 3), with_splits(moved, 3)
    assert [s.split for s in here] == [s.split for s in there]


GROUPED = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=1, max_size=60)


@given(GROUPED, st.integers(0, 5), st.randoms(use_true_random=False))
def test_groups_are_whole_and_order_does_not_matter(
    drawn: list[tuple[str, int]], seed: int, chance: random.Random
) -> None:
    samples = [
        Sample(Path(f"set/{i}.png"), label, None, f"g{group}" if group else None)
        for i, (label, group) in enumerate(drawn)
    ]
    found = with_splits(samples, seed)
    homes: dict[str, set[str | None]] = {}
    for sample in found:
        if sample.group:
            homes.setdefault(sample.group, set()).add(sample.split)
    assert all(len(splits) == 1 for splits in homes.values())
    shuffled = list(samples)
    chance.shuffle(shuffled)
    assert sorted(map(repr, with_splits(shuffled, seed))) == sorted(map(repr, found))
