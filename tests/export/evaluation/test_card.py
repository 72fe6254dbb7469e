import dataclasses
from typing import Any

import pytest

from export.evaluation.card import card
from export.evaluation.evaluate import compare, evaluate
from export.evaluation.strange import count
from tests.export.evaluation.test_evaluate import SAMPLES, A, B
from tests.export.evaluation.test_morphology import SHAPE, cell, said
from tests.export.evaluation.test_trusted import ODD, SURE, UNSURE


@pytest.fixture
def manifest() -> dict[str, Any]:
    measured = dataclasses.asdict(evaluate(SAMPLES, [A, A, B, B]))
    pair = dataclasses.asdict(compare(SAMPLES, [A, A, A, B], [A, A, B, B]))
    split = {"count": 4, "classes": {"a": 3, "b": 1}, "sha256": "0"}
    return {
        "title": "Letters",
        "name": "letters",
        "version": "1.0.0",
        "classes": [{"id": c, "title": c, "color": "#000000"} for c in "abc"],
        "input": {"size": 32},
        "variants": {"default": "int8", "int8": {"bytes": 500_000}, "fp32": {"bytes": 2_000_000}},
        "metrics": {
            "home": {
                "val": {"int8_vs_fp32": pair},
                "test": {"data": split, "int8": measured, "fp32": measured},
            },
            "away from home": {"all": {"data": split, "int8": measured, "fp32": measured}},
        },
        "training": {
            "recipe_sha256": "0123456789abcdef",
            "seed": 1,
            "best_epoch": 2,
            "commit": None,
            "data": {"train": split, "val": split},
        },
    }


def test_a_card_tells_every_figure_of_both_networks(manifest: dict[str, Any]) -> None:
    lines = card(manifest, ["Letters only."]).splitlines()
    columns = "home, test, int8", "home, test, fp32", "away from home, all, int8"
    assert any(all(column in line for column in columns) for line in lines)
    for figure, value in (("macro F1 %", "73.33 ("), ("macro AUC", "0.8333 ("), ("| macro", "83.")):
        assert any(figure in line and line.count(value) == 4 for line in lines), figure
    assert any("| home, val" in line and "-25.00 (" in line for line in lines)


def test_what_int8_gains_is_written_as_a_gain(manifest: dict[str, Any]) -> None:
    better = dataclasses.asdict(compare(SAMPLES, [A, A, A, A], [A, A, A, B]))
    manifest["metrics"]["home"]["test"]["int8_vs_fp32"] = better
    (line,) = [line for line in card(manifest, []).splitlines() if "| home, test " in line]
    assert " +25.00 (" in line


def test_a_set_of_any_name_breaks_no_table(manifest: dict[str, Any]) -> None:
    manifest["metrics"]["a|b\n]"] = manifest["metrics"].pop("away from home")
    told = card(manifest, [])
    assert r"a\|b\n], all, int8 |" in told
    assert r"![confusion on a|b\\n\]](figures/confusion-a%7Cb%0A%5D.png)" in told


def test_a_card_shows_figures_and_no_cells(manifest: dict[str, Any]) -> None:
    told = card(manifest, [])
    assert "(figures/confusion-home.png)" in told
    assert "(figures/reliability-away%20from%20home.png)" in told
    assert told.count("![") == 4


def test_a_card_keeps_its_purpose_and_its_limits(manifest: dict[str, Any]) -> None:
    told = card(manifest, ["Letters only."])
    assert "For Research Use Only. Not for use in diagnostic procedures." in told
    assert told.index("## Limits") < told.index("- Letters only.")


def test_a_card_without_trust_tells_nothing_of_it(manifest: dict[str, Any]) -> None:
    told = card(manifest, [])
    assert "softmax that has not been calibrated" in told
    assert "## How far" not in told
    assert "## What the attributes mean" not in told
    assert "## Data" not in told


@pytest.fixture
def trusted(manifest: dict[str, Any]) -> dict[str, Any]:
    """The same with marks of trust at home, and pictures that are no cells."""
    measured = dataclasses.asdict(evaluate(SAMPLES, [SURE, UNSURE, ODD, SURE]))
    manifest["metrics"]["home"]["test"]["int8"] = measured
    strange = dataclasses.asdict(count(SAMPLES, [ODD, SURE, ODD, ODD]))
    manifest["metrics"]["photos"] = {"test": {"data": {}, "strange": {"int8": strange}}}
    return manifest | {"trust": {"coverage": 0.99}}


def test_a_card_tells_the_statuses_of_cells_and_of_no_cells(trusted: dict[str, Any]) -> None:
    told = card(trusted, [])
    (head,) = [line for line in told.splitlines() if "| photos, test, no cells |" in line]
    assert "home, test" in head
    assert "away" not in head
    (share,) = [line for line in told.splitlines() if line.startswith("| unfamiliar % ")]
    assert "25.0 (" in share
    assert "75.0 (" in share
    assert "(99 asked for)" in told
    for picture in ("figures/risk-coverage.png", "figures/unfamiliarity.png"):
        assert f"({picture})" in told


def test_a_card_names_known_failures_with_their_counts(trusted: dict[str, Any]) -> None:
    told = card(trusted, [])
    assert "- home, test: most often named wrong: 1 of 1 b as a; 1 of 2 answers called" in told
    assert "- photos, test, no cells: 1 of 4 pictures without a cell are not called" in told
    assert "- away from home, all: most often named wrong: 1 of 3 a as b" in told


def test_a_card_explains_attributes_and_names_the_data(manifest: dict[str, Any]) -> None:
    measured = dataclasses.asdict(evaluate([cell("round")], [said("round")], [SHAPE]))
    manifest["metrics"]["home"]["test"]["int8"] = measured
    shape = {"id": "shape", "title": "Shape", "values": ["round", "long"], "of": ["a"]}
    manifest["attributes"] = [shape]
    manifest["data"] = [{"name": "Ours", "use": "all", "source": "we", "license": "CC0"}]
    lines = card(manifest, []).splitlines()
    assert any("Shape" in line and "`shape`" in line and "round, long" in line for line in lines)
    assert any(line.startswith("| shape") and "100.0 (" in line for line in lines)
    assert any("| Ours" in line and "CC0" in line for line in lines)
