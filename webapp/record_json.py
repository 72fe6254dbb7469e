"""A record as JSON and back: signed records are kept as JSON."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from runtime.answers import to_json
from runtime.errors import HematoVisionError
from webapp.record import SlideRecord

SCHEMA: Final = "hematovision.record/1"


def document_of(record: SlideRecord) -> dict[str, Any]:
    """Give the JSON document of a record, as `runtime.answers.to_json` writes it."""
    document: dict[str, Any] = to_json(record)
    return document


def record_of(document: Mapping[str, Any]) -> SlideRecord:
    """Read a record back from its document, so that it gives the same document again.

    Sequences come back as lists; numbers as they were written, to 6 significant digits.

    Raises:
        HematoVisionError: `record_damaged`, of a document of another kind or with parts missing.
    """
    if document.get("schema") != SCHEMA:
        raise HematoVisionError(
            "record_damaged",
            f"the record is of schema {document.get('schema')!r} and not {SCHEMA!r}: "
            "read it with the release that wrote it",
        )
    try:
        return _reader().validate_python(dict(document))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise HematoVisionError(
            "record_damaged",
            f"the record cannot be read, {where}: {first['msg']}; restore it from a copy",
        ) from error


@cache
def _reader() -> TypeAdapter[SlideRecord]:
    return TypeAdapter(SlideRecord)
