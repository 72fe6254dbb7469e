"""What has changed since: answers that are asked for again and again, and writes to what was seen.

Answers are never stored by browsers (`no-store`), so a script that asks again sends the ETag of
its last answer as `If-None-Match` itself, and gets 304 without a body while nothing has changed.
"""

from flask import Request, Response

from webapp.errors import RequestError


def tagged(response: Response, request: Request, edition: object = None) -> Response:
    """Put an ETag on an answer; who has it already gets 304 instead.

    Args:
        response: the answer to a GET.
        request: the request.
        edition: what tells one state of the thing from another; None takes the answer's bytes.
    """
    if edition is None:
        response.add_etag()
    else:
        response.set_etag(str(edition))
    unless_known(response, request)
    return response


def unless_known(response: Response, request: Request) -> None:
    """Answer 304 in place of what the request names in `If-None-Match`.

    `If-Match` is about what a write has seen: a read that carries it is answered all the same.
    """
    response.make_conditional({k: v for k, v in request.environ.items() if k != "HTTP_IF_MATCH"})


def check_seen(request: Request, edition: object) -> None:
    """Refuse to write to what has changed since the sender saw it.

    Args:
        request: names in `If-Match` the edition that it has seen, or a tag that begins with it and
            a dash, or names none and writes anyway.
        edition: of the thing, now.

    Raises:
        RequestError: `changed`.
    """
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return
    if str(edition) not in {(tag or "").partition("-")[0] for tag in request.if_match}:
        raise RequestError(
            "changed", "Somebody has changed this since it was shown here: load it again"
        )
