"""A slide's differential, by what persons said and by what the model said, from its tallies."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from runtime.differential import Differential, FieldCount, differential, ratio_interval, share
from runtime.field_answers import frame_um2
from runtime.trust import UNFAMILIAR
from webapp.record import Beside, Count, ReviewClass
from webapp.store.options import usual_counts_as
from webapp.store.tallies import Alike

Field = tuple[Mapping[str, int], int, int, float | None]  # framed, width, height, um_per_px
_GRAY = "#71717a"


def by_person(tallies: Counter[Alike], classes: Sequence[ReviewClass]) -> Count:
    """Count by the class that holds: the person's, of cells not seen the model's."""
    labels = Counter[str]()
    for key, n in tallies.items():
        labels[key.named] += n
    return _count(labels, classes)


def by_model(tallies: Counter[Alike], classes: Sequence[ReviewClass]) -> Count:
    """Count by what the model said."""
    labels = Counter[str]()
    for key, n in tallies.items():
        labels[key.model] += n
    return _count(labels, [each for each in classes if each.named_by_model])


def counted(tallies: Counter[Alike], classes: Sequence[ReviewClass]) -> int:
    """Give `by_person`'s `counted` alone, which needs no interval of any class."""
    counts_as = {each.id: each.counts_as for each in classes} | {UNFAMILIAR: "nothing"}
    return sum(
        n
        for key, n in tallies.items()
        if counts_as.get(key.named, usual_counts_as(key.named)) == "white"
    )


def boxes(fields: Iterable[Field]) -> Differential:
    """Tell what fields show on average, and what is estimated from it; of no white cells."""
    counts = [
        FieldCount((), shown, frame_um2(width, height, um_per_px))
        for shown, width, height, um_per_px in fields
    ]
    return differential(counts, ())


def with_unlisted(
    classes: Sequence[ReviewClass], tallies: Counter[Alike]
) -> tuple[ReviewClass, ...]:
    """Add classes that cells have and nobody can give any more, by their id.

    A class that a model gave to one of the cells is one that a model names, whoever answers now.
    """
    known = {each.id for each in classes} | {UNFAMILIAR}
    by_models = {key.model for key in tallies} - {UNFAMILIAR}
    strange = sorted(({key.named for key in tallies} | by_models) - known)
    listed = [
        replace(each, named_by_model=each.named_by_model or each.id in by_models)
        for each in classes
    ]
    added = [
        ReviewClass(
            each,
            each.replace("_", " ").capitalize(),
            "",
            _GRAY,
            usual_counts_as(each),
            each in by_models,
        )
        for each in strange
    ]
    return (*listed, *added)


def _count(labels: Counter[str], classes: Sequence[ReviewClass]) -> Count:
    counted = sum(labels[each.id] for each in classes if each.counts_as == "white")
    return Count(
        counted=counted,
        white={e.id: share(labels[e.id], counted) for e in classes if e.counts_as == "white"},
        beside={
            each.id: Beside(
                labels[each.id],
                100 * labels[each.id] / counted if counted else None,
                ratio_interval(labels[each.id], counted),
            )
            for each in classes
            if each.counts_as in ("nrbc", "beside")
        },
        unidentified=labels[UNFAMILIAR],
    )
