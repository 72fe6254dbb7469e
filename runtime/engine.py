"""The engine: a bundle's network, loaded once, answering for many pictures and many threads.

Concurrency: pictures are decoded by a small pool; semaphores of the engine bound how many are
decoded and inferred at once, by it and by an analyzer that it is part of, so that N callers become
neither N times the cores in threads nor N times a large picture in memory. An engine may be shared
by any number of threads. Answers come in the order of the pictures; a bad picture costs its own
answer and nothing else.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from runtime.answers import Answer, Classification, ModelId, Refusal, Timing
from runtime.bundle import Bundle, load_bundle
from runtime.errors import BundleError, ImageError
from runtime.explain import Explanation, Heat, evidence, heat_map, occluded, view
from runtime.images import Picture, Source, decode, within_memory
from runtime.judgement import ATTRIBUTES, LOGITS, TEXTURES, Array, judge, outputs_of
from runtime.preprocess import Batch, resample, to_batch, window, window_share
from runtime.session import any_number, open_session
from runtime.threads import default_threads

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CHUNK = 16
# A picture at the limit of 60 megapixels takes 0.4 GB while it is decoded, as WebP 0.9 GB.
DECODERS = 2
NO_VIEW = np.empty((0, 0, 3), np.uint8)

Told = TypeVar("Told")


@dataclass(frozen=True)
class _Ready:
    """A picture on its way: what the network will see, and what it took to get there."""

    pixels: Picture
    width: int
    height: int
    decode_ms: float
    preprocess_ms: float
    share: float  # side of the window that the network will see, see `preprocess.window_share`
    view: Picture  # what a heat map is drawn over, `NO_VIEW` where none is asked for


class Engine:
    """Answers with the network of one bundle; open it with `Engine.load`."""

    def __init__(
        self, bundle: Bundle, variant: str, session: "InferenceSession", threads: int
    ) -> None:
        """Keep a session that `load` has checked."""
        self.bundle = bundle
        self.threads = threads
        self.model = ModelId(bundle.name, bundle.version, variant, bundle.variants[variant].sha256)
        self._session = session
        self._outputs = outputs_of(bundle)
        self._input = session.get_inputs()[0].name
        self._inferring = threading.BoundedSemaphore(max(1, default_threads() // threads))
        # Also taken by who works on whole fields beside this engine.
        self.decoding = threading.BoundedSemaphore(DECODERS)

    @classmethod
    def load(
        cls, path: Path | None = None, variant: str | None = None, threads: int | None = None
    ) -> "Engine":
        """Open a bundle, check its files, and make it ready to answer.

        Args:
            path: folder of the bundle; None takes the default one, see `load_bundle`.
            variant: `int8` or `fp32`; None takes the bundle's default.
            threads: threads of one inference, at least 1; None takes the physical cores, at most 4.

        Returns:
            An engine that may be shared by threads.

        Raises:
            BundleError: `bundle_missing`, `bundle_damaged` or `bundle_incompatible`.
        """
        bundle = load_bundle(path)
        chosen = bundle.variant(variant)
        threads = threads or default_threads()
        network = bundle.read(chosen.file, chosen.sha256)
        session = open_session(network, threads, f"{bundle.path / chosen.file}")
        _check_signature(session, bundle, chosen.file)
        return cls(bundle, chosen.name, session, threads)

    def classify(self, source: Source, name: str = "picture") -> Classification:
        """Name the cell in one picture.

        Args:
            source: path, encoded bytes, binary stream or (height, width, 3) uint8 RGB array.
            name: what the answer calls the picture when `source` has no path.

        Returns:
            The answer; `ms.total` is the time of all of it.

        Raises:
            ImageError: the picture cannot be read, or is too small or too large.
            BundleError: the network's answer is not finite.
        """
        ready = self._prepare(source, name)
        return next(self._answer([(_name(source, name), ready)]))

    def explain(self, source: Source, name: str = "picture") -> Explanation:
        """Name the cell in one picture, and show what in it speaks for that name.

        Args:
            source: as `classify` takes it.
            name: as in `classify`.

        Raises:
            ImageError: as `classify`.
            BundleError: as `classify`.
        """
        ready = self._prepare(source, name, viewed=True)
        return next(self._explained([(_name(source, name), ready)]))

    def classify_batch(
        self, sources: Sequence[Source], names: Sequence[str] | None = None
    ) -> list[Answer]:
        """Name the cells of many pictures, in order; a bad picture becomes a `Refusal`.

        Args:
            sources: pictures as `classify` takes them.
            names: what the answers call them, one each; None takes the paths.
        """
        called = names or [_name(source, f"picture {i}") for i, source in enumerate(sources, 1)]
        return list(self.classify_each(zip(called, sources, strict=True)))

    def classify_cells(self, cells: Iterable[Picture], name: str) -> Iterator[Classification]:
        """Name cells that have been cut out of one picture, in order, without a thread for it.

        Who calls it holds the picture, and so has a place among those who decode already.

        Args:
            cells: (height, width, 3) uint8 RGB each; one chunk of network inputs is held.
            name: what the answers call each of them.

        Raises:
            ImageError: a cell is too small or too large.
            BundleError: as `classify`.
        """
        queue = iter(cells)
        while chunk := [(name, self._ready(cell, name)) for cell in islice(queue, CHUNK)]:
            yield from self._answer(chunk)

    def classify_each(self, pictures: Iterable[tuple[str, Source]]) -> Iterator[Answer]:
        """Name the cells of any number of pictures as they come, in order.

        While one chunk is inferred the next is being decoded; no more than two chunks, of pictures
        as they were given or of network inputs, are held.

        Args:
            pictures: pairs of a name and a picture as `classify` takes it.

        Returns:
            One `Classification` or `Refusal` a picture.
        """
        return self._each(pictures, self._answer, viewed=False)

    def explain_each(
        self, pictures: Iterable[tuple[str, Source]]
    ) -> Iterator[Explanation | Refusal]:
        """Name and explain the cells of any number of pictures as they come, in order.

        Beside what `classify_each` holds, two chunks of views are held, at most 57 MB.

        Args:
            pictures: as `classify_each` takes them.

        Returns:
            One `Explanation` or `Refusal` a picture.
        """
        return self._each(pictures, self._explained, viewed=True)

    def _each(
        self,
        pictures: Iterable[tuple[str, Source]],
        answer: Callable[[list[tuple[str, _Ready]]], Iterator[Told]],
        *,
        viewed: bool,
    ) -> Iterator[Told | Refusal]:
        queue = iter(pictures)
        with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:

            def submit() -> list[tuple[str, Future[_Ready]]]:
                return [
                    (name, pool.submit(self._prepare, source, name, viewed=viewed))
                    for name, source in islice(queue, CHUNK)
                ]

            waiting = submit()
            try:
                while waiting:
                    ahead = submit()
                    yield from _collect(waiting, answer)
                    waiting = ahead
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _infer(self, batch: Batch, outputs: Sequence[str]) -> tuple[dict[str, Array], float]:
        """Return the network's outputs for a batch, and the milliseconds without waiting."""
        with self._inferring:
            start = time.perf_counter()
            found = self._session.run(outputs, {self._input: batch})
            took_ms = (time.perf_counter() - start) * 1e3
        arrays = {name: np.asarray(a) for name, a in zip(outputs, found, strict=True)}
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise BundleError(
                "bundle_damaged",
                f"{self.bundle.path}, {self.model.variant}, computes numbers that are not finite: "
                "run the command 'verify', then copy the bundle again or take another "
                "--variant",
            )
        return arrays, took_ms

    def _prepare(self, source: Source, name: str, *, viewed: bool = False) -> _Ready:
        with self.decoding, within_memory(name):
            return self._ready(source, name, viewed=viewed)

    def _ready(self, source: Source, name: str, *, viewed: bool = False) -> _Ready:
        start = time.perf_counter()
        picture = decode(source, name)
        decoded = time.perf_counter()
        share = window_share(picture, self.bundle.framing)
        pixels = resample(window(picture, share), self.bundle.size_px)
        done = time.perf_counter()
        seen = view(picture) if viewed else NO_VIEW
        height, width, _ = picture.shape
        decode_ms, preprocess_ms = (decoded - start) * 1e3, (done - decoded) * 1e3
        return _Ready(pixels, width, height, decode_ms, preprocess_ms, share, seen)

    def _answer(self, ready: list[tuple[str, _Ready]]) -> Iterator[Classification]:
        outputs, took_ms = self._infer(to_batch([r.pixels for _, r in ready]), self._outputs)
        return self._judged(ready, outputs, took_ms)

    def _explained(self, ready: list[tuple[str, _Ready]]) -> Iterator[Explanation]:
        """Answer and explain; the maps are made one by one, as they are taken."""
        outputs, took_ms = self._infer(to_batch([r.pixels for _, r in ready]), self._outputs)
        answers = self._judged(ready, outputs, took_ms)
        for (_, r), logits, answer in zip(ready, outputs[LOGITS], answers, strict=True):
            heat = self._evidence(r.pixels, logits, answer.label)
            yield Explanation(answer, r.view, heat_map(r.view, heat, r.share))

    def _evidence(self, pixels: Picture, logits: Array, label: str) -> Heat:
        hidden = occluded(pixels)
        parts = [hidden[start : start + CHUNK] for start in range(0, len(hidden), CHUNK)]
        found = [self._infer(part, [LOGITS])[0][LOGITS] for part in parts]
        place = [c.id for c in self.bundle.classes].index(label)
        return evidence(logits, np.concatenate(found), place)

    def _judged(
        self, ready: list[tuple[str, _Ready]], outputs: Mapping[str, Array], took_ms: float
    ) -> Iterator[Classification]:
        inference_ms = took_ms / len(ready)
        for (name, r), judged in zip(ready, judge(self.bundle, outputs), strict=True):
            yield Classification(
                source=name,
                width=r.width,
                height=r.height,
                label=judged.label,
                confidence=judged.confidence,
                probabilities=judged.probabilities,
                status=judged.status,
                prediction_set=judged.prediction_set,
                attributes=judged.attributes,
                um_per_px=None,
                scale_source=None,
                ms=Timing(
                    r.decode_ms,
                    r.preprocess_ms,
                    inference_ms,
                    r.decode_ms + r.preprocess_ms + inference_ms,
                ),
                unfamiliarity=judged.unfamiliarity,
            )


