"""What a line of the results may hold: types, ranges, and text that a terminal can show.

A file of results travels between machines and is merged by hand, so a line is believed only after
every value in it was looked at. The keys are those of `rows.Row`, which says what they mean.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

SCHEMA = "hematovision.bench/1"
MOST = 1e9  # milliseconds (eleven days), MiB, images a second
MOST_COUNTED = 10**6  # threads, pictures in a call, rounds, samples
YEARS = range(1970, 2100)  # a board without a battery starts in 1970
COLDEST_C, HOTTEST_C = -100, 1000
MODEL = ("name", "version", "variant", "sha256")


def check(line: object) -> dict[str, Any]:
    """Return what a parsed line holds, or refuse it.

    Args:
        line: what `json.loads` made of it.

    Returns:
        The keys that this program knows and that are not null.

    Raises:
        ValueError: it is no row; the message names the first key whose value cannot be.
    """
    if not isinstance(line, dict):
        raise ValueError("not a JSON object")
    if line.get("schema") != SCHEMA:
        raise ValueError(f"its schema is {line.get('schema')!r}, this program reads {SCHEMA}")
    given = {key: line[key] for key in FITS if line.get(key) is not None}
    for key, fits in FITS.items():
        if key in NEEDED and key not in given:
            raise ValueError(f"'{key}' is missing")
        if key in given and not fits(given[key]):
            raise ValueError(f"'{key}' holds what it cannot hold")
    return given


def _text(value: object) -> bool:
    """Tell whether a value is words that neither move a cursor nor break a line."""
    return isinstance(value, str) and value.isprintable()


def _number(value: object, low: float = 0, high: float = MOST) -> bool:
    # Nothing compares with NaN, and whole numbers of any length compare exactly.
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _count(value: object, least: int = 1) -> bool:
    return isinstance(value, int) and _number(value, least, MOST_COUNTED)


def _time(value: object) -> bool:
    try:
        time = datetime.fromisoformat(str(value))
        return _text(value) and time.tzinfo is not None and time.astimezone(UTC).year in YEARS
    except (ValueError, OverflowError):
        return False


def _model(value: object) -> bool:
    return isinstance(value, dict) and all(_text(value.get(key)) for key in MODEL)


def _facts(value: object) -> bool:
    """Tell whether a value maps words to words, numbers or nothing."""
    return isinstance(value, dict) and all(
        _text(key) and (fact is None or _text(fact) or _number(fact)) for key, fact in value.items()
    )


def _machine(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    plain = dict(value)
    heat_c, held = plain.pop("temperature_c", None), plain.pop("throttled", None)
    heat_fits = heat_c is None or _number(heat_c, COLDEST_C, HOTTEST_C)
    return _facts(plain) and heat_fits and (held is None or _throttled(held))


def _throttled(value: object) -> bool:
    return isinstance(value, dict) and all(
        words is None or (isinstance(words, list) and all(map(_text, words)))
        for words in (value.get("now"), value.get("since_boot"))
    )


FITS: Mapping[str, Callable[[object], bool]] = {
    "time": _time,
    "commit": _text,
    "model": _model,
    "machine": _machine,
    "versions": _facts,
    "threads": _count,
    "batch": _count,
    "stage": _text,
    "samples_ms": lambda value: isinstance(value, list) and all(map(_number, value)),
    "images_per_s": _number,
    "p50": _number,
    "p90": _number,
    "p99": _number,
    "min": _number,
    "n": lambda value: _count(value, 0),
    "rss_mib": _number,
    "reference_ms": _number,
    "error": lambda value: isinstance(value, str),
    "rounds": _count,
    "warmups": lambda value: _count(value, 0),
    "pictures": _facts,
    "detector": _model,
}
NEEDED = frozenset({"time", "model", "machine", "versions", "threads", "stage"})
