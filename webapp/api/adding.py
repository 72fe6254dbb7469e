"""Pictures analyzed as fields of a slide, and kept: those that are sent, and the camera's."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from flask import Response, jsonify, request

from runtime import Refusal, to_json
from runtime.field_answers import FieldAnswer, FieldModels
from runtime.scale import Scale
from webapp.api.document import PICTURE_ERRORS, WRITES
from webapp.api.slide_schemas import Added, FieldDocument
from webapp.api.writing import Write, with_edition, writing
from webapp.bench import current_bench
from webapp.errors import refuse_the_only
from webapp.etags import check_seen
from webapp.person import person_of
from webapp.service import current_service
from webapp.store.fields import add_field, scales_of
from webapp.store.options import read_options
from webapp.store.slides import find_open_slide
from webapp.uploads import media_type_of

ADDING_ERRORS: Final = (*PICTURE_ERRORS, *WRITES, "not_found", "changed", "signed")


Scales = Mapping[tuple[int, int], Sequence[Scale]]  # by width and height


def earlier_scales(slide_id: int) -> Scales:
    """Give the scales of a slide that pictures may be added to, before the work is begun.

    Raises:
        HematoVisionError: `no_person`, `not_found`, `changed` or `signed`.
    """
    person_of(request)  # who would be refused in the end is refused before the work
    with current_bench().reading() as session:
        check_seen(request, find_open_slide(session, slide_id).edition)
        return scales_of(session, slide_id)


def add_pictures(
    slide_id: int,
    earlier: Scales,
    take: Callable[[], Sequence[tuple[str, bytes]]],
    white_reference: str | None = None,
) -> Response:
    """Analyze pictures as fields of an open slide, and keep what was found: all of it, or nothing.

    A refused picture costs its own answer; where it is the only one, the request is refused.

    Args:
        slide_id: of the slide.
        earlier: of `earlier_scales`.
        take: gives name and encoded bytes of each picture, see `Service.analyze`.
        white_reference: SHA-256 of the one that the pictures were corrected by, if any.

    Raises:
        HematoVisionError: one of `ADDING_ERRORS`.
    """
    models, answers = current_service().analyze_more(take, earlier)
    refuse_the_only([answer for _, answer in answers])
    _put_on_disk([encoded for encoded, answer in answers if not isinstance(answer, Refusal)])
    with writing() as write:
        added = _add(write, slide_id, models, answers, white_reference)
    return with_edition(jsonify(to_json(added)), added.slide)


def _put_on_disk(pictures: Sequence[bytes]) -> None:
    """Put pictures on the disk while nobody who writes has to wait for it."""
    bench = current_bench()
    with bench.reading() as session:
        keeps = read_options(session).keep_pictures
    for encoded in pictures if keeps else ():
        bench.pictures.put(encoded)


def _add(
    write: Write,
    slide_id: int,
    models: FieldModels,
    answers: Sequence[tuple[bytes, FieldAnswer]],
    white_reference: str | None,
) -> Added:
    edition, results = write.seen(slide_id), list[FieldDocument | Refusal]()
    known = list[int]()
    for encoded, answer in answers:
        if isinstance(answer, Refusal):
            results.append(answer)
            continue
        added = add_field(
            write.session,
            current_bench().pictures,
            slide_id,
            write.by,
            answer,
            models,
            encoded,
            media_type_of(encoded),
            edition,
            white_reference,
        )
        results.append(FieldDocument.of(added.field))
        if not added.is_new:
            known.append(added.field.facts.id)
        edition = None  # the next one comes after this one
    return Added(results, write.slide(slide_id), known)
