"""`classify --csv`: a table that is whole or not there."""

from pathlib import Path

import pytest

from tests.runtime.commands import Output, lines, run, table, unusable
from tests.tiny_bundle import CLASSES, RED
from tests.tiny_squares import make_squares_detector

OLDER = "source,width,height,label,confidence,status,red,error\n"


@pytest.fixture
def fields(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector beside the tiny bundle."""
    monkeypatch.setenv("HEMATOVISION_DETECTOR", str(make_squares_detector(tmp_path / "models")))


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
    file.write_text(OLDER)
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
    file.write_text(OLDER)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("runtime.cli.document", interrupted)
    assert run("classify", "--csv", file, pictures) == 130
    assert file.read_text() == OLDER
    assert list(file.parent.iterdir()) == [file]


CELLS = "source,width,height,um_per_px,scale_source,usable,id,note\r\n"


@pytest.mark.parametrize("content", ["", OLDER, CELLS])
@pytest.mark.parametrize("command", ["classify", "analyze"])
def test_a_table_of_answers_may_be_replaced(
    fields: None, pictures: Path, tmp_path: Path, content: str, command: str
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(content)
    assert run(command, "--csv", file, pictures / "b_red.png") == 0
    assert {row["source"] for row in table(file)} == {str(pictures / "b_red.png")}


@pytest.mark.parametrize(
    "content",
    [
        b"patient,date\n1,2\n",
        b"source,width,height,mine\n",
        b"\n\n",
        b"\xff\x00,\x00",
        b'"' * 200_000,
    ],
)
@pytest.mark.parametrize("command", ["classify", "analyze"])
def test_anything_else_is_never_replaced(
    fields: None, pictures: Path, tmp_path: Path, capsys: Output, content: bytes, command: str
) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    assert "is not a table of answers" in unusable(capsys, command, "--csv", file, pictures)
    assert file.read_bytes() == content
