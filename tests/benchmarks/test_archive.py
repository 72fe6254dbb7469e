import io
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("distributed", reason="Dask, an extra, is not installed")
pytest.importorskip("pyarrow", reason="pyarrow, an extra, is not installed")

from benchmarks.archive import Planned, Taken, copies, plan, planned_table, taken_table, time_task
from runtime import Engine, decode


def written(folder: Path, kind: str) -> Path:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 0, 0)).save(stream, kind)
    file = folder / f"red.{kind.lower()}"
    file.write_bytes(stream.getvalue())
    return file


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_copies_differ_in_content_and_not_in_what_they_show(tmp_path: Path, kind: str) -> None:
    original = written(tmp_path, kind)
    copies([original], tmp_path / "copies", 3)
    files = sorted((tmp_path / "copies").iterdir())
    assert len({file.read_bytes() for file in files}) == 3
    assert all((decode(file) == decode(original)).all() for file in files)


def test_a_plan_writes_a_row_for_each_picture(tiny_engine: Engine, tmp_path: Path) -> None:
    task = time_task(tiny_engine, [written(tmp_path, "PNG")], size=4, rounds=1)
    assert task.size == 4
    assert task.load_s > 0
    assert task.answer_s > 0
    planned = plan(tiny_engine, task, workers=2, seconds=0.05)
    assert (planned.workers, planned.batch) == (2, 4)
    assert 0 < planned.reached < planned.ideal


def test_tables_compare_with_the_first_command_and_with_the_workers_pace() -> None:
    taken = [Taken("classify", 100, 2.0, 120.0, 0.0), Taken("archive", 100, 1.0, 150.0, 130.0)]
    assert taken_table(taken).lines[1] == ("archive", "100", "1.00", "100", "2.00", "150", "130")
    planned = planned_table([Planned(100, 64, 2000.0, 1000.0)])
    assert planned.lines[0] == ("100", "64", "2000", "1000", "50", "2.78")
