"""The analyzer: every cell of a whole field found, measured, and the white ones named.

A field is decoded and its cells are found; its red cells give the scale; each white cell is cut
out as the classifier was taught with it, a strong cast taken away, and all are named in one batch.
An analyzer may be shared by any number of threads, and a bad picture costs its own answer and
nothing else.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from runtime.answers import Refusal
from runtime.color import Gains, balanced, is_strong, white_balance
from runtime.crops import crop
from runtime.detection import Box, Found
from runtime.detector import Detector
from runtime.differential import NOT_WHITE
from runtime.engine import Engine
from runtime.errors import ImageError
from runtime.field_answers import (
    Cell,
    FieldAnalysis,
    FieldAnswer,
    FieldModels,
    FieldTiming,
    count,
)
from runtime.images import Picture, Source, decode, within_memory
from runtime.quality import judge_field, without_cells
from runtime.scale import Scale, diameter_um, from_outlines, from_red_cells, given, touches_edge
from runtime.slide import Size, of_one_slide, scaled
from runtime.trust import UNFAMILIAR

# Blood shows so many red cells at least, and so high a mean score of its surest: halfway between
# what 99 % of the 250 pictures without blood that thresholds are chosen on have at most, 0.43, and
# the least of the 207 validation fields of Bio-net and TXL-PBC, 0.56 (fields 1.4.0).
FEWEST_RED_CELLS: Final = 5
LEAST_MEAN_SCORE: Final = 0.5


class Analyzer:
    """Answers for fields with a detector and a classifier; open it with `Analyzer.load`."""

    def __init__(
        self,
        detector: Detector,
        engine: Engine,
        um_per_px: float | None = None,
        least: float | None = None,
    ) -> None:
        """Put two networks together.

        Args:
            detector: finds the cells.
            engine: names the white ones.
            um_per_px: scale of all pictures, None to measure it.
            least: every cell above this score is answered, for those who measure; None takes
                the detector's own thresholds.
        """
        self.detector = detector
        self.engine = engine
        self.models = FieldModels(detector.model, engine.model)
        self._given = None if um_per_px is None else given(um_per_px)
        self._least = least

    @classmethod
    def load(
        cls,
        detector: Path | None = None,
        model: Path | None = None,
        threads: int | None = None,
        um_per_px: float | None = None,
        least: float | None = None,
    ) -> "Analyzer":
        """Open both bundles and make them ready to answer.

        Args:
            detector: folder of the bundle that finds cells; None takes the default one.
            model: folder of the bundle that names white cells; None takes the default one.
            threads: threads of one inference, at least 1; None takes the physical cores, at most 4.
            um_per_px: as in the constructor.
            least: as in the constructor.

        Raises:
            BundleError: `bundle_missing`, `bundle_damaged` or `bundle_incompatible`.
        """
        found = Detector.load(detector, threads=threads)
        return cls(found, Engine.load(model, threads=threads), um_per_px, least)

    def analyze(self, source: Source, name: str = "picture") -> FieldAnalysis:
        """Find, measure and name the cells of one field.

        Args:
            source: path, encoded bytes, binary stream or (height, width, 3) uint8 RGB array.
            name: what the answer calls the picture when `source` has no path.

        Raises:
            ImageError: the picture cannot be read, or is too small or too large.
            BundleError: a network's answer is not finite.
        """
        if isinstance(source, str | Path):
            name = str(source)
        with self.engine.decoding, within_memory(name):
            start = time.perf_counter()
            picture = decode(source, name)
            decoded = time.perf_counter()
            told = self._detected(picture)
            found = [each for each in told if self._counts(each)]
            detected = time.perf_counter()
            height, width, _ = picture.shape
            scale = self._given or from_red_cells(found, width, height)
            quality = judge_field(picture, found, scale.um_per_px if scale else None)
            measured = time.perf_counter()
            gains = white_balance(picture)
            cells = self._cells(picture, told, gains, scale)
            classified = time.perf_counter()
            if not _is_blood(cells):
                cells, scale, quality = [], self._given, without_cells(quality)
            ms = FieldTiming(
                decode=(decoded - start) * 1e3,
                detect=(detected - decoded) * 1e3,
                classify=(classified - measured) * 1e3,
                total=(time.perf_counter() - start) * 1e3,
            )
        answer = FieldAnalysis(
            source=name,
            width=width,
            height=height,
            um_per_px=scale.um_per_px if scale else None,
            um_per_px_interval=scale.interval if scale else None,
            scale_source=scale.source if scale else None,
            white_balance=gains,
            quality=quality,
            cells=cells,
            counts=count(cells),
            ms=ms,
        )
        return answer if scale else scaled(answer, from_outlines(_outlines(cells), width, height))

    def analyze_each(
        self,
        pictures: Iterable[tuple[str, Source]],
        earlier: Mapping[Size, Sequence[Scale]] | None = None,
    ) -> Iterator[FieldAnswer]:
        """Answer for any number of fields, in order, as of one slide; see `of_one_slide`.

        Args:
            pictures: pairs of a name and a picture as `analyze` takes it.
            earlier: scales of fields that the slide has already, by width and height.
        """
        answers = (self._answer(name, source) for name, source in pictures)
        return of_one_slide(answers, earlier)

    def _answer(self, name: str, source: Source) -> FieldAnswer:
        try:
            return self.analyze(source, name)
        except ImageError as error:
            return Refusal.of(name, error)

    def _detected(self, picture: Picture) -> list[Found]:
        """Find cells, once for those that count and those that are only told."""
        if self._least is None:
            return self.detector.detect(picture)
        lowest = min(self._least, *self.detector.thresholds.values())
        return [
            each
            for each in self.detector.detect(picture, lowest)
            if each.score >= self._least or self._counts(each)
        ]

    def _counts(self, each: Found) -> bool:
        return each.score >= self.detector.thresholds[each.kind]

    def _cells(
        self, picture: Picture, found: Sequence[Found], gains: Gains, scale: Scale | None
    ) -> list[Cell]:
        """Number and measure what was found, and name the white cells in one batch."""
        height, width, _ = picture.shape
        white = {number: each for number, each in enumerate(found, 1) if each.kind == "wbc"}
        crops = (crop(picture, each.box) for each in white.values())
        if is_strong(gains):
            crops = (balanced(cell, gains) for cell in crops)
        answers = self.engine.classify_cells(crops, "white cell")
        named = dict(zip(white, answers, strict=True))
        if scale:
            named = {
                number: replace(answer, um_per_px=scale.um_per_px, scale_source=scale.source)
                for number, answer in named.items()
            }
        return [
            Cell(
                id=number,
                kind=each.kind,
                box=each.box,
                score=each.score,
                touches_edge=touches_edge(each.box, width, height),
                diameter_um=diameter_um(each.box, width, height, scale),
                classification=named.get(number),
                counted=self._counts(each),
            )
            for number, each in enumerate(found, 1)
        ]


def _is_blood(cells: Sequence[Cell]) -> bool:
    """Tell whether the detector is sure of red cells, or the classifier knows a white one."""
    counted = [cell for cell in cells if cell.counted]
    red = sorted((cell.score for cell in counted if cell.kind == "rbc"), reverse=True)
    named = [cell.classification for cell in counted if cell.classification]
    knows_red = sum(red[:FEWEST_RED_CELLS]) >= FEWEST_RED_CELLS * LEAST_MEAN_SCORE
    return knows_red or any(
        cell.status != UNFAMILIAR and cell.label not in NOT_WHITE for cell in named
    )


def _outlines(cells: Iterable[Cell]) -> Iterator[tuple[str, Box]]:
    """Give class and box of the white cells that are known to be some."""
    for cell in cells:
        named = cell.classification
        if cell.counted and named and named.status != UNFAMILIAR:
            yield named.label, cell.box
