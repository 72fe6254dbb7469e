"""Pictures that no browser shows, as one that it does."""

from apiflask import APIBlueprint
from flask import Response, request
from flask.typing import ResponseReturnValue

from runtime.images import decode, encode
from webapp.api.document import A_PICTURE, DECODING_ERRORS, PNG, errors
from webapp.service import current_service
from webapp.uploads import picture_of

blueprint = APIBlueprint("preview", __name__, tag="Fields")


@blueprint.post("/preview")
@blueprint.doc(
    responses={200: PNG, **errors(*DECODING_ERRORS)}, extensions={"requestBody": A_PICTURE}
)
def preview() -> ResponseReturnValue:
    """Give a picture, such as a TIFF, upright and whole as PNG: as the networks are given it.

    Nothing is kept.
    """
    with current_service().turn():
        name, encoded = picture_of(request)
        return Response(encode(decode(encoded, name)), mimetype="image/png")
