import json
from collections.abc import Callable
from pathlib import Path

import pytest

from export.errors import ExportError
from export.run import converted, finished, prepare, sha256


@pytest.mark.parametrize("content", ["{}", "[]", "null", '"x"', "", "[" * 100_000])
def test_facts_that_say_nothing_are_as_good_as_none(
    tmp_path: Path, recipe_file: Callable[..., Path], content: str
) -> None:
    recipe = recipe_file()
    (tmp_path / "training.json").write_text(content)
    with pytest.raises(ExportError, match="train it first, to the end"):
        finished(tmp_path)
    (tmp_path / "model.keras").write_bytes(b"")
    facts = {"recipe_sha256": sha256(recipe), "model_sha256": sha256(tmp_path / "model.keras")}
    (tmp_path / "training.json").write_text(json.dumps(facts | {"data": {}}))
    (tmp_path / "export.json").write_text(content)
    with pytest.raises(ExportError, match="convert it first"):
        converted(tmp_path)


def test_what_kills_and_systems_leave_does_not_block_a_run(
    tmp_path: Path, recipe_file: Callable[..., Path]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    for name in (".tmpab12cd34", ".DS_Store", "Thumbs.db", "log.csv"):
        (run / name).write_bytes(b"")
    prepare(run, recipe_file())
    assert {p.name for p in run.iterdir()} == {".DS_Store", "Thumbs.db", "recipe.toml"}


def test_other_files_do(tmp_path: Path, recipe_file: Callable[..., Path]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    for name in (".tmp_notes", "thesis.doc"):
        (run / name).write_bytes(b"")
    with pytest.raises(ExportError, match=r"thesis\.doc, which is not of a run"):
        prepare(run, recipe_file())
    assert {p.name for p in run.iterdir()} == {".tmp_notes", "thesis.doc"}
