"""A write to a slide: who writes, what of it they have seen, and what the slide is afterwards."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Response, request
from sqlalchemy.orm import Session

from runtime import to_json
from webapp.bench import current_bench, current_classes
from webapp.etags import check_seen
from webapp.person import person_of
from webapp.store.overview import SlideOverview, overview
from webapp.store.slides import find_slide


@dataclass(frozen=True)
class Write:
    """A transaction of a request, and in whose name it is."""

    session: Session
    by: str

    def seen(self, slide_id: int) -> int | None:
        """Give the slide's edition where the request names it as seen; None where it names none.

        Raises:
            RequestError: `changed`.
            StoreError: `not_found`.
        """
        if "If-Match" not in request.headers:
            return None
        edition = find_slide(self.session, slide_id).edition
        check_seen(request, edition)
        return edition

    def slide(self, slide_id: int) -> SlideOverview:
        """Tell the slide as it is by now."""
        return overview(self.session, slide_id, current_classes(self.session))


@contextmanager
def writing() -> Iterator[Write]:
    """Give a transaction that is kept whole, or not at all.

    Raises:
        RequestError: `no_person`.
        StoreError: as `Database.begin`.
    """
    by = person_of(request)
    with current_bench().writing() as session:
        yield Write(session, by)


def with_edition(response: Response, slide: SlideOverview) -> Response:
    """Put the slide's edition on the answer to a write, for the next `If-Match`."""
    response.set_etag(slide_tag(slide))
    return response


def slide_tag(slide: SlideOverview) -> str:
    """Name a slide's answer: its edition, and a hash of the classes that it is counted by."""
    classes = json.dumps(to_json(slide.classes), sort_keys=True)
    return f"{slide.edition}-{hashlib.sha256(classes.encode()).hexdigest()[:12]}"
