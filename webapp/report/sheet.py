"""What a report says, in words and rounded numbers, the same on the page and in the PDF.

Nothing here tells a person what a number means for a patient: no reference ranges, no flags.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from runtime.differential import PLATELET, RED, Share
from runtime.lines import many
from webapp.report.record import Act, Beside, FieldFacts, SlideRecord

NONE: Final = "-"
SHORT_HASH: Final = 12
SCALE_SOURCES: Final = {
    "given": "given",
    "red_cells": "red cells",
    "slide": "slide",
    "outline": "white cells",
}
# Of the columns of `FieldRow`.
FIELD_HEAD: Final = (
    *("No.", "Picture", "Pixels", "Taken (UTC)"),
    *("WBC", "Scale, 95 %", "By", "Light", "State"),
)
KINDS: Final = {"wbc": "white cells", RED: "red cells", PLATELET: "platelets"}


@dataclass(frozen=True)
class Figure:
    """A count of one class and what it is worth, as it is printed.

    Attributes:
        n: cells.
        value: percent, or cells per 100 white cells.
        interval: its 95 % interval.
        share: `value` as a number, 0 to 100, for a bar; None where there is none.
        low: lower end of the interval, for the bar.
        high: upper end, for the bar.
    """

    n: str
    value: str
    interval: str
    share: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """A class with the person's figure and the model's, None where it can give none."""

    title: str
    person: Figure | None
    model: Figure | None


@dataclass(frozen=True)
class FieldRow:
    """A field in words; `taken` is in UTC, `scale` in micrometers per pixel."""

    number: str
    source: str
    size: str
    taken: str
    white: str
    scale: str
    scale_source: str
    light: str
    state: str


@dataclass(frozen=True)
class Sheet:
    """All that a report says beside the record's own words.

    Attributes:
        state: one word: PRELIMINARY, SIGNED or AMENDED.
        state_line: what that means for this slide, a sentence.
        signed: whether somebody answers for it.
        facts: name to value, what is told about the slide first.
        white: the differential.
        counted: cells in the denominator, by the person and by the model.
        beside: what is told per 100 white cells.
        unidentified: white cells of no class, by the person and by the model.
        estimates: sentences.
        cannot_name: a sentence.
        fields: in the order they were taken.
        models: name, version, variant and short hash of each network.
        acts: what was done, by whom, when.
        closing: how old the report is, and what it does not say.
    """

    state: str
    state_line: str
    signed: bool
    facts: Mapping[str, str]
    white: Sequence[Row]
    counted: tuple[int, int]
    beside: Sequence[Row]
    unidentified: tuple[int, int]
    estimates: Sequence[str]
    cannot_name: str
    fields: Sequence[FieldRow]
    models: Sequence[tuple[str, str, str, str]]
    acts: Sequence[tuple[str, str, str]]
    closing: str


def sheet_of(record: SlideRecord) -> Sheet:
    """Put a record into words."""
    person, model = record.by_person, record.by_model
    return Sheet(
        state="PRELIMINARY" if record.status == "open" else record.status.upper(),
        state_line=_state_line(record),
        signed=record.signed is not None,
        facts=_facts(record),
        white=_rows(record, person.white, model.white),
        counted=(person.counted, model.counted),
        beside=_rows(record, person.beside, model.beside),
        unidentified=(person.unidentified, model.unidentified),
        estimates=list(_estimates(record)),
        cannot_name=_cannot_name(record),
        fields=[_field(number, field) for number, field in enumerate(record.fields, 1)],
        models=[(m.name, m.version, m.variant, m.sha256[:SHORT_HASH]) for m in record.models],
        acts=list(_acts(record)),
        closing=f"State of {moment(last_act(record))}. Counts and percentages only: this report "
        "does not say what they mean.",
    )


def moment(at: datetime) -> str:
    """Write a time for people, in UTC, so that the same record reads the same everywhere."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def last_act(record: SlideRecord) -> datetime:
    """Give the time of the last thing that was done, the age of a report."""
    acts: list[Act | None] = [record.opened, record.signed]
    acts += [field.taken for field in record.fields]
    acts += [cell.seen for cell in record.cells]
    return max(act.at for act in acts if act)


def _state_line(record: SlideRecord) -> str:
    if record.signed is None:
        unseen = sum(cell.seen is None for cell in record.cells)
        nobody = "Nobody has signed this report"
        if record.revision > 1:
            nobody = "Nobody has signed this revision, an earlier one was signed"
        if not unseen:
            return f"{nobody}; figures may change."
        return (
            f"{nobody}. Of {many(len(record.cells), 'white cell')} {unseen} were not yet seen by a "
            "person and are counted as the model named them; figures may change."
        )
    at = moment(record.signed.at)
    if record.status == "amended":
        return f"Signed anew by {record.signed.by}, {at}; replaces earlier revisions."
    return f"Signed by {record.signed.by}, {at}."