def _collect(
    waiting: list[tuple[str, Future[_Ready]]],
    answer: Callable[[list[tuple[str, _Ready]]], Iterator[Told]],
) -> Iterator[Told | Refusal]:
    """Answer what could be decoded and put refusals where they belong."""
    slots: list[tuple[str, _Ready] | Refusal] = []
    for name, future in waiting:
        try:
            slots.append((name, future.result()))
        except ImageError as error:
            slots.append(Refusal.of(name, error))
    ready = [slot for slot in slots if not isinstance(slot, Refusal)]
    answered = answer(ready) if ready else iter(())
    for slot in slots:
        yield slot if isinstance(slot, Refusal) else next(answered)


def _name(source: Source, name: str) -> str:
    return str(source) if isinstance(source, str | Path) else name


def _check_signature(session: "InferenceSession", bundle: Bundle, file: str) -> None:
    """Refuse a graph that does not take and give what the manifest promises."""
    size, trust = bundle.size_px, bundle.trust
    widths = {
        LOGITS: len(bundle.classes),
        ATTRIBUTES: sum(len(a.values) for a in bundle.attributes),
        TEXTURES: len(trust.center) if trust else 0,
    }
    promised = (
        [("tensor(uint8)", ["n", size, size, 3])],
        {name: ("tensor(float)", ["n", widths[name]]) for name in outputs_of(bundle)},
    )
    takes = [(a.type, any_number(a.shape)) for a in session.get_inputs()]
    gives = {
        a.name: (a.type, any_number(a.shape))
        for a in session.get_outputs()
        if a.name in promised[1]
    }
    if (takes, gives) != promised:
        raise BundleError(
            "bundle_incompatible",
            f"{bundle.path / file} takes {takes} and gives {gives}, its manifest promises "
            f"{promised[0]} and {promised[1]}: export the bundle again",
        )
