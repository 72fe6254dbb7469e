from pathlib import Path

import pytest

from export.cli import main
from runtime.bundle import read_bundle
from runtime.verify import verify_all
from tests.export.tiny_site import (
    HOME_COLORS,
    SITE_COLORS,
    WARD_COLORS,
    adapt,
    home_bundle,
    right,
    save_cells,
)
from tests.tiny_bundle import make_tiny_bundle


def test_a_site_that_is_answered_wrong_gets_a_bundle_that_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = home_bundle(tmp_path, trusted=True)
    data = save_cells(tmp_path / "cells", SITE_COLORS, 10)
    assert adapt(bundle, data, tmp_path / "models") == 0
    site = tmp_path / "models" / "site"
    assert f"--model {site}" in capsys.readouterr().out
    assert right(bundle, SITE_COLORS, 9) < 0.7
    assert right(site, SITE_COLORS, 9) > 0.95
    assert right(site, HOME_COLORS, 9) > 0.95
    assert {check.variant for check in verify_all(read_bundle(site))} == {"int8", "fp32"}
    manifest = read_bundle(site).manifest
    assert manifest["default"] is False
    assert manifest["trust"]["coverage"] == 0.9
    assert manifest["adapted"]["from"]["name"] == "tiny"
    assert manifest["adapted"]["data"]["count"] == 30
    assert manifest["metrics"]["cells"]["cross-validated"]["int8"]["accuracy"] > 0.9
    assert "refitted to 30 cells" in (site / "CARD.md").read_text()
    kinds = ("confusion-cells", "confusion-home sample", "reliability-cells")
    figures = [*(f"{kind}.png" for kind in kinds), "reliability-home sample.png"]
    assert sorted(f.name for f in (site / "figures").iterdir()) == figures
    for figure in figures:
        assert (site / "figures" / figure).read_bytes().startswith(b"\x89PNG")


def test_an_adapted_bundle_can_be_adapted_again_and_its_version_rises(tmp_path: Path) -> None:
    bundle, data = home_bundle(tmp_path), save_cells(tmp_path / "cells", SITE_COLORS, 8)
    models = tmp_path / "models"
    assert [adapt(bundle, data, models) for _ in range(2)] == [0, 0]
    assert read_bundle(models / "site").version == "1.1.0"
    others = save_cells(tmp_path / "others", WARD_COLORS, 8)
    words = ["adapt", str(models / "site"), "--data", str(others), "--name", "ward"]
    assert main([*words, "--models", str(models)]) == 0
    assert right(models / "site", WARD_COLORS, 9) < 0.7
    assert right(models / "ward", WARD_COLORS, 9) > 0.95
    adapted = read_bundle(models / "ward").manifest["adapted"]
    assert adapted["from"]["adapted"]["from"]["name"] == "tiny"


def test_a_default_stays_the_default_when_it_is_adapted_anew(tmp_path: Path) -> None:
    bundle, data = home_bundle(tmp_path), save_cells(tmp_path / "cells", SITE_COLORS, 8)
    models = tmp_path / "models"
    assert adapt(bundle, data, models, "--default") == 0
    assert adapt(bundle, data, models) == 0
    assert read_bundle(models / "site").is_default


def test_cells_that_are_named_right_already_are_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = save_cells(tmp_path / "cells", HOME_COLORS, 8)
    assert adapt(home_bundle(tmp_path), data, tmp_path / "models") == 1
    assert "nothing was published: " in capsys.readouterr().out
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--name", "Ward 2"), "--name 'Ward 2' is not of small letters"),
        (("--name", "tiny"), "tiny is the bundle to adapt itself: choose another --name"),
        (("--name", "other"), "other is a bundle that was not adapted to a site: choose another"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    said: str,
) -> None:
    bundle, data = home_bundle(tmp_path), save_cells(tmp_path / "cells", SITE_COLORS, 8)
    make_tiny_bundle(bundle.parent, "other")
    assert adapt(bundle, data, bundle.parent, *more) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert sorted(p.name for p in bundle.parent.iterdir()) == ["other", "tiny"]


def test_a_bundle_without_home_cells_and_a_site_of_few_cells_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = save_cells(tmp_path / "few", SITE_COLORS, 3)
    assert adapt(home_bundle(tmp_path, at_home=False), few, tmp_path / "models") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "holds no sample of home cells" in line
    assert adapt(home_bundle(tmp_path / "whole"), few, tmp_path / "models") == 2
    assert "holds 9 cells of 3 classes" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


def test_class_names_of_the_site_are_read_from_a_table(tmp_path: Path) -> None:
    data = save_cells(tmp_path / "cells", SITE_COLORS, 8)
    (data / "red").rename(data / "erythro")
    table = tmp_path / "names.csv"
    table.write_text("data,model\nerythro,red\n")
    models = tmp_path / "models"
    bundle = home_bundle(tmp_path)
    assert adapt(bundle, data, models) == 2
    assert adapt(bundle, data, models, "--classes", str(table)) == 0
    names = read_bundle(models / "site").manifest["adapted"]["data"]["names"]
    assert names == {"blue": "blue", "erythro": "red", "green": "green"}
