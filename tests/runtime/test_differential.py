"""White cells are counted as a laboratory counts them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.answers import ModelId, to_json
from runtime.differential import (
    OIL_FIELD_UM2,
    FieldCount,
    differential,
)
from runtime.field_answers import Cell as FieldCell
from runtime.field_answers import (
    FieldAnalysis,
    FieldModels,
    FieldTiming,
    count,
    field_count,
    field_document,
)
from runtime.quality import Quality
from runtime.smear import draw_smear
from runtime.text import differential_lines

CLASSES = ("basophil", "erythroblast", "lymphocyte", "neutrophil", "platelet")
MODELS = FieldModels(*[ModelId("tiny", "1.0.0", "int8", "00")] * 2)


@dataclass(frozen=True)
class Cell:
    label: str
    status: str | None = "confident"


def field(text: str = "", rbc: int = 0, platelet: int = 0, um2: float | None = None) -> FieldCount:
    """A field of cells by their first letters, `?` for one that is unfamiliar."""
    of = {label[0]: Cell(label) for label in CLASSES} | {"?": Cell("neutrophil", "unfamiliar")}
    counts = {"wbc": len(text), "rbc": rbc, "platelet": platelet}
    return FieldCount([of[letter] for letter in text], counts, um2)


def test_one_cell_gives_the_contract_of_the_documentation() -> None:
    told = to_json(differential([field("n", rbc=23, platelet=2)], CLASSES))
    assert told["target"] == 100
    assert told["counted"] == 1
    assert told["unclassified"] == 0
    assert told["classes"]["neutrophil"] == {"n": 1, "percent": 100.0, "interval": [2.5, 100.0]}
    assert told["nrbc_per_100_wbc"] == 0.0
    assert told["per_field"] == {"platelet": 2.0, "rbc": 23.0, "wbc": 1.0}
    json.dumps(told, allow_nan=False)


def test_percentages_are_of_white_cells_only() -> None:
    found = differential([field("nnnl"), field("eepp??")], CLASSES)
    assert found.counted == 4
    assert {k: s.n for k, s in found.classes.items()} == {
        "basophil": 0,
        "lymphocyte": 1,
        "neutrophil": 3,
    }
    assert found.classes["neutrophil"].percent == 75.0
    assert found.unclassified == 4
    assert (found.nrbc, found.nrbc_per_100_wbc) == (2, 50.0)


def test_an_unfamiliar_erythroblast_is_no_nucleated_red_cell() -> None:
    cells = [Cell("erythroblast", "unfamiliar"), Cell("erythroblast", None), Cell("lymphocyte")]
    found = differential([FieldCount(cells, {})], CLASSES)
    assert (found.nrbc, found.unclassified, found.counted) == (1, 1, 1)


def test_an_answer_is_counted_where_a_bundle_has_no_thresholds_or_is_unsure() -> None:
    cells = [Cell("neutrophil", None), Cell("neutrophil", "uncertain")]
    assert differential([FieldCount(cells, {})], CLASSES).classes["neutrophil"].n == 2


def test_a_begun_field_is_counted_to_its_end_and_no_further_one_is_asked_for() -> None:
    asked = []

    def fields() -> Iterator[FieldCount]:
        for i in range(9):
            asked.append(i)
            yield field("nnl" if i else "ee??", rbc=10 * i)

    found = differential(fields(), CLASSES, target=4)
    assert asked == [0, 1, 2]
    assert (found.fields, found.counted, found.complete) == (3, 6, True)
    assert found.classes["lymphocyte"].n == 2
    assert found.per_field["rbc"] == 10.0


def test_too_few_cells_are_said_to_be_too_few() -> None:
    found = differential([field("n" * 99)], CLASSES)
    assert not found.complete
    assert differential([field("n" * 100)], CLASSES).complete


@pytest.mark.parametrize("fields", [[], [field()], [field("pp??", rbc=4)]])
def test_without_white_cells_nothing_is_claimed(fields: list[FieldCount]) -> None:
    told = to_json(differential(fields, CLASSES))
    assert told["classes"]["lymphocyte"] == {"n": 0, "percent": None, "interval": [0.0, 100.0]}
    assert told["nrbc_per_100_wbc"] is None
    assert told["nrbc_interval"] == [None, None]


def test_nucleated_red_cells_alone_have_no_ratio_but_a_lower_end() -> None:
    found = differential([field("eee")], CLASSES)
    low, high = found.nrbc_interval
    assert low is not None
    assert found.nrbc_per_100_wbc is high is None
    assert "3 nucleated red cells and no white cell" in list(differential_lines(found))


def test_the_interval_of_a_ratio_is_that_of_the_share_in_both_together() -> None:
    # 5 of 100 in both lie between 1.64 and 11.28 %; per 100 others that is 1.67 and 12.7.
    found = differential([field("e" * 5 + "n" * 95)], CLASSES)
    assert found.nrbc_interval == (pytest.approx(1.67, abs=0.005), pytest.approx(12.72, abs=0.005))


def test_platelets_are_estimated_from_the_fields_whose_scale_is_known() -> None:
    half = OIL_FIELD_UM2 / 2
    fields = [field(rbc=100, platelet=5, um2=half), field(rbc=100, platelet=7, um2=half)]
    found = differential([*fields, field(rbc=50, platelet=90)], CLASSES).estimates
    assert found.platelets_per_oil_field == pytest.approx(12)
    assert found.platelets_1e9_per_l == (pytest.approx(180), pytest.approx(240))
    assert found.platelets_per_1000_rbc == pytest.approx(408)


def test_without_scale_or_red_cells_nothing_is_estimated() -> None:
    found = differential([field("n", platelet=3)], CLASSES).estimates
    assert found.platelets_per_oil_field is found.platelets_1e9_per_l is None
    assert found.platelets_per_1000_rbc is None


def test_a_class_that_nobody_announced_is_counted_and_shown() -> None:
    found = differential([FieldCount([Cell("blast"), Cell("neutrophil")], {})], CLASSES)
    assert found.classes["blast"].n == 1


def test_no_target_is_no_count() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        differential([], CLASSES, target=0)


def test_lines_are_aligned_and_mark_what_is_estimated() -> None:
    fields = [field("nnnnnnllleb?", rbc=200, platelet=10, um2=OIL_FIELD_UM2)] * 2
    assert list(differential_lines(differential(fields, CLASSES))) == [
        "                  n       %   95 % interval",
        "basophil          2    10.0   1.2 to 31.7",
        "lymphocyte        6    30.0   11.9 to 54.3",
        "neutrophil       12    60.0   36.1 to 80.9",
        "counted          20  of 100 wanted, in 2 fields",
        "unclassified      2  outside of the percentages",
        "10.0 nucleated red cells per 100 white cells (2 seen, 95 % interval 1.1 to 41.2)",
        "200.0 red cells and 10.0 platelets in a field",
        "platelets by estimate: 150 to 200 x 10^9/L, "
        "from 10.0 in the area of an oil immersion field",
    ]


@settings(max_examples=25)
@given(st.lists(st.text(alphabet="belnp?", max_size=8).map(field), max_size=12), st.integers(1, 20))
def test_every_cell_is_counted_once_and_in_one_place(fields: list[FieldCount], target: int) -> None:
    found = differential(fields, CLASSES, target)
    seen = [cell for f in fields[: found.fields] for cell in f.white]
    assert found.counted + found.unclassified + found.nrbc == len(seen)
    assert found.counted == sum(share.n for share in found.classes.values())
    assert found.complete or found.fields == len(fields)
    if found.counted:
        assert sum(s.percent or 0 for s in found.classes.values()) == pytest.approx(100)
    for share in found.classes.values():
        low, high = share.interval
        assert 0 <= low <= (share.percent or 0) <= high <= 100


def test_density_is_that_of_the_smear_though_edges_cut_cells_off() -> None:
    """Drawn smears in windows, with a margin around them; the truth counts middles of cells."""
    width, height, margin, um_per_px = 300, 200, 60, 0.15
    corners = [(margin + width * i, margin + height * j) for i in range(3) for j in range(3)]
    fields, all_of_them, middles = [], 0, 0
    for seed in range(8):
        smear = draw_smear(seed, 3 * width + 2 * margin, 3 * height + 2 * margin, um_per_px)
        boxes = np.array([c.box for c in smear.cells if c.kind == "rbc"], float)
        for x, y in corners:
            own = boxes - (x, y, x, y)
            middle = (own[:, :2] + own[:, 2:]) / 2
            middles += int(((middle >= 0) & (middle < (width, height))).all(axis=1).sum())
            cut = np.clip(own, 0, [width, height, width, height])
            cut = cut[(cut[:, 2:] > cut[:, :2]).all(axis=1)]
            all_of_them += len(cut)
            fields.append(window_of(cut.tolist(), width, height, um_per_px))
    counts = [field_count(field) for field in fields]
    density = sum(c.counts["rbc"] for c in counts) / sum(c.area_um2 or 0 for c in counts)
    area_um2 = len(fields) * width * height * um_per_px**2
    assert density == pytest.approx(middles / area_um2, rel=0.03)
    assert all_of_them > 1.3 * middles  # what counting at all four edges gives
    found = field_document(MODELS, fields, CLASSES).differential
    assert found.per_field["rbc"] == pytest.approx(middles / len(fields), rel=0.03)
    assert sum(field.counts["rbc"] for field in fields) == all_of_them  # is not touched


def window_of(
    boxes: list[tuple[float, float, float, float]], width: int, height: int, um_per_px: float
) -> FieldAnalysis:
    """A field in which red cells were found, and nothing else."""
    cells = [FieldCell(i, "rbc", tuple(box), 0.9, False, None) for i, box in enumerate(boxes, 1)]
    return FieldAnalysis(
        source="window",
        width=width,
        height=height,
        um_per_px=um_per_px,
        um_per_px_interval=None,
        scale_source="given",
        white_balance=(1, 1, 1),
        quality=Quality(True, ()),
        cells=cells,
        counts=count(cells),
        ms=FieldTiming(0, 0, 0, 0),
    )
