from typing import Any

from export.evaluation.failures import of_cells


def evaluation(right: int, wrong: int, sure_accuracy: float) -> dict[str, Any]:
    """Of cells of the class a, some of which are taken for b, and ten of b."""
    return {
        "confusion": {"a": {"a": right, "b": wrong} if wrong else {"a": right}, "b": {"b": 10}},
        "recall": {"a": right / (right + wrong), "b": 1.0},
        "trust": {"statuses": {"confident": {"n": 20, "accuracy": sure_accuracy}}},
    }


def test_nothing_is_told_of_a_set_where_nothing_was_wrong() -> None:
    assert of_cells(evaluation(20, 0, 1.0)) == []


def test_confusions_lowest_recalls_and_wrong_confident_answers_are_told() -> None:
    assert of_cells(evaluation(15, 5, 0.9)) == [
        "most often named wrong: 5 of 20 a as b",
        "lowest recall: a 75.0 %",
        "2 of 20 answers called confident are wrong",
    ]
