"""What a data set holds and what is wrong with it, as facts and as text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from export.data.readers import Reading
from export.data.samples import SPLITS, Sample
from export.data.splits import with_splits
from export.data.survey import Survey, survey
from export.data.usable import EXAMPLES, usable
from runtime.lines import one_line

SCHEMA = "hematovision.datasets/1"
NO_SPLIT = "(none)"
WHOLE_FIELD = "field"

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Inventory:
    """A data set as found; counts are class or kind to split to number.

    Attributes:
        schema: `SCHEMA`.
        root: the folder or table that was read.
        layout: its form, for people.
        pictures: files that were looked at.
        sizes: width x height to number of pictures, the most frequent first.
        splits_from: `the data set`, or the seed of the split.
        cells: usable cells of each class.
        boxes: boxes of each kind, in fields.
        unreadable: files that are no picture, and why.
        duplicates_within: lists of files, from the set's folder, that show the same in one split.
        duplicates_across: lists of files that show the same in several splits.
        two_labels: lists of files that show the same and have different labels.
        torn_groups: groups with pictures in several splits.
        left_out: cells that `train` leaves out, by reason.
        empty_classes: folders without a picture.
        faults: what could not be used.
        notes: what else was seen and what is made of it.
    """

    schema: str
    root: str
    layout: str
    pictures: int
    sizes: dict[str, int]
    splits_from: str
    cells: Counts
    boxes: Counts
    unreadable: dict[str, str]
    duplicates_within: list[list[str]]
    duplicates_across: list[list[str]]
    two_labels: list[list[str]]
    torn_groups: dict[str, tuple[str, ...]]
    left_out: dict[str, int]
    empty_classes: tuple[str, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with the data; duplicates are no fault, they are left out."""
        return not (self.unreadable or self.two_labels or self.empty_classes or self.faults)


def take_inventory(found: Reading, seed: int) -> tuple[Inventory, Survey]:
    """Look at every picture of a set and count what there is.

    Args:
        found: the set as read.
        seed: of the split, where the set names none.

    Returns:
        The inventory, and the survey that it rests on.
    """
    fields = [Sample(f.path, WHOLE_FIELD, f.split, f.group) for f in found.fields]
    seen = survey(fields or found.samples)
    seen_cells = survey(found.samples, seen)
    cells, left_out = usable(found.samples, seen_cells)
    named = {s.split for s in fields or found.samples}
    cells = with_splits(cells, seed) if cells else []
    split_fields = _of_fields(fields, cells, seed)
    several = [(group, {s.split for s in group}) for group in seen.duplicates]
    sizes = Counter(f"{look.width} x {look.height}" for look in seen.looks.values())
    boxes = (
        (marked.kind, split)
        for field, split in zip(found.fields, split_fields, strict=True)
        for marked in field.boxes
    )
    inventory = Inventory(
        schema=SCHEMA,
        root=str(found.root),
        layout=found.layout,
        pictures=len(seen.looks) + len(seen.unreadable),
        sizes=dict(sizes.most_common()),
        splits_from=f"seed {seed}" if named == {None} else "the data set",
        cells=_counts((s.label, s.split) for s in cells),
        boxes=_counts(boxes),
        unreadable={str(path): why for path, why in seen.unreadable.items()},
        duplicates_within=[_names(group, found) for group, at in several if len(at) == 1],
        duplicates_across=[_names(group, found) for group, at in several if len(at) > 1],
        two_labels=[_names(group, found) for group in seen_cells.two_labels],
        torn_groups=seen.torn,
        left_out={each.reason: len(each.samples) for each in left_out},
        empty_classes=found.empty,
        faults=(*found.faults, *_faults(cells)),
        notes=(*found.notes, *_notes(named), *_unused(cells)),
    )
    return inventory, seen


