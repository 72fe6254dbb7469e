"""An archive's folder: rows as Parquet, in parts that are there whole or not at all.

This is the one file that needs pyarrow. A folder holds `_archive.json` (which model answers here),
`answers-0000001.parquet` and so on (the truth), and `_index.sqlite`, which is made from them.
Readers of Parquet pass over names that begin with an underscore or a dot.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.answers import Answer, Classification, ModelId, Problem, to_json
from runtime.archive_index import Entry, Found, Index, open_index
from runtime.bundle import Bundle
from runtime.errors import HematoVisionError
from runtime.files import PART, unwritable, write_whole
from runtime.lock import alone

SCHEMA: Final = "hematovision.archive/1"
ABOUT, INDEX = "_archive.json", "_index.sqlite"
PARTS = "answers-[0-9]*.parquet"
# A part is written when it has so many rows or the first of them is so old: what a kill can cost.
PART_ROWS, PART_S = 50_000, 10.0
TIMES = ("decode", "preprocess", "inference", "total")

Rows: TypeAlias = pa.Table
# Source, size, time and content of a picture, with what is said of it.
Row = tuple[Found, str | None, Answer]


def columns(bundle: Bundle) -> pa.Schema:
    """Name the columns of an archive: those of `classify --json`, flat."""
    text, number = pa.string(), pa.float64()
    return pa.schema(
        [
            ("source", text),
            ("bytes", pa.int64()),
            ("modified", pa.timestamp("us", tz="UTC")),
            ("sha256", text),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("label", text),
            ("confidence", number),
            *((f"probability_{each.id}", number) for each in bundle.classes),
            ("status", text),
            ("prediction_set", pa.list_(text)),
            *(
                column
                for each in bundle.attributes
                for column in (
                    (f"attribute_{each.id}", text),
                    (f"attribute_{each.id}_confidence", number),
                )
            ),
            ("um_per_px", number),
            ("scale_source", text),
            *((f"ms_{each}", number) for each in TIMES),
            ("error_code", text),
            ("error_message", text),
            *((f"model_{each}", text) for each in ("name", "version", "variant", "sha256")),
        ]
    )


def rows_of(bundle: Bundle, model: ModelId, rows: Sequence[Row]) -> Rows:
    """Put answers in a table, a row a picture.

    Args:
        bundle: what answered.
        model: the same, with its variant.
        rows: pictures, the SHA-256 of their content where it could be read, and the answers.
    """
    said = {f"model_{key}": value for key, value in to_json(model).items()}
    told = [
        _where(found) | {"sha256": sha256} | _flat(answer) | said for found, sha256, answer in rows
    ]
    return pa.Table.from_pylist(told, schema=columns(bundle))


def _where(found: Found) -> dict[str, object]:
    return {"source": found.source, "bytes": found.size, "modified": found.modified_us}


def _flat(answer: Answer) -> dict[str, object]:
    told = to_json(answer)
    if not isinstance(answer, Classification):
        return {f"error_{key}": value for key, value in told["error"].items()}
    flat = {f"ms_{key}": value for key, value in told.pop("ms").items()}
    flat |= {f"probability_{key}": value for key, value in told.pop("probabilities").items()}
    for key, attribute in (told.pop("attributes") or {}).items():
        flat[f"attribute_{key}"] = attribute["value"]
        flat[f"attribute_{key}_confidence"] = attribute["confidence"]
    del told["source"]
    return {**flat, **told}


class ArchiveFolder:
    """Rows that are kept and rows that wait to be; open it with `open_archive`."""

    def __init__(self, folder: Path, index: Index, number: int, *, retry: bool) -> None:
        """Go on after the part with this number."""
        self._folder, self._index, self._number, self._retry = folder, index, number, retry
        self._waiting = list[Rows]()
        self._refused = dict[bytes, bool]()  # by the keys of what waits
        self._answers = dict[str, tuple[Rows, int]]()  # contents answered in what waits
        self._since_s = 0.0
        # Copies of a folder that was moved come part by part.
        self._read: Callable[[Path], Rows] = lru_cache(maxsize=2)(_part)

    def known(self, pictures: Sequence[Found]) -> Mapping[bytes, bool]:
        """Tell which pictures have a row, and of each whether it is a refusal."""
        keys = [each.key for each in pictures]
        waiting = {key: self._refused[key] for key in keys if key in self._refused}
        written = self._index.known([key for key in keys if key not in waiting])
        return waiting | {
            key: refused for key, refused in written.items() if not (refused and self._retry)
        }

    def are_answered(self, contents: Sequence[str]) -> set[str]:
        """Tell which contents were answered before, without reading a part."""
        waiting = {c for c in contents if c in self._answers}
        return waiting | self._places([c for c in contents if c not in waiting]).keys()

    def answered(self, contents: Sequence[str]) -> Mapping[str, tuple[Rows, int]]:
        """Find the rows of contents that were answered before: a table and a place in it each."""
        found = {c: self._answers[c] for c in contents if c in self._answers}
        places = self._places([c for c in contents if c not in found])
        parts = dict[str, dict[str, int]]()
        for content, (part, place) in places.items():
            parts.setdefault(part, {})[content] = place
        for part, wanted in sorted(parts.items()):  # each is read once, and only its rows are kept
            rows = self._read(self._folder / part).take(list(wanted.values()))
            found |= {content: (rows, at) for at, content in enumerate(wanted)}
        return found

    def _places(self, contents: Sequence[str]) -> dict[str, tuple[str, int]]:
        return {
            content: (part, place)
            for content, (part, place, refused) in self._index.places(contents).items()
            if not (refused and self._retry)
        }

    def add(self, rows: Rows) -> Sequence[Entry]:
        """Take rows in; they are in a part soon, and at the end of `open_archive` at the latest.

        Returns:
            What the index keeps of them.
        """
        if not self._waiting:
            self._since_s = time.monotonic()
        entries = _entries(rows)
        self._waiting.append(rows)
        self._refused |= {entry.key: entry.refused for entry in entries}
        for place, entry in enumerate(entries):
            if entry.sha256:
                self._answers.setdefault(entry.sha256, (rows, place))
        waited_s = time.monotonic() - self._since_s
        if sum(map(len, self._waiting)) >= PART_ROWS or waited_s >= PART_S:
            self.flush()
        return entries

    def flush(self) -> None:
        """Write what waits as a part; broken off anywhere, it can be done again.

        Raises:
            HematoVisionError: `unwritable`.
        """
        if not self._waiting:
            return
        rows = pa.concat_tables(self._waiting)
        name = f"answers-{self._number + 1:07}.parquet"
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink, compression="zstd")
        write_whole(self._folder / name, sink.getvalue())
        self._index.add(name, _entries(rows))
        # In this order: what is raised in between, such as Ctrl-C, must not bring them twice.
        self._waiting = []
        self._number += 1
        self._refused, self._answers = {}, {}


def copies(answers: Sequence[tuple[Rows, int]], pictures: Sequence[Found]) -> Rows:
    """Answer for pictures with the rows of others that have the same content.

    Times are null in these rows, because none was taken.

    Args:
        answers: tables and places in them, one a picture, at least one.
        pictures: those to be answered.
    """
    tables = {id(rows): rows for rows, _ in answers}
    starts = dict(zip(tables, accumulate(map(len, tables.values()), initial=0), strict=False))
    rows = pa.concat_tables(tables.values()).take([starts[id(r)] + at for r, at in answers])
    named = [
        message and message.replace(source, found.source, 1)
        for message, source, found in zip(
            rows["error_message"].to_pylist(), rows["source"].to_pylist(), pictures, strict=True
        )
    ]
    where = [_where(found) for found in pictures]
    new = {key: [each[key] for each in where] for key in where[0]} | {"error_message": named}
    new |= {f"ms_{each}": [None] * len(pictures) for each in TIMES}
    for key, values in new.items():
        place = rows.schema.get_field_index(key)
        field = rows.schema.field(key)
        rows = rows.set_column(place, field, pa.array(values, field.type))
    return rows


def refusals(rows: Rows) -> list[Problem]:
    """List what was refused, for a person to be told."""
    refused = rows.filter(rows["error_code"].is_valid())
    pairs = zip(*(refused[f"error_{key}"].to_pylist() for key in ("code", "message")), strict=True)
    return [Problem(code, message) for code, message in pairs]


@contextmanager
def open_archive(folder: Path, model: ModelId, *, retry: bool = False) -> Iterator[ArchiveFolder]:
    """Open an archive, or begin one, for one command at a time.

    Args:
        folder: new, empty, or an archive of the same model.
        model: what answers in it.
        retry: whether pictures that were refused are looked at again.

    Yields:
        The archive; what it was given is in it when the block ends, however that ends.

    Raises:
        HematoVisionError: `not_an_archive`, `other_model`, `in_use`, `unwritable` or `damaged`.
    """
    with ExitStack() as held:
        try:
            held.enter_context(alone(folder))
        except OSError as error:
            raise unwritable(folder, error) from error
        _begin(folder, model)
        for left in folder.glob(f"{PART}*"):  # by a command that was killed
            left.unlink()
        parts = {int(file.stem.split("-")[1]): file.name for file in folder.glob(PARTS)}
        index = held.enter_context(open_index(folder / INDEX, parts.values()))
        indexed = index.parts()
        for _, name in sorted(parts.items()):
            if name not in indexed:
                index.add(name, _entries(_part(folder / name)))
        archive = ArchiveFolder(folder, index, max(parts, default=0), retry=retry)
        try:
            yield archive
        finally:
            archive.flush()


def _begin(folder: Path, model: ModelId) -> None:
    """Say whose answers lie here, or refuse what is no archive or another model's."""
    about = {"schema": SCHEMA, "model": to_json(model)}
    file = folder / ABOUT
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if any(not each.name.startswith(PART) for each in folder.iterdir()):
            raise HematoVisionError(
                "not_an_archive", f"{folder} is no archive and not empty: name another folder"
            ) from None
        write_whole(file, json.dumps(about, indent=1).encode() + b"\n")
        return
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        raise HematoVisionError(
            "not_an_archive", f"{file} is not of an archive that is known here: name another folder"
        )
    if told.get("model") != about["model"]:
        theirs, ours = _called(told.get("model")), _called(about["model"])
        raise HematoVisionError(
            "other_model",
            f"{folder} holds answers of {theirs}, and {ours} is to answer: name that model with "
            "--model and --variant, or another folder with --out",
        )


def _called(model: Any) -> str:
    told = model if isinstance(model, dict) else {}
    name, version, variant = (told.get(key, "?") for key in ("name", "version", "variant"))
    return f"{name} {version} {variant} ({str(told.get('sha256'))[:8]}…)"


def _part(file: Path) -> Rows:
    try:
        return pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise HematoVisionError(
            "damaged", f"{file} cannot be read ({error}): remove it, and its pictures are done anew"
        ) from error


def _entries(rows: Rows) -> list[Entry]:
    told = [rows[name].to_pylist() for name in ("source", "bytes", "sha256", "error_code")] + [
        rows["modified"].cast(pa.int64()).to_pylist()
    ]
    return [
        Entry(Found(source, size, modified).key, sha256, refused=code is not None)
        for source, size, sha256, code, modified in zip(*told, strict=True)
    ]
