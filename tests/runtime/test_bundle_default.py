"""Which bundle answers when none is named."""

import re
from pathlib import Path

import pytest

from runtime import BundleError, load_bundle
from runtime.bundle import read_bundle
from tests.runtime.refusals import refusal
from tests.tiny_bundle import make_tiny_bundle
from tests.tiny_detector import make_tiny_detector


def test_the_one_default_bundle_answers_when_none_is_named(models: Path) -> None:
    make_tiny_bundle(models, "spare", default=False)
    make_tiny_bundle(models, "chosen")
    make_tiny_detector(models, "boxes")
    assert load_bundle().name == "chosen"
    assert load_bundle(task="detect").name == "boxes"


def test_only_true_makes_a_default(models: Path) -> None:
    make_tiny_bundle(models, "sly", default="false")
    assert not read_bundle(models / "sly").is_default


def test_without_a_default_one_must_be_named(models: Path) -> None:
    make_tiny_bundle(models, "spare", default=False)
    error = refusal(None)
    assert error.code == "bundle_missing"
    assert re.search(rf"no bundle under {models} .*: name one with --model DIR", str(error))


def test_without_any_folder_one_must_be_named(models: Path) -> None:
    models.rmdir()
    assert refusal(None).code == "bundle_missing"


def test_two_defaults_are_refused_by_name(models: Path) -> None:
    make_tiny_bundle(models, "first")
    make_tiny_bundle(models, "second")
    error = refusal(None)
    assert error.code == "bundle_missing"
    assert re.search("first and second .* both say .*: name one with --model DIR", str(error))


def test_a_broken_bundle_is_the_reason_that_there_is_no_default(models: Path) -> None:
    (make_tiny_bundle(models, "broken") / "manifest.json").write_text("{")
    assert re.search(r"no bundle .*broken/manifest\.json is not JSON", str(refusal(None)))


def test_a_broken_bundle_does_not_stop_the_default_one(models: Path) -> None:
    (make_tiny_bundle(models, "broken") / "manifest.json").write_text("{")
    make_tiny_bundle(models, "sound")
    assert load_bundle().name == "sound"


def test_the_environment_names_a_bundle(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tiny_bundle(models, "default")
    monkeypatch.setenv("HEMATOVISION_MODEL", str(make_tiny_bundle(tmp_path, "named")))
    assert load_bundle().name == "named"


def test_a_path_wins_over_the_environment(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEMATOVISION_MODEL", str(tmp_path / "gone"))
    assert load_bundle(tiny_bundle).name == "tiny"
    with pytest.raises(BundleError, match="gone"):
        load_bundle()


def test_an_empty_variable_names_nothing(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_tiny_bundle(models, "default")
    monkeypatch.setenv("HEMATOVISION_MODEL", "")
    assert load_bundle().name == "default"


def test_the_variable_of_the_detector_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = make_tiny_detector(tmp_path, "boxes")
    monkeypatch.setenv("HEMATOVISION_DETECTOR", str(boxes))
    assert load_bundle(task="detect").name == "boxes"
