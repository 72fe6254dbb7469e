"""The commands: what they print where, what they leave behind, and how they end."""

import contextlib
import csv
import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runtime import decode
from runtime.cli import main
from tests.tiny_bundle import (
    CLASSES,
    CONFIDENT,
    OTHER,
    RED,
    UNCERTAIN,
    UNFAMILIAR,
    make_tiny_bundle,
    make_trusting_bundle,
)

ROOT = Path(__file__).resolve().parents[2]
Edit = Callable[[Path, Callable[[dict[str, Any]], object]], None]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def pictures(tmp_path: Path, encode: Callable[..., bytes]) -> Path:
    """A folder with a red, a blue and a hidden picture, a note, and a green picture below."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for name, color in {
        "b_red.png": "red",
        "a_blue.bmp": "blue",
        "sub/c_green.webp": "lime",
        ".hidden.png": "red",
    }.items():
        kind = {"png": "PNG", "bmp": "BMP", "webp": "WEBP"}[name.rsplit(".", 1)[1]]
        (folder / name).write_bytes(encode(color, kind))
    (folder / "notes.txt").write_text("a slide")
    return folder


@pytest.fixture
def tiny(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny bundle, named by the environment."""
    monkeypatch.setenv("HEMATOVISION_MODEL", str(tiny_bundle))
    monkeypatch.setenv("HEMATOVISION_THREADS", "1")
    return tiny_bundle


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


def lines(text: str) -> list[str]:
    return text.splitlines()


