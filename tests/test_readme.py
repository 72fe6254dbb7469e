"""The README tells what was measured last."""

import pytest
from PIL import Image

from benchmarks import readme


def test_its_figures_are_those_of_the_manifest_and_the_results() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert readme.renewed(text) == text, "run 'make readme'"


def test_its_chart_was_drawn_from_the_results() -> None:
    with Image.open(readme.CHART) as picture:
        assert picture.info["Source"] == readme.results_sha256(), "run 'make readme'"


def test_every_part_has_its_place() -> None:
    marked = {name for _, name, _ in readme.PART.findall(readme.README.read_text("utf-8"))}
    assert marked == readme.PARTS.keys()


@pytest.mark.parametrize("text", ["no marks", "<!-- odd: written by make readme -->\n<!-- end -->"])
def test_a_readme_without_places_is_refused(text: str) -> None:
    with pytest.raises(readme.ReadmeError):
        readme.renewed(text)
