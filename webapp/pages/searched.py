"""What is searched in the history: read from an address, and written into one."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, cast, get_args
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from webapp.errors import RequestError
from webapp.record import Status
from webapp.store.search import Wanted
from webapp.store.tables import LARGEST_ID
from webapp.texts import gettext as _


@dataclass(frozen=True)
class Searched:
    """What a person has typed; an empty text asks for nothing.

    Attributes:
        label: a part of the label.
        since: first day, as `2026-11-27`.
        until: last day.
        named: id of a class.
        least: cells of it.
        status: of the slide.
        person: who opened, reviewed or signed it.
        after: key of the page, see `store.search.find_slides`.
        before: the same for a page of newer slides.
    """

    label: str = ""
    since: str = ""
    until: str = ""
    named: str = ""
    least: int = 1
    status: str = ""
    person: str = ""
    after: int | None = None
    before: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is asked for but a page."""
        return replace(self, after=None, before=None) == Searched()

    @property
    def wanted(self) -> Wanted:
        """The same as the store takes it; days are those of this device's clock.

        Raises:
            RequestError: `bad_request`, a day or a status that is none.
        """
        if self.status and self.status not in get_args(Status):
            raise _unfit("status", self.status, ", ".join(get_args(Status)))
        until = _day(self.until)
        return Wanted(
            label=self.label or None,
            named=self.named or None,
            least=self.least,
            status=cast(Status, self.status) if self.status else None,
            person=self.person or None,
            since=_midnight(_day(self.since)),
            until=_midnight(until + timedelta(days=1) if until else None),
        )

    def address(self, path: str, after: int | None = None, before: int | None = None) -> str:
        """Write the address of a page of what is found; the first without keys."""
        asked = asdict(replace(self, after=after, before=before))
        query = {NAMES[name]: value for name, value in asked.items() if value}
        if self.least == 1:
            query.pop("least", None)
        return f"{path}?{urlencode(query)}" if query else path

    @property
    def table(self) -> str:
        """The address of all that is found as a table; days are those of this device's clock."""
        asked = {name: value for name, value in vars(self.wanted).items() if value}
        if self.least == 1:
            asked.pop("least", None)
        query = {
            NAMES[name]: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asked.items()
        }
        return f"/api/v1/slides.csv?{urlencode(query)}" if query else "/api/v1/slides.csv"


# As the API calls them.
NAMES: Final = {
    "label": "label",
    "since": "from",
    "until": "to",
    "named": "class",
    "least": "least",
    "status": "status",
    "person": "person",
    "after": "after",
    "before": "before",
}


def searched(query: MultiDict[str, str]) -> Searched:
    """Read what an address asks for.

    Raises:
        RequestError: `bad_request`, a number that is none.
    """
    texts = ("label", "since", "until", "named", "status", "person")
    told = {name: query.get(NAMES[name], "").strip() for name in texts}
    return Searched(
        **told,
        least=number(query, "least") or 1,
        after=number(query, "after"),
        before=number(query, "before"),
    )


def number(query: MultiDict[str, str], name: str) -> int | None:
    """Read a number from 1 on out of an address or a form; None where it has none.

    Raises:
        RequestError: `bad_request`, it is no such number.
    """
    text = query.get(name, "").strip()
    if not text:
        return None
    digits = text.lstrip("0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(LARGEST_ID))):
        raise _unfit(name, text, "1, 2, 3 …")
    if int(digits) > LARGEST_ID:
        raise _unfit(name, text, "1, 2, 3 …")
    return int(digits)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _unfit("date", text, "2026-11-27") from error
    if not date.min.year < day.year < date.max.year:  # the next day exists in every time zone
        raise _unfit("date", text, "2026-11-27")
    return day


def _midnight(day: date | None) -> datetime | None:
    """Give the moment at which a day begins by this device's clock."""
    return datetime.combine(day, time()).astimezone() if day else None


def _unfit(name: str, value: str, example: str) -> RequestError:
    return RequestError(
        "bad_request",
        _("{value} cannot be searched for as {name}: write {example}").format(
            value=repr(value[:40]), name=name, example=example
        ),
    )