def _facts(record: SlideRecord) -> dict[str, str]:
    facts = {
        "Reason": record.reason,
        "White cells": f"{record.by_person.counted} counted, {record.target} wanted",
        "Fields": f"{len(record.fields)}, of them {sum(f.usable for f in record.fields)} usable",
        "In a field": _per_field(record.per_field),
        "Slide": record.uid,
        "Program": record.device,
        "Note": record.note,
    }
    return {name: value for name, value in facts.items() if value.strip()}


def _per_field(per_field: Mapping[str, float]) -> str:
    told = [f"{per_field[kind]:.1f} {cells}" for kind, cells in KINDS.items() if kind in per_field]
    return f"{', '.join(told)} found on average" if told else ""


def _rows(
    record: SlideRecord,
    person: Mapping[str, Share] | Mapping[str, Beside],
    model: Mapping[str, Share] | Mapping[str, Beside],
) -> list[Row]:
    titles = {each.id: each.title for each in record.classes}
    return [
        Row(titles.get(each, each), _figure(person.get(each)), _figure(model.get(each)))
        for each in dict.fromkeys([*person, *model])
    ]


def _figure(found: Share | Beside | None) -> Figure | None:
    if found is None:
        return None
    value = found.per_100_wbc if isinstance(found, Beside) else found.percent
    if value is None:
        return Figure(str(found.n), NONE, NONE)
    low, high = found.interval
    ends = (NONE if low is None else f"{low:.1f}", "no limit" if high is None else f"{high:.1f}")
    return Figure(str(found.n), f"{value:.1f}", " to ".join(ends), value, low, high)


def _estimates(record: SlideRecord) -> Iterator[str]:
    found = record.estimates
    if found.platelets_per_1000_rbc is not None:
        yield f"{found.platelets_per_1000_rbc:.0f} platelets per 1000 red cells."
    if found.platelets_per_oil_field is not None and found.platelets_1e9_per_l is not None:
        low, high = found.platelets_1e9_per_l
        yield (
            f"{found.platelets_per_oil_field:.1f} platelets in the area of one oil immersion "
            f"field, by the usual factors some {low:.0f} to {high:.0f} x 10^9/L."
        )


def _cannot_name(record: SlideRecord) -> str:
    if not record.cannot_name:
        return "The model can name every class of this report."
    return (
        "Only a person can name these classes, the model does not know them and takes such cells "
        f"for others: {', '.join(record.cannot_name)}."
    )


def _field(number: int, field: FieldFacts) -> FieldRow:
    red, green, blue = field.white_balance
    return FieldRow(
        number=str(number),
        source=field.source,
        size=f"{field.width} x {field.height}",
        taken=moment(field.taken.at).removesuffix(" UTC"),
        white=str(field.counts.get("wbc", 0)),
        scale=_scale(field),
        scale_source=SCALE_SOURCES.get(field.scale_source or "", field.scale_source or NONE),
        light=f"{red:.2f}:{green:.2f}:{blue:.2f}",
        state="usable" if field.usable else ", ".join(_words(r) for r in field.reasons) or "no",
    )


def _scale(field: FieldFacts) -> str:
    if field.um_per_px is None:
        return "unknown"
    if field.um_per_px_interval is None:
        return f"{field.um_per_px:.4f}"
    low, high = field.um_per_px_interval
    return f"{field.um_per_px:.4f} ({low:.3f} to {high:.3f})"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _acts(record: SlideRecord) -> Iterator[tuple[str, str, str]]:
    yield "Opened", record.opened.by, moment(record.opened.at)
    yield from _each("Took", "field", [field.taken for field in record.fields])
    yield from _each("Reviewed", "white cell", [cell.seen for cell in record.cells if cell.seen])
    if record.signed:
        yield f"Signed revision {record.revision}", record.signed.by, moment(record.signed.at)
    else:
        yield "Signed", "nobody", NONE


def _each(did: str, what: str, acts: Sequence[Act]) -> Iterator[tuple[str, str, str]]:
    """Tell once for each person how many, and from when to when."""
    for by, theirs in groupby(sorted(acts, key=lambda a: a.by), key=lambda a: a.by):
        times = sorted(act.at for act in theirs)
        first, last = moment(times[0]), moment(times[-1])
        when = first if first == last else f"{first} to {last}"
        yield f"{did} {many(len(times), what)}", by, when
