import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.runtime.commands import Output, lines, run, unusable
from tests.tiny_bundle import TONE, make_tiny_bundle, make_trusting_bundle

pytest.importorskip("distributed", reason="Dask, an extra, is not installed")
pytest.importorskip("pyarrow", reason="pyarrow, an extra, is not installed")

from distributed import LocalCluster

from runtime import archive_parts
from runtime.answers import ModelId
from runtime.archive import Archiver, open_client
from runtime.archive_parts import open_archive
from runtime.archive_work import Network, Work
from runtime.bundle import load_bundle
from runtime.errors import HematoVisionError
from runtime.lock import alone
from tests.runtime.archives import answered_here, deadly_load, rows

ROOT = Path(__file__).resolve().parents[2]
# Writes each answer at once, so that there is something to go on from.
AT_ONCE = """
import sys
import runtime.archive_parts
from runtime.cli import main

runtime.archive_parts.PART_S = 0
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with one worker, in this process."""
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def archive(scheduler: str, tiny: Path, tmp_path: Path) -> Callable[..., int]:
    """Run the command on that scheduler, into `tmp_path / "out"`."""

    def answered(source: object, *args: object) -> int:
        out = tmp_path / "out"
        return run("archive", source, "--out", out, "--scheduler", scheduler, *args)

    return answered


