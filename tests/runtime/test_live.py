"""The live view over a real stream: rates, losses, counts, and what the command prints."""

import time
import tracemalloc
from collections import Counter
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from runtime import Engine
from runtime.answers import Refusal
from runtime.camera import Video
from runtime.camera_cli import count_lines, look_line
from runtime.detection import KINDS
from runtime.detector import Detector
from runtime.errors import CameraError
from runtime.field_answers import Cell, FieldAnalysis
from runtime.field_answers import count as count_kinds
from runtime.fields import Analyzer
from runtime.frames import Frame, FrameSource
from runtime.images import Picture
from runtime.live import Analyze, Look, looks, watch
from runtime.live_count import LiveCount
from runtime.network_camera import Url
from runtime.quality import Quality
from runtime.scale import touches_edge
from runtime.smear import draw_smear
from runtime.watched_folder import WatchedFolder
from tests.runtime.mjpeg_server import Write, serving, stream
from tests.runtime.seen import FIRST, OTHER, encoded, field
from tests.tiny_bundle import CLASSES, make_tiny_bundle
from tests.tiny_squares import make_squares_detector


@pytest.fixture
def bundles(tmp_path: Path) -> tuple[Path, Path]:
    """A detector of colored squares, and a classifier that knows their colors."""
    return make_squares_detector(tmp_path / "find"), make_tiny_bundle(tmp_path / "name")


@pytest.fixture
def analyzer(bundles: tuple[Path, Path]) -> Analyzer:
    detector, model = bundles
    return Analyzer(Detector.load(detector, threads=1), Engine.load(model, threads=1))


@pytest.fixture
def analyze(analyzer: Analyzer) -> Analyze:
    """Whatever a field of squares is worth to those who judge pictures, here it counts."""

    def analyzed(picture: Picture, name: str) -> FieldAnalysis:
        return replace(analyzer.analyze(picture, name), quality=Quality(True, ()))

    return analyzed


def test_slow_looks_take_the_newest_frame_and_tell_both_rates() -> None:
    pictures = [encoded(np.full((24, 32, 3), level, np.uint8)) for level in range(0, 200, 2)]
    with serving(stream(pictures)) as camera, FrameSource(Url(camera.url)) as source:
        found = list[Look]()
        for look in looks(watch(source, most=6), source):
            found.append(look)
            time.sleep(0.2)
    numbers = [look.frame.number for look in found]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] >= 2 * len(numbers)  # more than half were passed over
    assert found[-1].given_per_s > 1.5 * found[-1].looked_per_s > 0
    assert {look.size for look in found} == {(32, 24)}


def test_cells_in_view_are_counted_once_and_named(analyze: Analyze) -> None:
    counted = LiveCount(CLASSES)
    pictures = [encoded(field(FIRST))] * 30 + [encoded(field(OTHER))]
    with serving(stream(pictures)) as camera, FrameSource(Url(camera.url)) as source:
        for look in looks(watch(source, seconds=20), source, analyze):
            assert isinstance(look.answer, FieldAnalysis)
            counted.add(look.answer)
            if counted.counts["wbc"] == 3 and look.answer.counts["wbc"] == 2:
                break
    assert counted.counts == {"wbc": 3, "rbc": 6, "platelet": 1}
    found = counted.differential()
    assert (found.counted, found.classes["blue"].n) == (3, 3)
    assert found.per_field["rbc"] == pytest.approx(3)


def test_a_field_that_is_not_worth_counting_is_not_counted(analyze: Analyze) -> None:
    counted = LiveCount(CLASSES)
    analysis = analyze(field(FIRST), "field")
    for _ in range(3):
        counted.add(replace(analysis, quality=Quality(False, ())))
    assert counted.counts == {"wbc": 0, "rbc": 0, "platelet": 0}
    assert (counted.fields, counted.unusable) == (0, 3)


def test_fields_of_a_folder_are_each_counted_whole(analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "fields"
    folder.mkdir()
    counted = LiveCount(CLASSES, moving=False)
    with FrameSource(WatchedFolder(folder)) as source:
        found = looks(watch(source, most=3, seconds=20), source, analyze)
        time.sleep(0.3)
        (folder / "1.png").write_bytes(encoded(field(FIRST), "PNG"))
        (folder / "2.png").write_bytes(b"not a picture")
        (folder / "3.png").write_bytes(encoded(field(FIRST), "PNG"))
        answers = [look.answer for look in found]
    for answer in answers:
        if isinstance(answer, FieldAnalysis):
            counted.add(answer)
    assert [type(answer) for answer in answers].count(Refusal) == 1
    assert counted.counts == {"wbc": 2, "rbc": 6, "platelet": 2}


def test_a_video_of_a_drawn_slide_counts_its_cells_once(tmp_path: Path, analyze: Analyze) -> None:
    """A stage that pans over a drawn smear and back; what the detector would find is known."""
    cv2 = pytest.importorskip("cv2", reason="OpenCV, an extra, is not installed")
    smear = draw_smear(4, 900, 360, white=["neutrophil", "lymphocyte", "monocyte"])
    wide, high, pace = 480, 360, 30
    corners = [*range(0, 900 - wide + 1, pace), *range(900 - wide, -1, -pace)]
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 15, (wide, high))
    for x in corners:
        writer.write(smear.picture[:, x : x + wide, ::-1])
    writer.release()
    blank = replace(analyze(np.full((high, wide, 3), 220, np.uint8), "blank"), cells=[])
    sightings = Counter[int]()

    def known(picture: Picture, name: str) -> FieldAnalysis:
        x = corners[int(name.removeprefix("frame ")) - 1]
        assert np.abs(picture.astype(int) - smear.picture[:, x : x + wide]).mean() < 8
        cells = list[Cell]()
        for number, cell in enumerate(smear.cells):
            x0, y0, x1, y1 = cell.box
            box = (float(max(0, x0 - x)), float(y0), float(min(wide, x1 - x)), float(y1))
            if box[2] - box[0] > 6:
                cut = touches_edge(box, wide, high)
                sightings[number] += not cut
                cells.append(Cell(number, cell.kind, box, 0.9, cut, None, None))
        return replace(blank, cells=cells, counts=count_kinds(cells))

    counted = LiveCount(CLASSES)
    with FrameSource(Video(film)) as source:
        for look in looks(watch(source), source, known):
            assert isinstance(look.answer, FieldAnalysis)
            counted.add(look.answer)
    assert counted.fields == len(corners)
    seen = Counter(smear.cells[number].kind for number, n in sightings.items() if n >= 2)
    assert counted.counts == {kind: seen[kind] for kind in KINDS}
    assert seen["rbc"] > 15


