"""Explanations come with answers, in order and none gathered."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime import Engine, Refusal, decode
from runtime.engine import CHUNK
from runtime.explain import LARGEST_PX, view
from runtime.framing import Framing
from runtime.images import Picture
from runtime.preprocess import window_share
from tests.runtime.shades import Edit, Encode, decoders, shade, without_time


def corner() -> Picture:
    """A black picture whose upper left corner is red."""
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:15, :15] = (255, 0, 0)
    return picture


def test_an_explanation_shows_what_speaks_for_the_answer(tiny_engine: Engine) -> None:
    found = tiny_engine.explain(corner(), "corner")
    assert without_time(found.answer) == without_time(tiny_engine.classify(corner(), "corner"))
    assert np.array_equal(found.picture, corner())
    changed = np.abs(found.heat_map.astype(int) - found.picture).sum(axis=-1)
    assert changed[:12, :12].min() > 20
    assert changed[25:, 25:].max() < 5


def test_a_large_picture_is_colored_where_the_network_looked(tiny_bundle: Path, edit: Edit) -> None:
    table, schema = {"nuclei": 1.8, "least": 0.2}, "hematovision.bundle/2"
    edit(tiny_bundle, lambda m: (m.update(schema=schema), m["input"].update(framing=table)))
    rows, columns = np.ogrid[-1:1:2000j, -1:1:2000j]
    radius = np.hypot(rows, columns) / np.sqrt(0.2052 * 4 / np.pi)
    picture = np.full((2000, 2000, 3), (0, 200, 120), np.uint8)
    picture[..., 0] = np.where(radius < 1, 60 + 60 * radius, 220)
    share, reduced = (window_share(p, Framing.of(table)) for p in (picture, view(picture)))
    assert abs(share - reduced) > 0.02  # else this test could not fail
    found = Engine.load(tiny_bundle, threads=1).explain(picture).heat_map
    colored = np.ptp(found, axis=-1).max(axis=0) > 0
    assert colored.sum() == round(share * LARGEST_PX)


def test_both_variants_explain_alike(tiny_bundle: Path) -> None:
    maps = [
        Engine.load(tiny_bundle, v, threads=1).explain(corner()).heat_map for v in ("int8", "fp32")
    ]
    assert np.array_equal(*maps)


def test_a_picture_is_decoded_once_to_be_explained(
    tiny_engine: Engine, encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = list[str]()

    def counted(source: Any, name: str) -> Picture:
        taken.append(name)
        return decode(source, name)

    monkeypatch.setattr("runtime.engine.decode", counted)
    assert tiny_engine.explain(io.BytesIO(encode("red")), "cell.png").answer.label == "red"
    assert taken == ["cell.png"]


def test_many_are_explained_in_order_around_a_bad_one(tiny_engine: Engine) -> None:
    pictures = [b"no picture" if i == 3 else shade(i) for i in range(CHUNK + 2)]
    found = list(tiny_engine.explain_each((str(i), p) for i, p in enumerate(pictures)))
    assert isinstance(found[3], Refusal)
    answers = [f if isinstance(f, Refusal) else f.answer for f in found]
    assert [a.source for a in answers] == [str(i) for i in range(CHUNK + 2)]
    alone = tiny_engine.explain(shade(5))
    assert not isinstance(found[5], Refusal)
    assert np.array_equal(found[5].heat_map, alone.heat_map)
    assert not decoders()


def test_what_is_explained_is_not_gathered(tiny_engine: Engine) -> None:
    taken = 0

    def endless() -> Iterator[tuple[str, Picture]]:
        nonlocal taken
        while True:
            taken += 1
            yield str(taken), shade(taken)

    found = tiny_engine.explain_each(endless())
    next(found)
    assert taken <= 3 * CHUNK
    found.close()  # type: ignore[attr-defined]
    assert not decoders()
