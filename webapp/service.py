"""What the app owns: its networks, or why there are none, and the queue in front of them.

A few requests are classified at once, a few more wait for their turn, and all others are sent
away at once, so that a flood of pictures leaves threads for the pages. A body is taken apart only
within its turn: until then it is held once, as the server has received it, and the server bounds
how many it receives. How many pictures are decoded at once is the engine's own concern.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from flask import Flask, current_app

from runtime import Bundle, BundleError, Detector, Engine, document
from runtime.answers import ClassifyDocument
from runtime.bundle import ENVIRONMENT, Attribute, CellClass, read_bundle
from runtime.field_answers import AnalyzeDocument, FieldAnswer, FieldModels, field_document
from runtime.fields import Analyzer
from runtime.images import Picture
from runtime.scale import Scale
from runtime.slide import Size
from webapp.errors import RequestError
from webapp.settings import Settings

EXTENSION = "hematovision"
Chosen = Literal["flag", "environment", "default", "given"]
Loaded = TypeVar("Loaded")


class Turns:
    """Lets in a bounded number of callers, and lets a bounded number wait."""

    def __init__(self, working: int, waiting: int, patience_s: float) -> None:
        """Allow `working` at once and `waiting` more, each for `patience_s` seconds."""
        self._patience_s = patience_s
        self._door = threading.BoundedSemaphore(working + waiting)
        self._desk = threading.BoundedSemaphore(working)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and keep it for the length of a `with`.

        Raises:
            RequestError: `busy`.
        """
        if not self._door.acquire(blocking=False):
            raise _busy()
        try:
            if not self._desk.acquire(timeout=self._patience_s):
                raise _busy()
            try:
                yield
            finally:
                self._desk.release()
        finally:
            self._door.release()


@dataclass(frozen=True)
class Listed:
    """A bundle of this device, or what is wrong with it.

    Attributes:
        id: name of its folder, with a number behind it where another bundle's is called the same.
        folder: where it lies.
        bundle: the bundle.
        is_answering: whether it is the one that answers.
        chosen: why it is; None of one that is not.
    """

    id: str
    folder: Path
    bundle: Bundle | BundleError
    is_answering: bool
    chosen: Chosen | None


