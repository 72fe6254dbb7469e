"""The folder of a report: where it may go, what it holds, and what every report tells."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from export.errors import ExportError
from export.evaluation.tables import one_line
from export.place import recover, staging
from runtime.answers import Refusal
from runtime.bundle import Bundle

JSON_FILE, TEXT_FILE = "report.json", "report.md"
CONFUSION_FILE, RELIABILITY_FILE, MISTAKES_FILE = "confusion.png", "reliability.png", "errors.png"
CURVES_FILE, WORST_FILE = "precision-recall.png", "worst.png"
RISK_FILE, UNFAMILIARITY_FILE = "risk-coverage.png", "unfamiliarity.png"
FILES = {
    JSON_FILE,
    TEXT_FILE,
    CONFUSION_FILE,
    RELIABILITY_FILE,
    RISK_FILE,
    UNFAMILIARITY_FILE,
    MISTAKES_FILE,
    CURVES_FILE,
    WORST_FILE,
}


def check_place(out: Path, bundle: Path, folder: Path) -> None:
    """Refuse, before the work, a folder that a report may not replace.

    Args:
        out: the folder that the report is to become.
        bundle: folder of the bundle, which may hold no pictures of cells.
        folder: folder of the data, whose pictures are cells alone.

    Raises:
        ExportError: it is in one of these, holds other files, or cannot be written.
    """
    out = out.resolve()
    if not out.name:
        raise ExportError(
            "unwritable", f"{out} is a whole disk, which no report replaces: choose another --out"
        )
    if inside := {bundle.resolve(), folder.resolve()} & {out, *out.parents}:
        raise ExportError(
            "unwritable",
            f"{out} is in {inside.pop()}, which a report would spoil: choose another --out",
        )
    try:
        recover(out)
        if out.exists() and {path.name for path in out.iterdir()} - FILES:
            raise ExportError(
                "unwritable",
                f"{out} holds files that are not of an earlier report: choose another --out",
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent):
            pass
    except OSError as error:
        raise _unwritable(out, error) from error


@contextmanager
def report_folder(out: Path) -> Iterator[Path]:
    """Give an empty folder for a report, which goes to its place when the block has filled it.

    Raises:
        ExportError: the folder cannot be written.
    """
    try:
        with staging(out) as staged:
            yield staged
    except OSError as error:
        raise _unwritable(out, error) from error


def model_facts(bundle: Bundle, variants: Iterable[str]) -> dict[str, object]:
    """Say which networks were measured."""
    measured = {name: bundle.variants[name] for name in variants}
    return {
        "name": bundle.name,
        "version": bundle.version,
        "sha256": {name: variant.sha256 for name, variant in measured.items()},
        "bytes": {name: variant.bytes for name, variant in measured.items()},
    }


def sizes(bundle: Bundle, variants: Iterable[str]) -> str:
    """Tell the size of each network's file."""
    return ", ".join(f"{name} {bundle.variants[name].bytes / 1e6:.2f} MB" for name in variants)


def counted(pictures: int) -> str:
    """Count pictures in words, at least one."""
    return f"{pictures} pictures" if pictures > 1 else "1 picture"


def refused(refusals: Sequence[Refusal]) -> list[str]:
    """Tell how many pictures were refused and why, where any were."""
    if not refusals:
        return []
    reasons = Counter(r.error.code for r in refusals)
    told = ", ".join(f"{count} {code}" for code, count in reasons.most_common())
    return [f"Refused: {told}; the first is {one_line(refusals[0].source)}.", ""]


def _unwritable(out: Path, error: OSError) -> ExportError:
    reason = error.strerror or error
    return ExportError("unwritable", f"{out} cannot be written ({reason}): choose another --out")
