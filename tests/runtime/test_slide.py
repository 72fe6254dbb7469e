from collections.abc import Iterator, Sequence

from runtime.answers import Problem, Refusal
from runtime.field_answers import Cell, FieldAnalysis, FieldAnswer, FieldTiming
from runtime.quality import Quality
from runtime.scale import ScaleSource
from runtime.slide import WAITING, of_one_slide

CELL = Cell(1, "platelet", (10, 10, 30, 30), 0.9, touches_edge=False, diameter_um=None)


def field(
    source: str,
    um_per_px: float | None = None,
    scale_source: ScaleSource | None = None,
    *,
    usable: bool = True,
    width: int = 640,
) -> FieldAnalysis:
    return FieldAnalysis(
        source=source,
        width=width,
        height=480,
        um_per_px=um_per_px,
        um_per_px_interval=(0.9 * um_per_px, 1.1 * um_per_px) if um_per_px else None,
        scale_source=(scale_source or "red_cells") if um_per_px else None,
        white_balance=(1, 1, 1),
        quality=Quality(usable, ()),
        cells=[CELL],
        counts={"platelet": 1},
        ms=FieldTiming(1, 1, 1, 3),
    )


def scales(answers: Sequence[FieldAnswer]) -> list[tuple[float | None, str | None]]:
    told = [a for a in of_one_slide(answers) if isinstance(a, FieldAnalysis)]
    return [(a.um_per_px, a.scale_source) for a in told]


def test_a_field_with_too_few_red_cells_has_the_scale_of_its_slide() -> None:
    measured = [field(f"s/{i}.png", um) for i, um in enumerate((0.09, 0.1, 0.13))]
    (*_, carried) = of_one_slide([*measured, field("s/few.png")])
    assert isinstance(carried, FieldAnalysis)
    assert (carried.um_per_px, carried.scale_source) == (0.1, "slide")
    assert carried.um_per_px_interval == (0.9 * 0.1, 1.1 * 0.1)
    assert carried.cells[0].diameter_um == 20 * 0.1


def test_it_may_come_first() -> None:
    answers = [field("s/a.png"), field("s/b.png"), field("s/c.png", 0.1), field("s/d.png", 0.2)]
    assert scales(answers) == [
        (0.1, "slide"),
        (0.1, "slide"),
        (0.1, "red_cells"),
        (0.2, "red_cells"),
    ]


def test_answers_keep_their_order_and_wait_no_longer_than_they_must() -> None:
    given = [field("s/a.png"), field("s/b.png", 0.1), Refusal("s/c.png", Problem("empty", "empty"))]
    taken: list[str] = []

    def come() -> Iterator[FieldAnswer]:
        for answer in given:
            taken.append(answer.source)
            yield answer

    first = next(of_one_slide(come()))
    assert (first.source, taken) == ("s/a.png", ["s/a.png", "s/b.png"])
    assert [a.source for a in of_one_slide(given)] == ["s/a.png", "s/b.png", "s/c.png"]


def test_other_folders_and_sizes_are_other_slides() -> None:
    answers = [field("s/a.png", 0.1), field("t/a.png"), field("s/b.png", width=320)]
    assert scales(answers) == [(0.1, "red_cells"), (None, None), (None, None)]


def test_a_field_that_should_not_be_counted_tells_no_scale() -> None:
    assert scales([field("s/a.png", 0.1, usable=False), field("s/b.png")])[1] == (None, None)


def test_red_cells_of_the_slide_are_surer_than_an_outline_and_a_person_than_both() -> None:
    outline = field("s/a.png", 0.2, "outline")
    answers = [
        outline,
        field("s/b.png", 0.1),
        field("s/c.png", 1, "given"),
    ]
    assert scales(answers) == [(0.1, "slide"), (0.1, "red_cells"), (1, "given")]
    assert scales([outline]) == [(0.2, "outline")]


def test_a_slide_without_any_scale_is_answered_as_it_comes() -> None:
    taken = []

    def answers() -> Iterator[FieldAnswer]:
        for i in range(3 * WAITING):
            taken.append(i)
            yield field(f"s/{i}.png")

    told = of_one_slide(answers())
    for i in range(2 * WAITING):
        assert next(told).source == f"s/{i}.png"
    assert len(taken) <= 3 * WAITING
    assert taken[-1] - i <= WAITING
