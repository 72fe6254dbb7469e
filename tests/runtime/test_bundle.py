"""A bundle is right or is refused, with one line that says what to do."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import BundleError, Engine, list_bundles, load_bundle
from runtime.bundle import read_bundle
from runtime.framing import Framing
from tests.tiny_bundle import CLASSES, SIZE_PX, make_tiny_bundle
from tests.tiny_detector import make_tiny_detector

Edit = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def refusal(path: Path | None, variant: str | None = None) -> BundleError:
    """Open what must be refused; the message is one line with a next step."""
    with pytest.raises(BundleError) as caught:
        Engine.load(path, variant, threads=1)
    message = str(caught.value)
    assert "\n" not in message
    assert ": " in message
    return caught.value


def test_a_sound_bundle_is_read(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    assert (bundle.name, bundle.version, bundle.task) == ("tiny", "1.0.0", "classify")
    assert bundle.is_default
    assert tuple(c.id for c in bundle.classes) == CLASSES
    assert bundle.classes[0].title == "Red"
    assert bundle.classes[0].color == "#dc2626"
    assert bundle.size_px == SIZE_PX
    assert set(bundle.variants) == {"int8", "fp32"}
    assert bundle.default_variant == "int8"
    assert bundle.manifest["title"] == "Mean colors"


def test_a_variant_is_found_by_name_or_by_default(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    assert bundle.variant().name == "int8"
    assert bundle.variant("fp32").file == "model.fp32.onnx"


def test_files_are_read_with_their_hash(tiny_bundle: Path) -> None:
    bundle = load_bundle(tiny_bundle)
    variant = bundle.variant()
    network = bundle.read(variant.file, variant.sha256)
    assert hashlib.sha256(network).hexdigest() == variant.sha256
    assert len(network) == variant.bytes


def test_unknown_keys_are_passed_over(tiny_bundle: Path, edit: Edit) -> None:
    def grow(manifest: dict[str, Any]) -> None:
        manifest["dreams"] = {"of": ["sheep"]}
        manifest["input"]["angle"] = 3
        manifest["classes"][0]["size"] = "large"
        manifest["variants"]["int8"]["speed"] = 9

    edit(tiny_bundle, grow)
    assert Engine.load(tiny_bundle, threads=1).model.name == "tiny"


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    error = refusal(tmp_path / "gone")
    assert error.code == "bundle_missing"
    assert re.search(r"gone is not a model bundle .*: name the folder of one", str(error))


def test_a_folder_without_a_manifest_is_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "bundle_missing"


def test_a_file_in_place_of_the_folder_is_missing(tiny_bundle: Path) -> None:
    error = refusal(tiny_bundle / "golden.png")
    assert error.code == "bundle_missing"
    assert "Not a directory" in str(error)


@pytest.mark.parametrize(
    "text",
    ["", "{", "not json", '{"schema": "hematovision.bundle/1"', "[" * 100_000, '{"size": NaN}'],
    ids=["empty", "open", "text", "cut off", "deep", "NaN"],
)
def test_a_manifest_that_is_not_json_is_damaged(tiny_bundle: Path, text: str) -> None:
    (tiny_bundle / "manifest.json").write_text(text)
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert re.search(r"manifest\.json is not JSON .*: copy the bundle again", str(error))


def test_a_manifest_that_is_not_text_is_damaged(tiny_bundle: Path) -> None:
    (tiny_bundle / "manifest.json").write_bytes(b"\xff\xfe\x00")
    assert refusal(tiny_bundle).code == "bundle_damaged"


@pytest.mark.parametrize(
    "manifest",
    [
        {"schema": "hematovision.bundle/3"},
        {"schema": "hematovision.classify/1"},
        {"schema": None},
        {"schema": 1},
        {},
        [],
        "hematovision.bundle/1",
        None,
    ],
    ids=str,
)
def test_another_schema_is_refused_with_both_names(tiny_bundle: Path, manifest: Any) -> None:
    (tiny_bundle / "manifest.json").write_text(json.dumps(manifest))
    error = refusal(tiny_bundle)
    assert error.code == "bundle_incompatible"
    assert "this program reads hematovision.bundle/1 and hematovision.bundle/2" in str(error)
    if isinstance(manifest, dict):
        assert repr(manifest.get("schema")) in str(error)


@pytest.mark.parametrize(
    "place",
    [
        "name",
        "version",
        "task",
        "classes",
        "input",
        "variants",
        "golden",
        "input/size",
        "input/layout",
        "input/dtype",
        "input/color",
        "variants/default",
        "variants/int8",
        "variants/int8/file",
        "variants/int8/sha256",
        "variants/int8/bytes",
        "classes/0/id",
        "classes/0/title",
        "classes/0/color",
        "golden/file",
        "golden/sha256",
        "golden/probabilities",
        "golden/tolerance",
    ],
)
def test_a_manifest_that_lacks_a_key_is_damaged(tiny_bundle: Path, edit: Edit, place: str) -> None:
    def forget(manifest: dict[str, Any]) -> None:
        *parents, key = place.split("/")
        inner: Any = manifest
        for parent in parents:
            inner = inner[int(parent) if parent.isdigit() else parent]
        del inner[key]

    edit(tiny_bundle, forget)
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert str(tiny_bundle / "manifest.json") in str(error)
    assert place.split("/")[-1] in str(error)
    assert "copy the bundle again" in str(error)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("input", {"size": 32, "layout": "NCHW", "dtype": "uint8", "color": "RGB"}),
        ("input", {"size": 32, "layout": "NHWC", "dtype": "float32", "color": "RGB"}),
        ("input", {"size": 32, "layout": "NHWC", "dtype": "uint8", "color": "BGR"}),
        ("input", {"size": "wide", "layout": "NHWC", "dtype": "uint8", "color": "RGB"}),
        ("input", {"size": 32.9, "layout": "NHWC", "dtype": "uint8", "color": "RGB"}),
        ("input", {"size": True, "layout": "NHWC", "dtype": "uint8", "color": "RGB"}),
        ("input", {"size": 0, "layout": "NHWC", "dtype": "uint8", "color": "RGB"}),
        ("input", None),
        ("training", None),
        ("training", []),
        ("training", {"seed": -1}),
        ("training", {"seed": "7"}),
        ("metrics", [1]),
        ("classes", []),
        ("classes", ["red", "green", "blue"]),
        ("classes", [{"id": "red", "title": "Red", "color": "#f00"}] * 3),
        ("classes", None),
        ("variants", []),
        ("variants", {"default": "int8"}),
        ("variants", {"default": None}),
        ("variants", {"default": "int8", "int8": "model.int8.onnx"}),
        ("golden", None),
        ("golden", {"file": "golden.png", "sha256": "", "probabilities": [], "tolerance": 0}),
        (
            "golden",
            {"file": "g.png", "sha256": "", "probabilities": {"int8": [1, 0, 0]}, "tolerance": 0},
        ),
        (
            "golden",
            {
                "file": "g.png",
                "sha256": "",
                "probabilities": {"int8": {"red": "much"}},
                "tolerance": 0,
            },
        ),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_manifest_with_a_wrong_value_is_damaged(
    tiny_bundle: Path, edit: Edit, place: str, value: Any
) -> None:
    edit(tiny_bundle, lambda manifest: manifest.update({place: value}))
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert "copy the bundle again" in str(error)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nuclei", 0),
        ("nuclei", -1.7),
        ("nuclei", True),
        ("nuclei", "1.7"),
        ("nuclei", float("1e400")),
        ("nuclei", None),
        ("least", 0.0),
        ("least", 1.01),
        ("least", True),
        ("least", [0.5]),
    ],
)
def test_a_framing_out_of_its_range_is_damaged(
    tiny_bundle: Path, edit: Edit, key: str, value: Any
) -> None:
    framing = {"nuclei": 1.7, "least": 0.65, key: value}
    edit(tiny_bundle, lambda manifest: manifest["input"].update(framing=framing))
    file = tiny_bundle / "manifest.json"
    file.write_text(file.read_text().replace("Infinity", "1e400"))  # as JSON can say it
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert f"framing.{key} is" in str(error)


@pytest.mark.parametrize("schema", ["hematovision.bundle/1", "hematovision.bundle/2"])
def test_a_framing_is_read(tiny_bundle: Path, edit: Edit, schema: str) -> None:
    framing = {"nuclei": 2, "least": 1}
    edit(tiny_bundle, lambda m: (m.update(schema=schema), m["input"].update(framing=framing)))
    assert load_bundle(tiny_bundle).framing == Framing(nuclei=2.0, least=1.0)


@pytest.mark.parametrize(
    "count", [-1, 0, 1.5, True, "644", None, 10**400], ids=lambda n: str(n)[:9]
)
def test_one_bundle_with_an_impossible_length_hides_no_other(
    tiny_bundle: Path, edit: Edit, count: Any
) -> None:
    make_tiny_bundle(tiny_bundle.parent, "sound")
    edit(tiny_bundle, lambda manifest: manifest["variants"]["int8"].update(bytes=count))
    sound, broken = list_bundles(tiny_bundle.parent)
    assert not isinstance(sound, BundleError)
    assert isinstance(broken, BundleError)
    assert broken.code == "bundle_damaged"


def test_a_size_beyond_all_numbers_is_damaged(tiny_bundle: Path) -> None:
    file = tiny_bundle / "manifest.json"
    file.write_text(file.read_text().replace('"size": 32', '"size": 1e999'))
    assert refusal(tiny_bundle).code == "bundle_damaged"


@pytest.mark.parametrize(
    "name",
    ["../model.onnx", "/etc/passwd", "a/b.onnx", "..", ".", "", "a\0b", "a\nb", "\ud800", 5, None],
    ids=ascii,
)
@pytest.mark.parametrize("place", ["variants", "golden"])
def test_a_file_name_that_could_leave_the_folder_is_refused(
    tiny_bundle: Path, edit: Edit, place: str, name: Any
) -> None:
    def escape(manifest: dict[str, Any]) -> None:
        (manifest["golden"] if place == "golden" else manifest["variants"]["int8"])["file"] = name

    edit(tiny_bundle, escape)
    assert refusal(tiny_bundle).code == "bundle_damaged"


def test_a_network_that_differs_from_its_hash_is_damaged(tiny_bundle: Path) -> None:
    file = tiny_bundle / "model.int8.onnx"
    content = bytearray(file.read_bytes())
    content[50] ^= 1
    file.write_bytes(content)
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert re.search(
        r"model\.int8\.onnx does not match its manifest "
        r"\(sha256 [0-9a-f]{8}… instead of [0-9a-f]{8}…\): copy the bundle again",
        str(error),
    )


def test_a_damaged_variant_leaves_the_other_one_usable(tiny_bundle: Path) -> None:
    (tiny_bundle / "model.int8.onnx").write_bytes(b"")
    assert refusal(tiny_bundle).code == "bundle_damaged"
    assert Engine.load(tiny_bundle, "fp32", threads=1).model.variant == "fp32"


def test_a_missing_network_is_damage(tiny_bundle: Path) -> None:
    (tiny_bundle / "model.int8.onnx").unlink()
    error = refusal(tiny_bundle)
    assert error.code == "bundle_damaged"
    assert re.search(
        r"model\.int8\.onnx cannot be read \(it is missing .*\): copy the bundle again", str(error)
    )


def test_an_unknown_variant_is_refused_with_those_there_are(tiny_bundle: Path) -> None:
    error = refusal(tiny_bundle, "int4")
    assert error.code == "bundle_incompatible"
    assert str(error) == f"{tiny_bundle} has no variant 'int4': choose int8 or fp32"


def test_a_bundle_of_another_task_is_refused(tmp_path: Path) -> None:
    error = refusal(make_tiny_detector(tmp_path))
    assert error.code == "bundle_incompatible"
    assert re.search("is a bundle to detect, not to classify: name another one", str(error))


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


def test_bundles_are_listed_by_name_and_broken_ones_as_errors(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        make_tiny_bundle(tmp_path, name)
    (tmp_path / "b" / "manifest.json").write_text("{")
    (tmp_path / "empty").mkdir()
    (tmp_path / "README.md").touch()
    first, second, third = list_bundles(tmp_path)
    assert not isinstance(first, BundleError)
    assert isinstance(second, BundleError)
    assert not isinstance(third, BundleError)
    assert (first.name, third.name) == ("a", "c")


def test_an_error_about_a_bundle_is_also_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="is not a model bundle"):
        load_bundle(tmp_path)


@pytest.fixture(scope="module")
def kept_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bundle(tmp_path_factory.mktemp("kept"))


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@settings(max_examples=100)
@given(choices=st.data())
def test_any_value_anywhere_is_read_or_refused(kept_bundle: Path, choices: st.DataObject) -> None:
    file = kept_bundle / "manifest.json"
    sound = file.read_text()
    manifest = json.loads(sound)
    inner: Any = manifest
    while True:
        key = choices.draw(st.sampled_from(list(inner) if isinstance(inner, dict) else [0]))
        deeper = inner[key]
        if not isinstance(deeper, dict | list) or not deeper or choices.draw(st.booleans()):
            break
        inner = deeper
    inner[key] = choices.draw(junk)
    try:
        file.write_text(json.dumps(manifest))
        bundle = read_bundle(kept_bundle)
    except BundleError:
        pass
    else:
        assert bundle.default_variant in bundle.variants
    finally:
        file.write_text(sound)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(name="tiny\x1b[31m"),
        lambda m: m.update(version="new"),
        lambda m: m["classes"][0].update(id="=1+1"),
        lambda m: m["classes"][0].update(id=None),
        lambda m: m["classes"][0].update(title="two\nlines"),
        lambda m: m["classes"][0].update(title="\ud800"),
        lambda m: m["classes"][0].update(color="red;"),
        lambda m: m["golden"].update(tolerance=1e9),
        lambda m: m["golden"].update(tolerance=-1),
    ],
)
def test_a_manifest_that_could_deceive_is_refused(
    tiny_bundle: Path, edit: Edit, change: Callable[[dict[str, Any]], None]
) -> None:
    edit(tiny_bundle, change)
    with pytest.raises(BundleError, match="holds a wrong value") as caught:
        read_bundle(tiny_bundle)
    assert str(caught.value).isprintable()
