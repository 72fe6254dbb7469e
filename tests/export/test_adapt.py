import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from PIL import Image

from export.cli import main
from export.errors import ExportError
from export.folds import beside, folds
from export.head import Cells, fit, put_head, read_head
from export.home import Home, read_home
from export.site_trust import Judged, extended, retrust
from export.views import VIEWS, views
from runtime.bundle import read_bundle
from runtime.engine import Engine
from runtime.trust import UNFAMILIAR, Trust
from runtime.verify import verify_all
from tests.tiny_bundle import CLASSES, SIZE_PX, make_tiny_bundle, tiny_network, trusting

HOME_COLORS = {"red": (200, 90, 90), "green": (90, 200, 90), "blue": (90, 90, 200)}
# A camera whose green is strong: the shipped head calls its red cells green.
SITE_COLORS = {"red": (140, 190, 60), "green": (60, 240, 60), "blue": (60, 140, 230)}
TRAINED = {
    "recipe_sha256": "0" * 64,
    "seed": 1,
    "best_epoch": 2,
    "commit": None,
    "data": {"train": {"count": 3}, "val": {"count": 3}},
}

Colors = dict[str, tuple[int, int, int]]
MakeBundle = Callable[..., Path]


def draw(color: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    shade = np.array(color) + rng.normal(0, 12, 3)
    noise = rng.normal(0, 5, (SIZE_PX, SIZE_PX, 3))
    return np.clip(shade + noise, 0, 255).astype(np.uint8)


def save_cells(folder: Path, colors: Colors, each: int, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    for label, color in colors.items():
        (folder / label).mkdir(parents=True)
        for number in range(each):
            Image.fromarray(draw(color, rng)).save(folder / label / f"{number}.png")
    return folder


def cells(colors: Colors, each: int, seed: int) -> Cells:
    rng = np.random.default_rng(seed)
    labels = np.repeat([CLASSES.index(c) for c in colors], each)
    means = [draw(colors[CLASSES[label]], rng).mean(axis=(0, 1)) / 255 for label in labels]
    return Cells(np.array(means, np.float32)[:, None], labels)


@pytest.fixture
def make_bundle(tmp_path: Path) -> MakeBundle:
    def make(*, at_home: bool = True, trusted: bool = False) -> Path:
        bundle = make_tiny_bundle(tmp_path / "shipped", training=TRAINED)
        manifest = json.loads((bundle / "manifest.json").read_text())
        if at_home:
            judged = cells(HOME_COLORS, 30, 2)
            textures = judged.served * 255
            content = Home(cells(HOME_COLORS, 30, 1), judged, textures).as_bytes()
            (bundle / "home.npz").write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            manifest["home"] = {"file": "home.npz", "sha256": digest, "bytes": len(content)}
        if trusted:
            manifest["trust"] = trusting(bundle, unfamiliar=4.6)
        (bundle / "manifest.json").write_text(json.dumps(manifest))
        return bundle

    return make


def adapt(bundle: Path, data: Path, models: Path, *more: str) -> int:
    words = ["adapt", str(bundle), "--data", str(data), "--name", "site", "--models", str(models)]
    return main([*words, *more])


def right(bundle: Path, colors: Colors, seed: int) -> float:
    engine, rng = Engine.load(bundle), np.random.default_rng(seed)
    named = [(c, engine.classify(draw(colors[c], rng)).label) for c in colors for _ in range(20)]
    return float(np.mean([truth == found for truth, found in named]))


def test_a_site_that_is_answered_wrong_gets_a_bundle_that_is_right(
    make_bundle: MakeBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = make_bundle(trusted=True)
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
    assert manifest["adapted"]["from"]["name"] == "tiny"
    assert manifest["adapted"]["data"]["count"] == 30
    assert manifest["metrics"]["cells"]["cross-validated"]["int8"]["accuracy"] > 0.9
    assert "refitted to 30 cells" in (site / "CARD.md").read_text()
    for figure in (site / "figures").iterdir():
        assert figure.stat().st_size > 0


def test_an_adapted_bundle_can_be_adapted_again_and_its_version_rises(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    bundle, data = make_bundle(), save_cells(tmp_path / "cells", SITE_COLORS, 8)
    models = tmp_path / "models"
    assert [adapt(bundle, data, models) for _ in range(2)] == [0, 0]
    assert read_bundle(models / "site").version == "1.1.0"
    others = save_cells(tmp_path / "others", {c: SITE_COLORS[c][::-1] for c in CLASSES}, 8)
    words = ["adapt", str(models / "site"), "--data", str(others), "--name", "ward"]
    assert main([*words, "--models", str(models)]) in (0, 1)


def test_cells_that_are_named_right_already_are_refused_and_nothing_is_written(
    make_bundle: MakeBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = save_cells(tmp_path / "cells", HOME_COLORS, 8)
    assert adapt(make_bundle(), data, tmp_path / "models") == 1
    assert "nothing was published: " in capsys.readouterr().out
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--name", "Ward 2"), "choose another"),
        (("--name", "tiny"), "was not adapted"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused(
    make_bundle: MakeBundle,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    said: str,
) -> None:
    bundle, data = make_bundle(), save_cells(tmp_path / "cells", SITE_COLORS, 8)
    assert adapt(bundle, data, bundle.parent, *more) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1]
    assert [p.name for p in bundle.parent.iterdir()] == ["tiny"]


def test_a_bundle_without_home_cells_and_a_site_of_few_cells_are_refused_in_one_line(
    make_bundle: MakeBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = save_cells(tmp_path / "few", SITE_COLORS, 3)
    assert adapt(make_bundle(at_home=False), few, tmp_path / "models") == 2
    assert capsys.readouterr().err.count("\n") == 1
    shipped = make_tiny_bundle(tmp_path / "other")
    with pytest.raises(ExportError, match="no sample of home"):
        read_home(read_bundle(shipped), 3)


def test_few_cells_are_counted(
    make_bundle: MakeBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = save_cells(tmp_path / "few", SITE_COLORS, 3)
    assert adapt(make_bundle(), few, tmp_path / "models") == 2
    assert "holds 9 cells of 3 classes" in capsys.readouterr().err


def test_class_names_of_the_site_are_read_from_a_table(
    make_bundle: MakeBundle, tmp_path: Path
) -> None:
    data = save_cells(tmp_path / "cells", SITE_COLORS, 8)
    (data / "red").rename(data / "erythro")
    table = tmp_path / "names.csv"
    table.write_text("data,model\nerythro,red\n")
    models = tmp_path / "models"
    bundle = make_bundle()
    assert adapt(bundle, data, models) == 2
    assert adapt(bundle, data, models, "--classes", str(table)) == 0
    names = read_bundle(models / "site").manifest["adapted"]["data"]["names"]
    assert names == {"blue": "blue", "erythro": "red", "green": "green"}


def test_home_cells_come_back_as_they_were_kept(make_bundle: MakeBundle) -> None:
    bundle = read_bundle(make_bundle())
    home = read_home(bundle, 3)
    assert np.allclose(home.learnt.served, cells(HOME_COLORS, 30, 1).served, atol=1e-3)
    assert home.judged.labels.tolist() == np.repeat([0, 1, 2], 30).tolist()
    with pytest.raises(ExportError, match="does not fit"):
        read_home(bundle, 4)


def test_a_head_is_read_and_put_in_for_logits_and_map_alike() -> None:
    network = onnx.load_from_string(tiny_network())
    head = read_head(network)
    assert np.allclose(head.weights, 6 * np.eye(3), atol=1e-5)
    other = fit(head, cells(SITE_COLORS, 8, 0), cells(HOME_COLORS, 8, 1), 1.0)
    twice = put_head(put_head(network, head), other)
    pictures = np.random.default_rng(0).integers(0, 256, (2, SIZE_PX, SIZE_PX, 3), np.uint8)
    session = ort.InferenceSession(twice.SerializeToString(), providers=["CPUExecutionProvider"])
    asked = ["logits", "activation", "features", "attributes"]
    logits, activation, features, attributes = session.run(asked, {"pictures": pictures})
    assert np.allclose(logits, other(features), atol=1e-4)
    assert np.allclose(activation.mean(axis=(1, 2)), logits, atol=1e-4)
    assert np.allclose(attributes, logits[:, [0, 2]])


def test_classes_that_a_site_lacks_keep_their_logits() -> None:
    head = read_head(onnx.load_from_string(tiny_network()))
    some = {c: SITE_COLORS[c] for c in ("red", "green")}
    found = fit(head, cells(some, 8, 0), cells(HOME_COLORS, 8, 1), 1.0)
    assert np.array_equal(found.weights[:, 2], head.weights[:, 2])
    assert not np.allclose(found.weights[:, :2], head.weights[:, :2])


def test_the_more_home_counts_the_less_a_head_moves() -> None:
    head = read_head(onnx.load_from_string(tiny_network()))
    site, home = cells(SITE_COLORS, 8, 0), cells(HOME_COLORS, 8, 1)
    far, near = (
        np.linalg.norm(fit(head, site, home, hold).weights - head.weights) for hold in (0.1, 1000.0)
    )
    assert near < far / 2


def test_folds_hold_every_cell_once_whole_groups_and_each_class() -> None:
    labels = np.repeat([0, 1], [40, 10])
    groups = [str(i // 2) for i in range(50)]
    parts = folds(labels, groups, 5, 0)
    assert sorted(np.concatenate(parts).tolist()) == list(range(50))
    assert sum(len({groups[i] for i in part}) for part in parts) == len(set(groups))
    assert all(set(labels[part]) == {0, 1} for part in parts)


def test_two_heads_are_compared_cell_by_cell() -> None:
    labels = np.array([0, 0, 0, 1])
    before, after = np.eye(2)[[0, 1, 1, 1]], np.eye(2)[[0, 0, 0, 0]]
    found = beside(labels, before, after)
    assert (found.before, found.after) == (0.5, 0.75)
    assert found.balanced_before == pytest.approx((1 / 3 + 1) / 2)
    assert found.balanced_after == pytest.approx(0.5)
    assert found.gain[0] < found.sure_gain < 0.25 < found.gain[1]


def test_views_are_the_cell_as_served_then_turned_and_cut() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)
    found = views(picture, 50, None)
    assert found.shape == (VIEWS, 50, 50, 3)
    assert np.array_equal(found[0], picture[5:55])
    assert np.array_equal(found[2], picture[5:55][::-1, ::-1])


def test_cells_of_a_site_become_familiar_and_strange_pictures_do_not() -> None:
    rng = np.random.default_rng(0)
    width = 12
    gray = np.full((width, 1), width**-0.5, np.float32)
    plain = np.zeros(width, np.float32)
    shipped = Trust(1.0, 0.0, -2.3, -2.0, 0.9, 0.1, plain, plain + 1, gray)

    def textures(count: int, offset: np.ndarray) -> np.ndarray:
        return (rng.normal(0, 0.1, (count, width)) + offset).astype(np.float32)

    labels = np.arange(60) % 2
    answers = np.where(np.eye(2)[labels] > 0, 4.0, -4.0).astype(np.float32)
    site = Judged(answers, textures(60, np.eye(width)[0]), labels)
    home = Judged(answers, textures(60, plain), labels)
    strange = textures(40, 2 * np.eye(width)[5])
    found = retrust(shipped, site, [str(i) for i in range(60)], home, strange, 0)
    assert found.familiar_before < 0.5
    assert found.familiar_after > 0.9
    assert found.strange_flagged > 0.9
    more = extended(shipped, site.textures).directions
    assert np.allclose(more.T @ more, np.eye(more.shape[1]), atol=1e-4)
    assert found.trust.status(1.0, float(found.trust.unfamiliarity(strange)[0])) == UNFAMILIAR


def test_directions_stay_where_a_site_is_familiar() -> None:
    rng = np.random.default_rng(0)
    gray, plain = np.full((4, 1), 0.5, np.float32), np.zeros(4, np.float32)
    shipped = Trust(1.0, 0.0, -2.3, 0.0, 0.9, 0.1, plain, plain + 1, gray)
    labels = np.arange(40) % 2
    answers = np.where(np.eye(2)[labels] > 0, 4.0, -4.0).astype(np.float32)
    near = Judged(answers, rng.normal(0, 0.1, (40, 4)).astype(np.float32), labels)
    strange = rng.normal(0, 5, (40, 4)).astype(np.float32)
    found = retrust(shipped, near, [str(i) for i in range(40)], near, strange, 0)
    assert found.familiar_before == 1
    assert np.array_equal(found.trust.directions, gray)
    assert found.trust.unfamiliar == shipped.unfamiliar
