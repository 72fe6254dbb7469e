"""The README tells what was measured last."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import readme
from runtime.cli import main

ROOT = readme.README.parent


def test_its_figures_are_those_of_the_manifest_and_the_results() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert readme.renewed(text) == text, "run 'make readme'"


def test_its_chart_was_drawn_from_the_results() -> None:
    with Image.open(readme.CHART) as picture:
        assert picture.info["Source"] == readme.results_sha256(), "run 'make readme'"


def test_every_part_has_its_place() -> None:
    marked = {name for _, name, _ in readme.PART.findall(readme.README.read_text("utf-8"))}
    assert marked == readme.PARTS.keys()


def test_every_measured_set_has_its_rows_and_gains_are_gains() -> None:
    scores = {"accuracy": 0.5, "interval": [0.4, 0.6], "n": 9, "macro_f1": 0.5, "ece": 0.1}
    scores |= {"accuracy_among": 0.6, "macro_auc": None}

    def split(lost: float) -> dict[str, object]:
        pair = {"n": 9, "agreement": 0.9, "points_lost": lost, "interval": [lost - 1, lost + 2]}
        return {"int8": scores, "fp32": scores, "int8_vs_fp32": pair}

    metrics = {"home": {"test": split(0.5)}, "a|b\n": {"all": split(-2.0)}, "c": {"all": split(0)}}
    accuracy, pairs = readme.accuracy_tables(metrics)
    assert [line[0] for line in accuracy.lines] == ["home, test", "a|b , all", "c, all"]
    assert [line[-1] for line in pairs.lines] == [
        "-0.50 (-2.50 to +0.50)",
        "+2.00 (+0.00 to +3.00)",
        "+0.00 (-2.00 to +1.00)",
    ]
    assert r"| a\|b , all | 9 |" in pairs.markdown()


@pytest.mark.parametrize("text", ["no marks", "<!-- odd: written by make readme -->\n<!-- end -->"])
def test_a_readme_without_places_is_refused(text: str) -> None:
    with pytest.raises(readme.ReadmeError):
        readme.renewed(text)


def test_its_first_commands_run_in_their_order_in_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = readme.README.read_text("utf-8")
    begin, python = text.index("**On the command line**"), "    .venv/bin/python -m runtime "
    lines = text[begin : text.index("**Through a camera**")].splitlines()
    commands = [line.removeprefix(python) for line in lines if line.startswith(python)]
    assert {line.split()[0] for line in commands} >= {"smear", "analyze", "classify"}
    monkeypatch.chdir(tmp_path)
    for command in commands:
        words = shlex.split(command.replace("--count 20", "--count 2").split(">")[0], comments=True)
        if words[0] != "verify":  # the shipped bundles are verified elsewhere
            assert main(words) == 0, (command, capsys.readouterr().err)


def test_it_tells_each_option_of_the_installer() -> None:
    text = readme.README.read_text("utf-8")
    section = text[text.index("## Install without a network") : text.index("**Update and roll")]
    help_of = [sys.executable, "-c", "from webapp.packaging.installer.cli import *; parse_args()"]
    done = subprocess.run([*help_of, "--help"], cwd=ROOT, capture_output=True, text=True)
    options = set(re.findall(r"--[a-z]+", done.stdout)) - {"--help"}
    assert {"--prefix", "--commands"} <= options
    assert {option for option in options if option not in section} == set()


def test_its_key_to_sign_with_lies_outside_of_the_checkout() -> None:
    (place,) = re.findall(r"webapp\.packaging key --out (\S+)", readme.README.read_text("utf-8"))
    assert not (ROOT / Path(place).expanduser()).is_relative_to(ROOT)