def text(inventory: Inventory) -> str:
    """Tell a person, in aligned columns; of long lists the first few."""
    sizes = list(inventory.sizes.items())
    shown = ", ".join(f"{size} ({n})" for size, n in sizes[:3])
    more = f" and {len(sizes) - 3} more" if len(sizes) > 3 else ""
    lines = [
        inventory.root,
        f"  layout    {inventory.layout}",
        f"  pictures  {inventory.pictures}",
        f"  sizes     {shown or '-'}{more}",
        f"  splits    from {inventory.splits_from}",
    ]
    lines += _table("class", inventory.cells) + _balance(inventory.cells)
    lines += _table("box", inventory.boxes)
    lines += ["", *_list("cannot be read", inventory.unreadable.values())]
    lines += _list("one picture, two labels", map(" = ".join, inventory.two_labels))
    lines += _list("empty class", inventory.empty_classes)
    lines += _list("cannot be used", inventory.faults)
    lines += _list("same pixels in one split", map(" = ".join, inventory.duplicates_within))
    lines += _list("same pixels across splits", map(" = ".join, inventory.duplicates_across))
    torn = (f"{group}: {', '.join(splits)}" for group, splits in inventory.torn_groups.items())
    lines += _list("group in several splits", torn)
    lines += [f"  left out of training, {why}: {n}" for why, n in inventory.left_out.items()]
    lines += [f"  note: {note}" for note in inventory.notes]
    if inventory.is_sound:
        lines.append("  nothing is wrong with the data")
    return "\n".join(map(one_line, lines))


def _counts(pairs: Iterable[tuple[str, str | None]]) -> Counts:
    counts: Counts = {}
    for (name, split), n in sorted(Counter((a, b or NO_SPLIT) for a, b in pairs).items()):
        counts.setdefault(name, {})[split] = n
    return counts


def _names(group: Sequence[Sample], found: Reading) -> list[str]:
    """Name pictures as seen from the set's folder, with their labels."""
    folder = found.root if found.root.is_dir() else found.root.parent
    paths = [s.path.relative_to(folder) if s.path.is_relative_to(folder) else s.path for s in group]
    return [f"{path} ({s.label})" for path, s in zip(paths, group, strict=True)]


def _of_fields(fields: Sequence[Sample], cells: Sequence[Sample], seed: int) -> list[str | None]:
    """Give each field the split that its cells are in, because these are what chance divides."""
    if not cells:
        return [s.split for s in with_splits(fields, seed)] if fields else []
    drawn = {s.path: s.split for s in cells}
    by_chance = (None, "train")
    return [drawn.get(s.path, s.split) if s.split in by_chance else s.split for s in fields]


def _unused(cells: Sequence[Sample]) -> list[str]:
    """Tell of splits by other names, which may be meant or misspelled."""
    others = [s.split for s in cells if s.split and s.split not in SPLITS]
    if not others:
        return []
    unused = sorted(set(others))
    word = "split" if len(unused) == 1 else "splits"
    return [
        f"{len(others)} cells are in the {word} {', '.join(unused)}, which train, "
        f"convert and publish do not use: name them {', '.join(SPLITS[:-1])} or {SPLITS[-1]}"
    ]


def _faults(cells: Sequence[Sample]) -> list[str]:
    labels = {s.label for s in cells}
    return [f"the only class is {min(labels)}: a classifier needs two"] if len(labels) == 1 else []


def _notes(named: set[str | None]) -> list[str]:
    if named == {None}:
        return [
            "the set names no splits: this one is by class, in whole groups; train has its own seed"
        ]
    if "train" not in named:
        return ["there is no train split: the set can be measured on, not learnt from"]
    return [] if "val" in named else ["there is no val split: 15 % of train are taken for it"]


def _table(title: str, counts: Counts) -> list[str]:
    if not counts:
        return []
    found = {split for row in counts.values() for split in row}
    splits = [s for s in SPLITS if s in found] + sorted(found - set(SPLITS))
    wide = max(map(len, (title, *counts)))
    lines = ["", f"  {title:{wide}}" + "".join(f"{name:>9}" for name in (*splits, "all"))]
    for name, row in counts.items():
        cells = [row.get(split, 0) for split in splits]
        lines.append(f"  {name:{wide}}" + "".join(f"{n:9}" for n in (*cells, sum(cells))))
    return lines


def _balance(counts: Counts) -> list[str]:
    totals = {name: sum(row.values()) for name, row in counts.items()}
    if len(totals) < 2:
        return []
    most, least = max(totals, key=lambda c: totals[c]), min(totals, key=lambda c: totals[c])
    if totals[most] == totals[least]:
        return ["  balance: every class has the same number"]
    return [f"  balance: {totals[most] / totals[least]:.1f} {most} for each {least}"]


def _list(title: str, items: Iterable[str]) -> list[str]:
    found = list(items)
    if not found:
        return []
    shown = [f"    {item}" for item in found[:EXAMPLES]]
    more = [f"    ... and {len(found) - EXAMPLES} more"] if len(found) > EXAMPLES else []
    return [f"  {title}: {len(found)}", *shown, *more]
