"""Real content made wrong: bytes anywhere, and values within JSON."""

import json
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

ODD_BYTES = (0, 1, 0x0A, 0x22, 0x2C, 0x3A, 0x3B, 0x7F, 0x80, 0xD8, 0xD9, 0xFE, 0xFF)
ODD_NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
ODD_TEXTS = (
    "",
    " ",
    "\0",
    "\ud800",
    "é\u202e\n",
    "../..",
    "a" * 5000,
    "\u0661",
    "nan",
    "1e999",
    "-1",
)
ODD_VALUES = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, 5e-324),
    *([], {}, [[]], [None], {"": None}, *ODD_TEXTS),
)
MOST_AT_ONCE = 5


def mutate(given: bytes, draw: Random, others: Sequence[bytes], longest: int) -> bytes:
    """Make content wrong in some places.

    Args:
        given: the byte of its part, and content.
        draw: decides what is done.
        others: given like it, to be spliced with.
        longest: bytes that come out at most.
    """
    head, content = given[:1] or b"\0", given[1:]
    if draw.random() < 0.7 and (changed := mutate_json(content, draw)) is not None:
        return (head + changed)[:longest]
    changed = bytearray(content)
    for _ in range(draw.randint(1, MOST_AT_ONCE)):
        _change(changed, draw, others)
    return (head + bytes(changed))[:longest]


def mutate_json(content: bytes, draw: Random) -> bytes | None:
    """Change values and keys of a JSON document; None of what is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict | list):
        return None
    for _ in range(draw.randint(1, MOST_AT_ONCE)):
        _change_value(document, draw)
    with suppress(ValueError, RecursionError):
        return json.dumps(document, ensure_ascii=draw.random() < 0.5).encode(errors="surrogatepass")
    return None


def _change(content: bytearray, draw: Random, others: Sequence[bytes]) -> None:
    # The beginning holds what says how the rest is read.
    size = len(content) if draw.random() < 0.6 else min(len(content), 64)
    at = draw.randrange(size + 1)
    length = min(2 ** draw.randrange(12), len(content) - at)
    match draw.randrange(8):
        case 0 if at < len(content):
            content[at] ^= 1 << draw.randrange(8)
        case 1 if at < len(content):
            content[at] = draw.choice(ODD_BYTES)
        case 2:
            width = draw.choice((1, 2, 4))
            number = draw.choice(ODD_NUMBERS) % 256**width
            content[at : at + width] = number.to_bytes(width, draw.choice(("big", "little")))
        case 3:
            del content[at : at + length]
        case 4:
            content[at:at] = content[at : at + length] * draw.randint(1, 4)
        case 5:
            del content[at:]
        case 6 if others:
            other = draw.choice(others)
            begin = draw.randrange(len(other) + 1)
            content[at : at + length] = other[begin : begin + length]
        case _:
            content[at:at] = draw.choice(ODD_TEXTS)[:50].encode(errors="surrogatepass")


def _change_value(document: Any, draw: Random) -> None:
    """Go down into a document, and change one of its values or keys."""
    while True:
        keys: list[Any] = list(document if isinstance(document, dict) else range(len(document)))
        if not keys:
            if isinstance(document, list):
                document.append(draw.choice(ODD_VALUES))
            return
        key = draw.choice(keys)
        if isinstance(document[key], dict | list) and document[key] and draw.random() < 0.85:
            document = document[key]
            continue
        match draw.randrange(6):
            case 0:
                del document[key]
            case 1 if isinstance(document, dict):
                document[draw.choice(ODD_TEXTS)] = document.pop(key)
            case 2 if isinstance(document, list):
                document.extend(document[:1] * draw.choice((1, 2, 200)))
            case 3:
                document[key] = document[draw.choice(keys)]
            case 4 if isinstance(document[key], int | float):
                with suppress(OverflowError):
                    document[key] = document[key] * draw.choice((-1, 2, 0.5, 1000, 10**9))
            case _:
                document[key] = draw.choice(ODD_VALUES)
        return
