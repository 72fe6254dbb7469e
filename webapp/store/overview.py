"""A slide with its running differential: what its page shows, whatever the number of its cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from runtime.answers import ModelId
from runtime.differential import Estimates
from webapp.record import Count, ReviewClass
from webapp.store.fields import models_of
from webapp.store.records import running
from webapp.store.slides import Slide, find_slide


@dataclass(frozen=True)
class SlideOverview(Slide):
    """A slide as it is now, counted.

    Attributes:
        models: networks that answered for its fields.
        classes: that can be given, and those that cells have beside them.
        by_person: the count of what persons said, of cells not seen what the model said; its
            `counted` is what stands against `target`.
        by_model: the count of what the model said.
        per_field: kind of box to the mean number in a field that counts.
        estimates: what is estimated from those, and not counted.
    """

    models: Sequence[ModelId]
    classes: Sequence[ReviewClass]
    by_person: Count
    by_model: Count
    per_field: Mapping[str, float]
    estimates: Estimates


def overview(session: Session, slide_id: int, classes: Sequence[ReviewClass]) -> SlideOverview:
    """Tell a slide as it is now, counted.

    Args:
        session: of `Database.read` or `Database.begin`.
        slide_id: of the slide.
        classes: that a person can give, see `options.review_classes`.

    Raises:
        StoreError: `not_found`.
    """
    slide = find_slide(session, slide_id)
    counts = running(session, slide_id, classes)
    return SlideOverview(
        **vars(slide),
        models=models_of(session, slide_id),
        classes=counts.classes,
        by_person=counts.by_person,
        by_model=counts.by_model,
        per_field=counts.boxes.per_field,
        estimates=counts.boxes.estimates,
    )