def many(folder: Path, count: int) -> list[Path]:
    """Write pictures of different contents."""
    folder.mkdir()
    files = [folder / f"{number:04}.png" for number in range(count)]
    for number, file in enumerate(files):
        Image.new("RGB", (40, 30), (number % 256, number // 256, 200)).save(file)
    return files


def test_rows_say_what_classify_says(
    archive: Callable[..., int], pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    assert archive(pictures) == 1
    out, err = capsys.readouterr()
    assert lines(out)[0].startswith(f"{tmp_path / 'out'}: 4 pictures, 1 of them refused; 0 were")
    assert lines(err) == [
        f"{pictures / 'broken.png'} is not a picture that can be read "
        "(JPEG, PNG, BMP, TIFF, WebP): save it as PNG or JPEG"
    ]
    assert run("classify", "--json", pictures) == 1
    document = json.loads(capsys.readouterr().out)
    told = {row["source"]: row for row in rows(tmp_path / "out")}
    assert len(told) == len(document["results"])
    for result in document["results"]:
        row = told[result["source"]]
        assert {key: row[f"model_{key}"] for key in document["model"]} == document["model"]
        if "error" in result:
            assert result["error"] == {key: row[f"error_{key}"] for key in ("code", "message")}
            assert row["label"] is None
            continue
        probabilities = {c: row[f"probability_{c}"] for c in result["probabilities"]}
        assert probabilities == result["probabilities"]
        for key in ("width", "height", "label", "confidence", "status", "prediction_set"):
            assert row[key] == result[key]
        assert row["error_code"] is None


def test_attributes_and_prediction_sets_are_columns(
    archive: Callable[..., int], pictures: Path, tmp_path: Path
) -> None:
    assert archive(pictures, "--model", make_trusting_bundle(tmp_path)) == 0
    red = next(row for row in rows(tmp_path / "out") if row["source"].endswith("b_red.png"))
    assert red["prediction_set"] == ["red"]
    assert red[f"attribute_{TONE['id']}"] == "warm"
    assert red[f"attribute_{TONE['id']}_confidence"] > 0.9


def test_a_second_run_does_nothing_and_a_new_picture_gets_its_row(
    archive: Callable[..., int], pictures: Path, tmp_path: Path, encode: Callable[..., bytes]
) -> None:
    assert archive(pictures) == 0
    before = rows(tmp_path / "out")
    assert archive(pictures) == 0
    assert rows(tmp_path / "out") == before
    (pictures / "new.png").write_bytes(encode("black"))
    assert archive(pictures) == 0
    after = rows(tmp_path / "out")
    assert after[: len(before)] == before
    assert [row["source"] for row in after[len(before) :]] == [str(pictures / "new.png")]


def test_a_content_is_answered_once_whatever_it_is_called(
    archive: Callable[..., int], pictures: Path, tmp_path: Path
) -> None:
    red = (pictures / "b_red.png").read_bytes()
    for number in range(5):
        (pictures / f"copy_{number}.png").write_bytes(red)
    (pictures / "broken.png").write_bytes(b"no picture")
    assert archive(pictures, "--batch", 2) == 1
    told = rows(tmp_path / "out")
    assert len({row["source"] for row in told}) == len(told) == 9
    assert len(answered_here(told)) == len(set(answered_here(told))) == 3
    pictures.rename(tmp_path / "moved")
    assert archive(tmp_path / "moved") == 1
    again = rows(tmp_path / "out")[9:]
    assert answered_here(again) == []
    said = {(Path(row["source"]).name, row["label"]) for row in told}
    assert {(Path(row["source"]).name, row["label"]) for row in again} == said
    broken = next(row for row in again if row["error_code"])
    assert broken["error_message"].startswith(str(tmp_path / "moved" / "broken.png"))


def test_copies_read_each_part_once(
    archive: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_parts, "PART_S", 0.0)  # a part for each batch
    (tmp_path / "in").mkdir()
    for number, file in enumerate(many(tmp_path / "all", 12)):
        file.rename(tmp_path / "in" / file.name)
        assert number % 3 != 2 or archive(tmp_path / "in") == 0
    parts = sorted((tmp_path / "out").glob("*.parquet"))
    assert len(parts) == 4
    told, read, read_table = rows(tmp_path / "out"), list[Path](), archive_parts.pq.read_table

    def noted(file: Path) -> archive_parts.Rows:
        read.append(file)
        return read_table(file)

    monkeypatch.setattr(archive_parts.pq, "read_table", noted)
    (tmp_path / "in").rename(tmp_path / "moved")
    assert archive(tmp_path / "moved") == 0
    assert sorted(read) == parts
    monkeypatch.undo()
    copied = rows(tmp_path / "out")[len(told) :]
    assert answered_here(copied) == []
    assert sorted(row["sha256"] for row in copied) == sorted(row["sha256"] for row in told)


def test_a_list_names_pictures_folders_and_what_is_missing(
    archive: Callable[..., int], pictures: Path, tmp_path: Path
) -> None:
    strange = os.fsencode(pictures) + b"/a\xff.png"
    Path(os.fsdecode(strange)).write_bytes((pictures / "b_red.png").read_bytes())
    listed = tmp_path / "list.txt"
    listed.write_bytes(b"\n".join([os.fsencode(pictures / "sub"), b"gone.png", strange, strange]))
    assert archive(listed) == 1
    told = {row["source"]: row for row in rows(tmp_path / "out")}
    assert len(told) == len(rows(tmp_path / "out")) == 3
    assert told["gone.png"]["error_code"] == "not_found"
    assert told["gone.png"]["sha256"] is None
    assert told[f"{pictures}/a\\udcff.png"]["label"] == "red"
    assert told[f"{pictures}/sub/c_green.webp"]["label"] == "green"


def test_a_list_may_come_on_standard_input(
    archive: Callable[..., int], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(os.fsencode(pictures / "b_red.png") + b"\r\n\r\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert archive("-") == 0
    assert [row["label"] for row in rows(tmp_path / "out")] == ["red"]


def test_what_was_refused_is_tried_again_when_asked_for(
    archive: Callable[..., int], tmp_path: Path, encode: Callable[..., bytes]
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{tmp_path / 'late.png'}\n")
    assert archive(listed) == 1
    assert archive(listed) == 1
    assert len(rows(tmp_path / "out")) == 1
    assert archive(listed, "--retry") == 1
    (tmp_path / "late.png").write_bytes(encode("red"))
    assert archive(listed) == 0
    assert [row["label"] for row in rows(tmp_path / "out")] == [None, None, "red"]


@pytest.mark.parametrize("harm", ["gone", "damaged", "ahead"])
def test_a_lost_index_is_made_anew_from_the_parts(
    archive: Callable[..., int], pictures: Path, tmp_path: Path, harm: str
) -> None:
    assert archive(pictures) == 0
    index = tmp_path / "out" / "_index.sqlite"
    (tmp_path / "out" / ".tmpleft").write_bytes(b"half")
    if harm == "gone":
        index.unlink()
    elif harm == "damaged":
        index.write_bytes(b"no database" * 1000)
    else:  # it knows a part that is there no more
        next((tmp_path / "out").glob("*.parquet")).unlink()
    assert archive(pictures) == 0
    assert len(rows(tmp_path / "out")) == 3
    assert not (tmp_path / "out" / ".tmpleft").exists()


def test_a_folder_that_cannot_take_the_answers_is_refused(
    archive: Callable[..., int], pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    out = tmp_path / "out"
    assert "no archive and not empty" in unusable(capsys, "archive", pictures, "--out", pictures)
    assert archive(pictures) == 0
    capsys.readouterr()
    other = make_tiny_bundle(tmp_path / "others", "other", version="2.0.0")
    err = unusable(capsys, "archive", pictures, "--out", out, "--model", other)
    assert "holds answers of tiny 1.0.0 int8" in err
    assert "other 2.0.0 int8" in err
    with alone(out):
        assert "in use" in unusable(capsys, "archive", pictures, "--out", out)
    file = tmp_path / "file"
    file.touch()
    assert "cannot be written" in unusable(capsys, "archive", pictures, "--out", file)
    (out / "_archive.json").write_text("{}")
    assert "is not of an archive" in unusable(capsys, "archive", pictures, "--out", out)


def test_a_damaged_part_is_named(
    archive: Callable[..., int], pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    assert archive(pictures) == 0
    (tmp_path / "out" / "_index.sqlite").unlink()
    next((tmp_path / "out").glob("*.parquet")).write_bytes(b"PAR1")
    capsys.readouterr()
    assert archive(pictures) == 2
    err = capsys.readouterr().err
    assert "answers-0000001.parquet cannot be read" in err
    assert len(lines(err)) == 1


def test_a_source_that_is_no_list_is_refused(
    archive: Callable[..., int], pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    assert archive(pictures / "b_red.png") == 2
    assert "is named like a picture" in capsys.readouterr().err
    assert archive(tmp_path / "none") == 2
    assert "none cannot be read (No such file" in capsys.readouterr().err


def test_a_worker_with_another_bundle_is_refused(
    scheduler: str, tiny: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    bundle = load_bundle(tiny)
    claimed = ModelId("tiny", "9.0.0", "int8", bundle.variants["int8"].sha256)
    with (
        open_archive(tmp_path / "out", claimed) as opened,
        open_client(1, scheduler) as client,
        pytest.raises(HematoVisionError, match="give all of them the same bundle"),
    ):
        Archiver(client, opened, bundle, Network(tiny, claimed)).run([str(pictures / "b_red.png")])


def test_without_dask_it_is_said_what_to_install(pictures: Path, tmp_path: Path) -> None:
    for package in ("distributed", "pyarrow"):
        code = (
            f"import sys; sys.modules[{package!r}] = None\n"
            "from runtime.cli import main; sys.exit(main(sys.argv[1:]))"
        )
        command = [sys.executable, "-c", code, "archive", pictures, "--out", tmp_path / "out"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 2
        assert f"{package} is missing: run 'make archive'" in done.stderr
        assert len(lines(done.stderr)) == 1


def test_a_picture_that_ends_workers_is_a_refusal_and_the_others_are_answered(
    tiny: Path, tmp_path: Path
) -> None:
    files = many(tmp_path / "many", 6)
    (tmp_path / "many" / "0003.png").rename(tmp_path / "many" / "deadly.png")
    files[3] = tmp_path / "many" / "deadly.png"
    bundle = load_bundle(tiny)
    model = ModelId("tiny", "1.0.0", "int8", bundle.variants["int8"].sha256)
    told: list[Any] = []
    with (
        open_archive(tmp_path / "out", model) as opened,
        open_client(1) as client,
    ):
        archiver = Archiver(
            client,
            opened,
            bundle,
            Network(tiny, model),
            tell=lambda _, refused: told.extend(refused),
            size=3,
            work=Work(load=deadly_load),
        )
        tally = archiver.run(map(str, files))
    assert (tally.new, tally.refused) == (6, 1)
    assert [problem.code for problem in told] == ["worker_died"]
    dead = [row["source"] for row in rows(tmp_path / "out") if row["error_code"]]
    assert dead == [str(files[3])]


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows are others")
@pytest.mark.parametrize(
    ("number", "ends"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_what_was_broken_off_goes_on_where_it_was(
    archive: Callable[..., int], tmp_path: Path, number: signal.Signals, ends: int
) -> None:
    files, out = many(tmp_path / "many", 600), tmp_path / "out"
    arguments = ["archive", tmp_path / "many", "--out", out, "--workers", "1", "--batch", "2"]
    with subprocess.Popen(
        [sys.executable, "-c", AT_ONCE, *map(str, arguments)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        end = time.monotonic() + 60
        while not list(out.glob("*.parquet")) and time.monotonic() < end:
            time.sleep(0.01)
        # The whole group gets it, as from Ctrl-C in a terminal.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == ends
    assert err == ""
    kept = rows(out)
    assert 0 < len(kept) < len(files)
    assert archive(tmp_path / "many") == 0
    told = rows(out)
    assert told[: len(kept)] == kept
    assert sorted(row["source"] for row in told) == sorted(map(str, files))
    assert len(answered_here(told)) == len(set(answered_here(told))) == len(files)