class Service:
    """Answers for the routes; made once, shared by the threads of the server."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine | BundleError,
        detector: Detector | BundleError,
        chosen: Mapping[str, Chosen] | None = None,
    ) -> None:
        """Keep an engine and a detector, or the problems that stand in their places.

        Args:
            settings: of the app.
            engine: names cells.
            detector: finds cells in fields.
            chosen: task to why its bundle answers; None for those that a program gave.
        """
        self.settings = settings
        self._chosen = chosen or {}
        self.detector = detector if isinstance(detector, Detector) else None
        self._undetected = detector if isinstance(detector, BundleError) else None
        self.engine = engine if isinstance(engine, Engine) else None
        self.problem = engine if isinstance(engine, BundleError) else None
        self.analyzer = (
            Analyzer(self.detector, self.engine) if self.detector and self.engine else None
        )
        self.why_no_analyzer = self.problem or self._undetected
        self._turns = Turns(settings.working, settings.waiting, settings.patience_s)
        self._started_s = time.monotonic()

    @classmethod
    def open(cls, settings: Settings) -> "Service":
        """Load both networks; a bundle that cannot be used is kept as the problem to show."""
        return cls(
            settings,
            _loaded(Engine.load, settings.model),
            _loaded(Detector.load, settings.detector),
            {
                "classify": _chosen("classify", settings.model),
                "detect": _chosen("detect", settings.detector),
            },
        )

    @property
    def classes(self) -> tuple[CellClass, ...]:
        """Classes that the engine tells apart; none without an engine."""
        return self.engine.bundle.classes if self.engine else ()

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """What else the engine tells of a cell."""
        return self.engine.bundle.attributes if self.engine else ()

    @property
    def judges(self) -> bool:
        """Whether the engine says what its answers are worth."""
        return bool(self.engine and self.engine.bundle.trust)

    @property
    def described(self) -> str:
        """Say in a few words which model answers, or that none does."""
        if self.engine is None:
            return f"no model: {self.problem}"
        model = self.engine.model
        return f"the model {model.name} {model.version} ({model.variant})"

    @property
    def troubles(self) -> list[BundleError]:
        """Why some pictures cannot be answered: what is wrong with either network."""
        return [each for each in (self.problem, self._undetected) if each]

    @property
    def uptime_s(self) -> float:
        """Seconds since the app was made."""
        return time.monotonic() - self._started_s

    def bundles(self) -> list[Listed]:
        """List each bundle of the device once, by folder; last those that answer from elsewhere.

        Those that answer are told as they were loaded, whatever their folders hold by now.
        """
        listed: dict[Path, Bundle | BundleError] = {}
        for manifest in sorted(self.settings.models.glob("*/manifest.json")):
            listed[manifest.parent.resolve()] = _read(manifest.parent)
        loaded = [network.bundle for network in (self.engine, self.detector) if network]
        answering = {bundle.path.resolve(): bundle for bundle in loaded}
        listed.update(answering)
        named = list[Listed]()
        for folder, bundle in listed.items():
            bundle_id = _free(folder.name, {each.id for each in named})
            named.append(self._listed(bundle_id, folder, bundle, folder in answering))
        return named

    def classify(self, take: Callable[[], Sequence[tuple[str, bytes]]]) -> ClassifyDocument:
        """Classify pictures within a turn.

        Args:
            take: gives the name and the encoded bytes of each picture; called once the turn has
                come, so that who waits or is sent away has copied nothing.

        Raises:
            BundleError: there is no engine.
            RequestError: `busy`, or what `take` raises.
        """
        engine = self._able_engine()
        with self._turns.turn():
            return document(engine.model, engine.classify_each(take()))

    def explain(self, take: Callable[[], tuple[str, bytes]]) -> Picture:
        """Draw the heat map of a picture within a turn.

        Args:
            take: gives the picture's name and encoded bytes, as in `classify`.

        Returns:
            (side, side, 3) uint8 RGB, see `runtime.explain`.

        Raises:
            ImageError: the picture cannot be answered.
            BundleError: there is no engine.
            RequestError: `busy`, or what `take` raises.
        """
        engine = self._able_engine()
        with self._turns.turn():
            name, encoded = take()
            return engine.explain(encoded, name).heat_map

    def analyze(self, take: Callable[[], Sequence[tuple[str, bytes]]]) -> AnalyzeDocument:
        """Find, measure and name the cells of fields within a turn, as of one slide.

        Args:
            take: gives the name and the encoded bytes of each picture, as in `classify`.

        Raises:
            BundleError: there is no engine, or no detector.
            RequestError: `busy`, or what `take` raises.
        """
        analyzer = self._able_analyzer()
        with self._turns.turn():
            return field_document(
                analyzer.models,
                analyzer.analyze_each(take()),
                [c.id for c in self.classes],
            )

    def analyze_more(
        self,
        take: Callable[[], Sequence[tuple[str, bytes]]],
        earlier: Mapping[Size, Sequence[Scale]],
    ) -> tuple[FieldModels, list[tuple[bytes, FieldAnswer]]]:
        """Analyze more fields of a slide within a turn; more as `analyze`.

        Args:
            take: as in `analyze`.
            earlier: scales that fields of the slide have told, by width and height.

        Returns:
            The networks, and each picture's encoded bytes with what was found in it, in order.
        """
        analyzer = self._able_analyzer()
        with self._turns.turn():
            pictures = take()
            answers = analyzer.analyze_each(pictures, earlier)
            encoded = (each for _, each in pictures)
            return analyzer.models, list(zip(encoded, answers, strict=True))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn among the requests, and keep it for the length of a `with`.

        Raises:
            RequestError: `busy`.
        """
        with self._turns.turn():
            yield

    def _listed(
        self, bundle_id: str, folder: Path, bundle: Bundle | BundleError, is_answering: bool
    ) -> Listed:
        chosen: Chosen | None = None
        if is_answering and isinstance(bundle, Bundle):
            chosen = self._chosen.get(bundle.task, "given")
        return Listed(bundle_id, folder, bundle, is_answering, chosen)

    def _able_engine(self) -> Engine:
        if self.engine is None:
            raise _unable(self.problem)
        return self.engine

    def _able_analyzer(self) -> Analyzer:
        if self.analyzer is None:
            raise _unable(self.why_no_analyzer)
        return self.analyzer


def service_of(app: Flask) -> Service:
    """Give the service that `create_app` has put into an app."""
    service: Service = app.extensions[EXTENSION]
    return service


def current_service() -> Service:
    """Give the service of the app that handles this request."""
    return service_of(current_app)


def _free(name: str, taken: set[str]) -> str:
    """Give a name that is not taken: `pbc`, else `pbc-2`."""
    numbered = (f"{name}-{n}" for n in range(2, len(taken) + 2))
    return next(each for each in (name, *numbered) if each not in taken)


def _loaded(load: Callable[[Path | None], Loaded], folder: Path | None) -> Loaded | BundleError:
    try:
        return load(folder)
    except BundleError as problem:
        return problem


def _chosen(task: str, named: Path | None) -> Chosen:
    """Say why the bundle that `load_bundle` takes is the one."""
    if named:
        return "flag"
    return "environment" if os.environ.get(ENVIRONMENT[task]) else "default"


def _unable(problem: BundleError | None) -> BundleError:
    """Say why a network is missing, anew: an error raised twice would gather tracebacks."""
    code = problem.code if problem else "bundle_missing"
    return BundleError(code, f"No model can answer: {problem}")


def _read(folder: Path) -> Bundle | BundleError:
    try:
        return read_bundle(folder)
    except BundleError as error:
        return error


def _busy() -> RequestError:
    return RequestError("busy", "Other pictures are being read right now: try again in a moment")