def test_what_never_was_there_ends_the_watch_with_its_reason() -> None:
    with (
        serving(stream([encoded(field(FIRST))]), status=404) as camera,
        FrameSource(Url(camera.url)) as source,
        pytest.raises(CameraError, match="404"),
    ):
        list(watch(source))


def test_what_was_there_is_waited_for() -> None:
    """The first connection ends after a picture, the next after another, and so on."""
    numbers = count()

    def once(write: Write) -> None:
        picture = encoded(np.full((24, 32, 3), 10 * next(numbers), np.uint8))
        write(b"--frame\r\n\r\n" + picture)

    with serving(once) as camera, FrameSource(Url(camera.url)) as source:
        levels = [int(frame.picture()[0, 0, 0]) for frame in watch(source, most=3, seconds=20)]
    assert levels == pytest.approx([0, 10, 20], abs=1)


def test_a_watch_ends_in_time_without_frames(tmp_path: Path) -> None:
    start_s = time.monotonic()
    with FrameSource(WatchedFolder(tmp_path)) as source:
        assert list(watch(source, seconds=0.5)) == []
    assert 0.5 <= time.monotonic() - start_s < 5


def test_memory_stays_where_it_is_however_long_a_stream_lasts() -> None:
    picture = encoded(np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8))
    with (
        serving(stream([picture], pause_s=0.001)) as camera,
        FrameSource(Url(camera.url)) as source,
    ):
        assert source.next(10) is not None
        tracemalloc.start()
        end_s = time.monotonic() + 20
        while source.seen < 200 and time.monotonic() < end_s:
            time.sleep(0.02)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert source.seen >= 200
    assert most < 20 * len(picture)


def test_the_target_is_reached_by_white_cells_of_known_class(analyze: Analyze) -> None:
    counted = LiveCount(CLASSES, target=3, moving=False)
    reached = list[bool]()
    for _ in range(3):
        counted.add(analyze(field(FIRST), "field"))
        reached.append(counted.complete)
    assert reached == [False, False, True]
    strange = LiveCount(CLASSES, target=1, moving=False)
    analysis = analyze(field(FIRST), "field")
    cells = [
        replace(c, classification=replace(c.classification, status="unfamiliar"))
        for c in analysis.cells
        if c.classification
    ]
    strange.add(replace(analysis, cells=cells))
    assert not strange.complete
    assert strange.differential().unclassified == 1


def test_platelets_are_estimated_from_the_fields_whose_scale_is_known(analyze: Analyze) -> None:
    known = replace(analyze(field(FIRST), "field"), um_per_px=0.1)
    alone, among_others = LiveCount(CLASSES, moving=False), LiveCount(CLASSES, moving=False)
    alone.add(known)
    for each in (replace(known, um_per_px=None), known, replace(known, um_per_px=None)):
        among_others.add(each)
    estimate = alone.differential().estimates.platelets_per_oil_field
    assert estimate is not None
    assert estimate > 0
    assert among_others.differential().estimates.platelets_per_oil_field == estimate
    assert among_others.differential().per_field == alone.differential().per_field
    assert among_others.differential().fields == 3


def test_what_was_counted_is_summed_up(analyzer: Analyzer, analyze: Analyze) -> None:
    counted = LiveCount(CLASSES, target=100, moving=False)
    counted.add(analyze(field(FIRST), "field"))
    lines = list(count_lines(counted, analyzer.models))
    assert lines[0] == (
        "counted in 1 picture: wbc 1, rbc 3, platelet 1; not worth counting: 0 pictures"
    )
    assert "counted           1  of 100 wanted, in 1 field" in lines
    assert not counted.complete
    assert LiveCount(CLASSES, target=100).white == []


def test_a_frame_is_named_in_one_line() -> None:
    frame = Frame(1, "a\nb.png", b"", 0.0)
    line = look_line(Look(frame, None, None, None, 1.0, 2.0), None)
    assert line == r"a\nb.png  unreadable  2.0 frames/s, 1.0 looked at"
