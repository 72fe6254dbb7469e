"""Kept pictures as answers, which a browser keeps too.

It asks each time whether its copy still holds, and gets 304 without a byte of the picture: an
address alone would not do, as another folder of data gives the same ids to other pictures.
"""

from collections.abc import Callable
from typing import Final

from flask import Response, request
from sqlalchemy.orm import Session

from webapp.api.document import READS, UNCHANGED, UNREADABLE, Described, errors
from webapp.bench import current_bench
from webapp.store.errors import StoreError
from webapp.store.pictures import KeptPicture

_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
DAMAGED: Final = ("empty", "too_large", *UNREADABLE)


def picture_responses(*media_types: str) -> dict[int | str, Described]:
    """Describe the answers of a route that gives a kept picture."""
    content = dict.fromkeys(media_types, _FILE)
    return {
        200: {"description": "The picture", "content": content},
        304: UNCHANGED,
        **errors(*READS, "bad_request", "not_found", *DAMAGED),
    }


def kept_picture(session: Session, sha256: str | None) -> KeptPicture:
    """Find the picture of a field.

    Raises:
        StoreError: `not_found`; it is not kept, or not any more.
    """
    if sha256 is None:
        raise StoreError(
            "not_found", "No picture came with this field: look at its figures, or take it again"
        )
    return current_bench().pictures.find(session, sha256)


def shown(tag: str, develop: Callable[[], tuple[bytes, str]]) -> Response:
    """Answer a picture, or that it has not changed; only then is it not developed.

    Args:
        tag: names the content.
        develop: gives bytes and media type.
    """
    response = Response()
    response.set_etag(tag)
    response.cache_control.private = True
    response.cache_control.no_cache = True
    if request.if_none_match.contains(tag):
        response.status_code = 304
        return response
    content, response.mimetype = develop()
    response.set_data(content)
    return response
