"""Pictures out of a request, in memory only: no picture ever touches the disk."""

from io import BytesIO
from typing import IO, Any, NoReturn

from flask import Request
from PIL import Image

from runtime.images import FORMATS
from webapp.errors import RequestError

FIELD = "images"
NONE_SENT = (
    f"The request holds no picture: send files in the form field '{FIELD}', "
    "or one picture as the body"
)


class PictureRequest(Request):
    """A request whose uploads stay in memory, whatever their size, and whose JSON is not null."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Read the body as JSON; `null` is nothing that a route takes.

        Raises:
            RequestError: `bad_request`.
        """
        told = super().get_json(force=force, silent=silent, cache=cache)
        if told is None and not silent:
            raise RequestError("bad_request", "The request's body is null: send a JSON object")
        return told

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Say that a body is not JSON, and where it stops being it."""
        where = f" ({e})" if e else ""
        raise RequestError(
            "bad_request",
            f"The body of the request is not JSON{where}: send JSON as /api/docs tells",
        ) from e


def picture_of(request: Request) -> tuple[str, bytes]:
    """Take the only picture out of a request.

    Returns:
        Its name and its encoded bytes.

    Raises:
        RequestError: as `pictures_of`, or `bad_request` for more than one picture.
    """
    pictures = pictures_of(request)
    if len(pictures) > 1:
        raise RequestError(
            "bad_request", f"The request holds {len(pictures)} pictures: send one at a time"
        )
    return pictures[0]


def pictures_of(request: Request, none_sent: str = NONE_SENT) -> list[tuple[str, bytes]]:
    """Take the pictures out of a request.

    Args:
        request: a form with files in the field `images`, or one encoded picture as the body.
        none_sent: what to say of a request without a picture.

    Returns:
        Name and encoded bytes of each picture, in order, at least one.

    Raises:
        RequestError: `no_images`, or `bad_request` for a file in another field.
    """
    if request.mimetype == "multipart/form-data":
        for field, file in request.files.items(multi=True):
            if field != FIELD and file.filename:
                raise RequestError(
                    "bad_request",
                    f"The form field {field!r} holds a file: send pictures in the field '{FIELD}'",
                )
        files = [f for f in request.files.getlist(FIELD) if f.filename]
        pictures = [(f.filename or "", f.read()) for f in files]
    else:
        body = request.get_data(cache=False)
        pictures = [("upload", body)] if body else []
    if not pictures:
        raise RequestError("no_images", none_sent)
    return pictures


def media_type_of(encoded: bytes) -> str:
    """Tell the media type of a picture that can be read by its content, whatever its name."""
    with Image.open(BytesIO(encoded), formats=FORMATS) as image:
        return str(image.get_format_mimetype())
