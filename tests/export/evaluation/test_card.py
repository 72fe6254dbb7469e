import dataclasses
from typing import Any

import pytest

from export.evaluation.card import card
from export.evaluation.evaluate import compare, evaluate
from tests.export.evaluation.test_evaluate import SAMPLES, A, B


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
