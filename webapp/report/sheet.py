"""What a report says, in words and rounded numbers, the same on the page and in the PDF.

The page is in its reader's language, a PDF in English: it leaves the device.
Nothing here tells a person what a number means for a patient: no reference ranges, no flags.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from gettext import NullTranslations
from itertools import groupby
from typing import Final

from runtime.differential import PLATELET, RED, Share
from webapp.record import Act, Beside, FieldFacts, SlideRecord, value_of
from webapp.texts import UNTRANSLATED

NONE: Final = "-"
SHORT_HASH: Final = 12
# Of the columns of `FieldRow`.
FIELD_HEAD: Final = (
    *("No.", "Picture", "Pixels", "Taken (UTC)"),
    *("WBC", "Scale, 95 %", "By", "Light", "State"),
)


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


def sheet_of(record: SlideRecord, texts: NullTranslations = UNTRANSLATED) -> Sheet:
    """Put a record into words of a language."""
    _ = texts.gettext
    person, model = record.by_person, record.by_model
    states = {"open": _("PRELIMINARY"), "signed": _("SIGNED"), "amended": _("AMENDED")}
    closing = _(
        "State of {time}. Counts and percentages only: this report does not say what they mean."
    )
    return Sheet(
        state=states[record.status],
        state_line=_state_line(record, texts),
        signed=record.signed is not None,
        facts=_facts(record, texts),
        white=_rows(record, person.white, model.white, texts),
        counted=(person.counted, model.counted),
        beside=_rows(record, person.beside, model.beside, texts),
        unidentified=(person.unidentified, model.unidentified),
        estimates=list(_estimates(record, texts)),
        cannot_name=_cannot_name(record, texts),
        fields=[_field(number, field, texts) for number, field in enumerate(record.fields, 1)],
        models=[(m.name, m.version, m.variant, m.sha256[:SHORT_HASH]) for m in record.models],
        acts=list(_acts(record, texts)),
        closing=closing.format(time=moment(last_act(record))),
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


def reasons_of(field: FieldFacts, texts: NullTranslations = UNTRANSLATED) -> list[str]:
    """Say in few words why a field cannot be counted."""
    _ = texts.gettext
    words = {
        "out_of_focus": _("out of focus"),
        "too_dark": _("too dark"),
        "too_bright": _("too bright"),
        "color_cast": _("color cast"),
        "too_thick": _("too thick"),
        "too_thin": _("too thin"),
        "no_cells": _("no cells"),
    }
    return [words.get(code, code) for code in field.reasons]


def _state_line(record: SlideRecord, texts: NullTranslations) -> str:
    _ = texts.gettext
    if record.signed is None:
        nobody = (
            _("Nobody has signed this revision, an earlier one was signed.")
            if record.revision > 1
            else _("Nobody has signed this report.")
        )
        return f"{nobody} {_unseen(record, texts)}"
    told = {"person": record.signed.by, "time": moment(record.signed.at)}
    if record.status == "amended":
        return _("Signed anew by {person}, {time}; replaces earlier revisions.").format(**told)
    return _("Signed by {person}, {time}.").format(**told)


def _unseen(record: SlideRecord, texts: NullTranslations) -> str:
    n = sum(cell.seen is None for cell in record.cells)
    if not n:
        return texts.gettext("Figures may change.")
    return texts.ngettext(
        "Of {all} white cells {n} was not yet seen by a person: it is counted as the model named "
        "it, or is unidentified where the model could not; figures may change.",
        "Of {all} white cells {n} were not yet seen by a person: they are counted as the model "
        "named them, or are unidentified where the model could not; figures may change.",
        n,
    ).format(n=n, all=len(record.cells))


def _facts(record: SlideRecord, texts: NullTranslations) -> dict[str, str]:
    _ = texts.gettext
    fields, usable = len(record.fields), sum(f.usable for f in record.fields)
    white = _("{n} counted, {target} wanted")
    facts = {
        _("Reason"): record.reason,
        _("White cells"): white.format(n=record.by_person.counted, target=record.target),
        _("Fields"): _("{n}, of them {usable} usable").format(n=fields, usable=usable),
        _("In a field"): _per_field(record.per_field, texts),
        _("Slide"): record.uid,
        _("Program"): record.device,
        _("Note"): record.note,
    }
    return {name: value for name, value in facts.items() if value.strip()}


def _per_field(per_field: Mapping[str, float], texts: NullTranslations) -> str:
    _ = texts.gettext
    words = {
        "wbc": _("{n} white cells"),
        RED: _("{n} red cells"),
        PLATELET: _("{n} platelets"),
    }
    told = [w.format(n=f"{per_field[kind]:.1f}") for kind, w in words.items() if kind in per_field]
    found = _("{cells} found on average, cells at two of the four edges left out")
    return found.format(cells=", ".join(told)) if told else ""


def _rows(
    record: SlideRecord,
    person: Mapping[str, Share] | Mapping[str, Beside],
    model: Mapping[str, Share] | Mapping[str, Beside],
    texts: NullTranslations,
) -> list[Row]:
    titles = {each.id: texts.gettext(each.title) for each in record.classes}
    return [
        Row(
            titles.get(each, each),
            _figure(person.get(each), texts),
            _figure(model.get(each), texts),
        )
        for each in dict.fromkeys([*person, *model])
    ]


def _figure(found: Share | Beside | None, texts: NullTranslations) -> Figure | None:
    if found is None:
        return None
    value = value_of(found)
    if value is None:
        return Figure(str(found.n), NONE, NONE)
    low, high = found.interval
    interval = texts.gettext("{low} to {high}").format(
        low=NONE if low is None else f"{low:.1f}",
        high=texts.gettext("no limit") if high is None else f"{high:.1f}",
    )
    return Figure(str(found.n), f"{value:.1f}", interval, value, low, high)


def _estimates(record: SlideRecord, texts: NullTranslations) -> Iterator[str]:
    found = record.estimates
    if found.platelets_per_1000_rbc is not None:
        words = texts.gettext("{n} platelets per 1000 red cells.")
        yield words.format(n=f"{found.platelets_per_1000_rbc:.0f}")
    if found.platelets_per_oil_field is not None and found.platelets_1e9_per_l is not None:
        low, high = found.platelets_1e9_per_l
        words = texts.gettext(
            "{n} platelets in the area of one oil immersion field, by the usual factors some "
            "{low} to {high} x 10^9/L."
        )
        n = f"{found.platelets_per_oil_field:.1f}"
        yield words.format(n=n, low=f"{low:.0f}", high=f"{high:.0f}")


def _cannot_name(record: SlideRecord, texts: NullTranslations) -> str:
    if not record.cannot_name:
        return texts.gettext("The model can name every class of this report.")
    words = texts.gettext(
        "Only a person can name these classes, the model does not know them and takes such cells "
        "for others: {classes}."
    )
    return words.format(classes=", ".join(map(texts.gettext, record.cannot_name)))


def _field(number: int, field: FieldFacts, texts: NullTranslations) -> FieldRow:
    _ = texts.gettext
    red, green, blue = field.white_balance
    sources = {
        "given": _("given"),
        "red_cells": _("red cells"),
        "slide": _("slide"),
        "outline": _("white cells"),
    }
    return FieldRow(
        number=str(number),
        source=field.source,
        size=f"{field.width} x {field.height}",
        taken=moment(field.taken.at).removesuffix(" UTC"),
        white=str(field.counts.get("wbc", 0)),
        scale=_scale(field, texts),
        scale_source=sources.get(field.scale_source or "", field.scale_source or NONE),
        light=f"{red:.2f}:{green:.2f}:{blue:.2f}",
        state=_("usable")
        if field.usable
        else ", ".join(reasons_of(field, texts)) or _("not usable"),
    )


def _scale(field: FieldFacts, texts: NullTranslations) -> str:
    if field.um_per_px is None:
        return texts.gettext("unknown")
    if field.um_per_px_interval is None:
        return f"{field.um_per_px:.4f}"
    low, high = field.um_per_px_interval
    interval = texts.gettext("{low} to {high}").format(low=f"{low:.3f}", high=f"{high:.3f}")
    return f"{field.um_per_px:.4f} ({interval})"


def _acts(record: SlideRecord, texts: NullTranslations) -> Iterator[tuple[str, str, str]]:
    _ = texts.gettext
    yield _("Opened"), record.opened.by, moment(record.opened.at)
    for n, by, when in _each([field.taken for field in record.fields], texts):
        yield texts.ngettext("Took {n} field", "Took {n} fields", n).format(n=n), by, when
    for n, by, when in _each([cell.seen for cell in record.cells if cell.seen], texts):
        words = texts.ngettext("Reviewed {n} white cell", "Reviewed {n} white cells", n)
        yield words.format(n=n), by, when
    if record.signed:
        signed = _("Signed revision {n}").format(n=record.revision)
        yield signed, record.signed.by, moment(record.signed.at)
    else:
        yield _("Signed"), _("nobody"), NONE


def _each(acts: Sequence[Act], texts: NullTranslations) -> Iterator[tuple[int, str, str]]:
    """Tell once for each person how many, and from when to when."""
    for by, theirs in groupby(sorted(acts, key=lambda a: a.by), key=lambda a: a.by):
        times = sorted(act.at for act in theirs)
        low, high = moment(times[0]), moment(times[-1])
        span = texts.gettext("{low} to {high}").format(low=low, high=high)
        yield len(times), by, low if low == high else span