def start(
    *args: object, stdout: Any = subprocess.PIPE, stderr: Any = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start the real command; its streams are pipes unless they are given."""
    return subprocess.Popen(
        [sys.executable, "-m", "runtime", *(os.fsencode(str(arg)) for arg in args)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
    )


def finish(*args: object, stdin: bytes = b"", **options: Any) -> tuple[int, str, str]:
    """Run the real command to its end: exit status, standard output and standard error."""
    with start(*args, **options) as process:
        out, err = process.communicate(stdin, timeout=60)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


# classify, for a person


def test_a_folder_is_answered_in_sorted_order_without_hidden_and_other_files(
    tiny: Path, pictures: Path, capsys: Output
) -> None:
    assert run("classify", pictures) == 0
    out, err = capsys.readouterr()
    rows = [line.split()[:4] for line in lines(out)[:3]]
    assert [[Path(row[0]).name, row[1]] for row in rows] == [
        ["a_blue.bmp", "blue"],
        ["b_red.png", "red"],
        ["c_green.webp", "green"],
    ]
    assert rows[1][2:] == [f"{100 * RED:.1f}", "%"]
    assert err == ""


def test_the_columns_are_aligned(tiny: Path, pictures: Path, capsys: Output) -> None:
    run("classify", pictures)
    rows = lines(capsys.readouterr().out)[:3]
    assert len({row.index(" % ") for row in rows}) == 1


def test_the_last_lines_sum_up_and_say_what_it_is_for(
    tiny: Path, pictures: Path, capsys: Output
) -> None:
    run("classify", pictures, pictures / "notes.txt")
    assert lines(capsys.readouterr().out)[-2:] == [
        "3 answered (blue 1, green 1, red 1), 1 refused",
        "tiny 1.0.0 int8. For Research Use Only.",
    ]


def test_refusals_are_one_line_each_on_standard_error(
    tiny: Path, pictures: Path, capsys: Output
) -> None:
    (pictures / "empty.png").touch()
    given = ["gone.png", pictures / "notes.txt", pictures / "b_red.png", pictures / "empty.png"]
    assert run("classify", *given) == 1
    out, err = capsys.readouterr()
    assert len(lines(err)) == 3
    for line, name in zip(lines(err), ["gone.png", "notes.txt", "empty.png"], strict=True):
        assert name in line
    assert "1 answered (red 1), 3 refused" in out


def test_nothing_answered_is_said_so(tiny: Path, capsys: Output) -> None:
    assert run("classify", "gone.png") == 1
    assert "0 answered (none), 1 refused" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", "x" * 300 + ".png", "a\0b.png"], ids=["no", "long", "NUL"])
def test_a_name_that_cannot_be_is_refused_and_the_others_answered(
    tiny: Path, pictures: Path, capsys: Output, name: str
) -> None:
    assert run("classify", name, pictures / "b_red.png") == 1
    out, err = capsys.readouterr()
    assert "1 answered (red 1), 1 refused" in out
    assert len(lines(err)) == 1


def test_a_folder_without_pictures_is_refused(tiny: Path, tmp_path: Path, capsys: Output) -> None:
    folder = tmp_path / "nothing"
    folder.mkdir()
    assert run("classify", folder) == 1
    assert (
        f"{folder} is a folder without pictures in it that can be found" in capsys.readouterr().err
    )


def test_a_name_with_a_line_break_stays_on_its_line(
    tiny: Path, pictures: Path, capsys: Output
) -> None:
    good, bad = pictures / "one\ntwo\x1b[31m.png", pictures / "three\nfour.png"
    (pictures / "b_red.png").rename(good)
    assert run("classify", good, bad) == 1
    out, err = capsys.readouterr()
    assert "one\\ntwo\\x1b[31m.png  red" in out
    assert len(lines(out)) == 4
    assert len(lines(err)) == 1
    assert "three\\nfour.png does not exist" in err


def test_standard_input_is_one_picture(
    tiny: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO((pictures / "b_red.png").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run("classify", "-") == 0
    assert lines(capsys.readouterr().out)[0].split()[:2] == ["-", "red"]


# classify --json


def test_json_is_one_document_and_nothing_else(tiny: Path, pictures: Path, capsys: Output) -> None:
    given = [pictures / "b_red.png", pictures / "notes.txt", pictures / "sub"]
    assert run("classify", "--json", *given) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["schema"] == "hematovision.classify/1"
    assert document["model"]["name"] == "tiny"
    assert [r["source"] for r in document["results"]] == [
        str(pictures / "b_red.png"),
        str(pictures / "notes.txt"),
        str(pictures / "sub" / "c_green.webp"),
    ]
    red, note, green = document["results"]
    assert (red["label"], red["width"], red["height"]) == ("red", 40, 30)
    assert red["confidence"] == float(f"{RED:.6g}")
    assert red["probabilities"]["green"] == pytest.approx(OTHER, rel=1e-5)
    assert note["error"]["code"] == "not_an_image"
    assert green["label"] == "green"
    assert document["summary"] == {
        "answered": 2,
        "refused": 1,
        "counts": {"green": 1, "red": 1},
    }
    assert err == ""


def test_json_of_all_answered_ends_with_0(tiny: Path, pictures: Path, capsys: Output) -> None:
    assert run("classify", "--json", pictures) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["answered"] == 3


def test_sources_are_named_as_they_were_given(
    tiny: Path, pictures: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures)
    run("classify", "--json", "./b_red.png", "sub/../a_blue.bmp", "sub")
    sources = [r["source"] for r in json.loads(capsys.readouterr().out)["results"]]
    assert sources == ["./b_red.png", "sub/../a_blue.bmp", "sub/c_green.webp"]


# classify --csv


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8", errors="surrogateescape") as stream:
        return list(csv.DictReader(stream))


def test_csv_has_a_row_for_each_answer(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    file = tmp_path / "table.csv"
    assert run("classify", "--csv", file, pictures, pictures / "notes.txt") == 1
    rows = table(file)
    assert list(rows[0]) == [
        *("source", "width", "height", "label", "confidence", "status"),
        *CLASSES,
        "error",
    ]
    assert [row["label"] for row in rows] == ["blue", "red", "green", ""]
    assert rows[1]["source"] == str(pictures / "b_red.png")
    assert float(rows[1]["red"]) == pytest.approx(RED, rel=1e-5)
    assert rows[1]["error"] == ""
    assert "notes.txt is not a picture" in rows[3]["error"]
    out, err = capsys.readouterr()
    assert lines(out)[-2] == "3 answered (blue 1, green 1, red 1), 1 refused"
    assert len(lines(err)) == 1


def test_csv_keeps_names_that_would_break_a_table(
    tiny: Path, pictures: Path, tmp_path: Path
) -> None:
    names = ['a,"b".png', "a\nb.png", "a\udcffb.png"]
    for name in names:
        (pictures / name).write_bytes((pictures / "b_red.png").read_bytes())
    file = tmp_path / "table.csv"
    assert run("classify", "--csv", file, *(pictures / name for name in names)) == 0
    assert [row["source"] for row in table(file)] == [str(pictures / name) for name in names]


def test_csv_replaces_an_older_table_and_leaves_nothing_beside_it(
    tiny: Path, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "table.csv"
    file.write_text("older")
    assert run("classify", "--csv", file, pictures) == 0
    assert len(table(file)) == 3
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("place", ["gone/table.csv", "notes.txt/table.csv", "sub", "", "x" * 300])
def test_a_table_that_cannot_be_written_ends_before_the_work(
    tiny: Path,
    pictures: Path,
    capsys: Output,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    monkeypatch.chdir(pictures)
    before = sorted(pictures.rglob("*"))

    def never(*_: object) -> None:
        raise AssertionError("the work was begun")

    monkeypatch.setattr("runtime.cli.walk", never)
    assert run("classify", "--csv", place, pictures) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(lines(err)) == 1
    assert "choose another" in err
    assert sorted(pictures.rglob("*")) == before


def test_a_picture_is_never_taken_for_the_table(tiny: Path, pictures: Path, capsys: Output) -> None:
    first, *others = sorted(pictures.glob("*.png"))
    content = first.read_bytes()
    assert run("classify", "--csv", first, *others, pictures) == 2
    assert "ending with .csv" in capsys.readouterr().err
    assert first.read_bytes() == content


def test_work_that_is_broken_off_leaves_the_older_table(
    tiny: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "table.csv"
    file.write_text("older")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("runtime.cli.document", interrupted)
    assert run("classify", "--csv", file, pictures) == 130
    assert file.read_text() == "older"
    assert list(file.parent.iterdir()) == [file]


# classify --explain


def figures(folder: Path) -> list[str]:
    return sorted(path.name.rsplit("-", 1)[0] for path in folder.iterdir())


def test_each_answered_picture_gets_a_figure_of_its_own(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    (pictures / "sub" / "b_red.png").write_bytes((pictures / "b_red.png").read_bytes())
    folder = tmp_path / "maps" / "today"
    for _ in range(2):
        assert run("classify", pictures, pictures / "notes.txt", "--explain", folder) == 1
        assert figures(folder) == ["a_blue", "b_red", "b_red", "c_green"]
    told = [line.split()[-1] for line in lines(capsys.readouterr().out) if "Heat map" in line]
    assert {Path(name) for name in told} == set(folder.iterdir())
    assert all(decode(path).shape[1] > 640 for path in folder.iterdir())


def test_an_explained_answer_is_told_in_words(
    tmp_path: Path, encode: Callable[..., bytes], capsys: Output
) -> None:
    bundle = make_trusting_bundle(tmp_path)
    for name, color in (("a", CONFIDENT), ("b", UNCERTAIN), ("c", UNFAMILIAR)):
        (tmp_path / f"{name}.png").write_bytes(encode(np.full((20, 20, 3), color, np.uint8)))
    given = [tmp_path / f"{name}.png" for name in "abc"]
    assert run("classify", *given, "--model", bundle, "--explain", tmp_path / "maps") == 0
    told = [" ".join(line.split()) for line in lines(capsys.readouterr().out)]
    assert " red 98.2 % confident " in told[0]
    assert told[1:3] == ["Prediction set red", "Tone warm 99.1 %"]
    assert " red 67.2 % uncertain " in told[4]
    assert told[5] == "Prediction set red, green, blue"
    assert told[-2] == "3 answered (red 2, unfamiliar 1), 0 refused"


def test_figures_go_with_json_and_with_a_table(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    plain, explained = (
        [run("classify", "--json", pictures, *more), json.loads(capsys.readouterr().out)]
        for more in ([], ["--explain", tmp_path / "json"])
    )
    assert explained[1]["summary"] == plain[1]["summary"]
    assert explained[0] == plain[0] == 0
    assert (
        run("classify", "--csv", tmp_path / "t.csv", pictures, "--explain", tmp_path / "csv") == 0
    )
    assert len(table(tmp_path / "t.csv")) == 3
    assert figures(tmp_path / "json") == figures(tmp_path / "csv") == ["a_blue", "b_red", "c_green"]


@pytest.mark.parametrize("place", ["notes.txt", "notes.txt/maps", "x" * 300])
def test_a_folder_that_cannot_be_ends_before_the_work(
    tiny: Path, pictures: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(pictures)
    before = sorted(pictures.rglob("*"))
    err = unusable(capsys, "classify", "b_red.png", "--explain", place)
    assert "cannot be written" in err
    assert sorted(pictures.rglob("*")) == before


@pytest.mark.parametrize("place", [".", "sub", "maps"])
def test_figures_are_kept_from_where_they_would_be_taken_for_cells(
    tiny: Path, pictures: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(pictures)
    err = unusable(capsys, "classify", pictures, "--explain", place)
    assert "choose a folder outside of it" in err
    assert not (pictures / "maps").exists()


def test_a_disk_that_fills_up_is_one_line_and_leaves_no_part(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    err = unusable(capsys, "classify", pictures, "--json", "--explain", tmp_path / "maps")
    assert "a_blue" in err
    assert "No space left on device" in err
    assert list((tmp_path / "maps").iterdir()) == []


# classify, unusable


def unusable(capsys: Output, *args: object) -> str:
    """Run what must end with 2, one line on standard error and no traceback."""
    assert run(*args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(lines(err)) == 1
    return err


def test_a_missing_bundle_is_one_line(pictures: Path, tmp_path: Path, capsys: Output) -> None:
    err = unusable(capsys, "classify", pictures, "--model", tmp_path / "gone")
    assert "gone is not a model bundle" in err


def test_no_bundle_at_all_is_one_line(models: Path, pictures: Path, capsys: Output) -> None:
    err = unusable(capsys, "classify", "--json", pictures)
    assert "name one with --model DIR" in err


def test_a_damaged_bundle_is_one_line(tiny: Path, pictures: Path, capsys: Output) -> None:
    (tiny / "model.int8.onnx").write_bytes(b"damaged")
    assert "does not match its manifest" in unusable(capsys, "classify", pictures)


def test_a_bundle_with_a_line_break_in_its_name_is_one_line(
    tiny: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    unusable(capsys, "classify", pictures, "--model", tmp_path / "a\nb")


def test_an_unknown_variant_is_one_line(tiny: Path, pictures: Path, capsys: Output) -> None:
    err = unusable(capsys, "classify", pictures, "--variant", "int4")
    assert "has no variant 'int4': choose int8 or fp32" in err


def test_the_environment_sets_defaults_and_flags_win(
    tiny: Path, pictures: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEMATOVISION_VARIANT", "fp32")
    run("classify", "--json", pictures)
    assert json.loads(capsys.readouterr().out)["model"]["variant"] == "fp32"
    run("classify", "--json", pictures, "--variant", "int8")
    assert json.loads(capsys.readouterr().out)["model"]["variant"] == "int8"
    monkeypatch.setenv("HEMATOVISION_MODEL", "gone")
    assert run("classify", "--json", pictures, "--model", tiny) == 0


def test_empty_variables_set_nothing(
    tiny: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEMATOVISION_VARIANT", "")
    monkeypatch.setenv("HEMATOVISION_THREADS", "")
    assert run("classify", pictures) == 0


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["classify"],
        ["dream"],
        ["classify", "a.png", "--json", "--csv", "b.csv"],
        ["classify", "a.png", "--threads", "0"],
        ["classify", "a.png", "--threads", "many"],
        ["classify", "a.png", "--threads", "5000"],
        ["classify", "a.png", "--colour"],
    ],
    ids=" ".join,
)
def test_a_command_that_makes_no_sense_ends_with_2(args: Sequence[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*args)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: python -m runtime" in err


@pytest.mark.parametrize("number", ["0", "-1", "many", "2.5", "5000"])
def test_a_number_of_threads_that_makes_no_sense_is_explained(number: str, capsys: Output) -> None:
    with pytest.raises(SystemExit):
        run("classify", "a.png", f"--threads={number}")
    assert f"'{number}' is not a whole number from 1 to 64" in capsys.readouterr().err


def test_help_says_what_it_is_for(capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    assert "For Research Use Only" in capsys.readouterr().out


# models and verify


def test_models_lists_the_bundles(models: Path, capsys: Output) -> None:
    make_tiny_bundle(models, "spare", default=False)
    make_tiny_bundle(models, "chosen")
    assert run("models") == 0
    chosen, spare = lines(capsys.readouterr().out)
    assert chosen.split()[:4] == ["chosen", "1.0.0", "classify", "default"]
    assert spare.split()[:4] == ["spare", "1.0.0", "classify", "int8"]


def test_models_names_a_broken_bundle_and_lists_the_others(models: Path, capsys: Output) -> None:
    make_tiny_bundle(models, "sound")
    (make_tiny_bundle(models, "broken") / "manifest.json").write_text("{")
    assert run("models") == 2
    out, err = capsys.readouterr()
    assert out.startswith("sound")
    assert len(lines(err)) == 1
    assert "broken/manifest.json is not JSON" in err


@pytest.mark.parametrize("command", ["models", "verify"])
def test_a_place_without_bundles_is_one_line(models: Path, capsys: Output, command: str) -> None:
    assert f"{models} holds no bundle" in unusable(capsys, command)


def test_verify_proves_every_bundle_and_variant(models: Path, capsys: Output) -> None:
    make_tiny_bundle(models, "a")
    make_tiny_bundle(models, "b", default=False)
    assert run("verify") == 0
    out, err = capsys.readouterr()
    assert [line.split(":")[0] for line in lines(out)] == [
        "a 1.0.0 int8",
        "a 1.0.0 fp32",
        "b 1.0.0 int8",
        "b 1.0.0 fp32",
    ]
    assert all("hash, graph and golden picture right" in line for line in lines(out))
    assert err == ""


def test_verify_of_a_damaged_bundle_ends_with_2_and_proves_the_others(
    models: Path, tmp_path: Path, capsys: Output
) -> None:
    damaged, sound = make_tiny_bundle(models, "a"), make_tiny_bundle(models, "b")
    (damaged / "model.int8.onnx").write_bytes(b"damaged")
    assert run("verify", damaged, sound) == 2
    out, err = capsys.readouterr()
    assert [line.split(":")[0] for line in lines(out)] == ["b 1.0.0 int8", "b 1.0.0 fp32"]
    assert len(lines(err)) == 1
    assert "model.int8.onnx does not match its manifest" in err


def test_verify_of_a_wrong_golden_answer_ends_with_2(
    tiny: Path, edit: Edit, capsys: Output
) -> None:
    wrong = {"red": 0.5, "green": 0.3, "blue": 0.2}
    edit(tiny, lambda m: m["golden"].update(probabilities={"int8": wrong, "fp32": wrong}))
    err = unusable(capsys, "verify", tiny)
    assert f"off by {RED - 0.5:.3f} (at most 0.001)" in err


def test_verify_of_a_golden_file_that_is_no_picture_ends_with_2(
    tiny: Path, edit: Edit, capsys: Output
) -> None:
    (tiny / "golden.png").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    edit(tiny, lambda m: m["golden"].update(sha256=empty))
    assert "golden.png is empty" in unusable(capsys, "verify", tiny)


def test_verify_of_a_missing_bundle_ends_with_2(tmp_path: Path, capsys: Output) -> None:
    assert "gone is not a model bundle" in unusable(capsys, "verify", tmp_path / "gone")


# The real command


def test_the_real_command_answers_standard_input_in_json(tiny: Path, pictures: Path) -> None:
    picture = (pictures / "b_red.png").read_bytes()
    status, out, err = finish("classify", "--json", "-", pictures / "notes.txt", stdin=picture)
    assert status == 1
    assert [r.get("label") for r in json.loads(out)["results"]] == ["red", None]
    assert err == ""


def test_the_real_command_shows_a_name_that_is_no_text(tiny: Path, pictures: Path) -> None:
    strange = pictures / "a\udcffb\n.png"
    (pictures / "b_red.png").rename(strange)
    status, out, err = finish("classify", strange, "gone\udcff.png")
    assert status == 1
    assert "a\\udcffb\\n.png  red" in out
    assert "gone\\udcff.png does not exist" in err
    assert len(lines(err)) == 1
    status, out, _ = finish("classify", "--json", strange)
    assert status == 0
    assert json.loads(out)["results"][0]["source"] == str(strange)


def test_the_real_command_refuses_in_one_line_without_a_traceback(
    pictures: Path, tmp_path: Path
) -> None:
    status, out, err = finish("classify", pictures, "--model", tmp_path)
    assert (status, out) == (2, "")
    assert len(lines(err)) == 1


@pytest.mark.parametrize("broken", ["stdout", "both"])
def test_a_reader_that_leaves_early_is_no_error(tiny: Path, pictures: Path, broken: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stderr = writing if broken == "both" else subprocess.PIPE
    many = [pictures, "gone.png", "gone.png"] * 20
    try:
        status, _, err = finish("classify", *many, stdout=writing, stderr=stderr)
    finally:
        os.close(writing)
    assert status == 0
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such shell")
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("command", "status"),
    [("runtime models", 0), ("export datasets gone", 2), ("benchmarks report", 0)],
)
def test_closed_streams_are_no_error(command: str, status: int, closed: str) -> None:
    line = f'exec "{sys.executable}" -m {command} {closed}'
    assert subprocess.run(["/bin/sh", "-c", line], cwd=ROOT).returncode == status


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_spoil_no_table(
    tiny: Path, pictures: Path, tmp_path: Path, closed: str
) -> None:
    file = tmp_path / "table.csv"
    command = f'exec "{sys.executable}" -m runtime classify --csv "$1" "$2" gone.png {closed}'
    done = subprocess.run(["/bin/sh", "-c", command, "sh", str(file), str(pictures)], cwd=ROOT)
    assert done.returncode == 1
    assert [row["label"] for row in table(file)] == ["blue", "red", "green", ""]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line(tiny: Path, pictures: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        status, _, err = finish("classify", "--json", pictures, stdout=full)
    assert status == 2
    assert len(lines(err)) == 1
    assert "full" in err


def test_an_interrupt_ends_with_130_and_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    with start("classify", "--csv", file, "-") as process:
        # It has begun once the table's place is kept; then it waits for its standard input.
        end = time.monotonic() + 60
        while not list(tmp_path.glob(".*")) and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        # `communicate` would close standard input, which must stay open until the end.
        status = process.wait(60)
        with contextlib.suppress(BrokenPipeError):
            out, err = process.communicate()
    assert (status, out, err) == (130, b"", b"")
    assert not list(tmp_path.glob("*table.csv*"))
    assert not list(tmp_path.glob(".*"))


def test_importing_the_runtime_loads_nothing_heavy() -> None:
    code = "import runtime, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"onnxruntime", "tensorflow", "keras", "onnx", "cv2", "flask", "tqdm"}
    assert not heavy & set(done.stdout.split())


def test_answering_writes_nothing_to_the_home_folder(
    tiny: Path, pictures: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "runtime", "classify", "--json", str(pictures)],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "HEMATOVISION_MODEL": str(tiny)},
        capture_output=True,
    )
    assert done.returncode in (0, 1)
    assert list(home.rglob("*")) == []
