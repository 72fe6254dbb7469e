"""The command `archive`: answers any number of pictures into a folder of Parquet."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.answers import ModelId, Problem
from runtime.archive import Archiver, Tally, open_client
from runtime.archive_parts import open_archive
from runtime.archive_work import Network
from runtime.bundle import load_bundle
from runtime.inputs import stream_paths
from runtime.lines import one_line
from runtime.threads import physical_cores

ANSWERED, SOME_REFUSED = 0, 1


def run_archive(
    args: argparse.Namespace, advance: Callable[[int], object], write: Callable[[str], object]
) -> int:
    """Run the command and return its exit status.

    Args:
        args: as parsed.
        advance: is told how many more pictures have been done.
        write: shows a line on standard error.

    Raises:
        HematoVisionError: the source, the bundle, the folder or the scheduler is unusable.
    """
    bundle = load_bundle(args.model)
    variant = bundle.variant(args.variant)
    model = ModelId(bundle.name, bundle.version, variant.name, variant.sha256)
    network = Network(Path.cwd() / bundle.path, model)

    def tell(done: int, refused: Sequence[Problem]) -> None:
        for problem in refused:
            write(one_line(problem.message))
        advance(done)

    with (
        open_archive(args.out, model, retry=args.retry) as archive,
        open_client(args.workers or physical_cores(), args.scheduler) as client,
    ):
        archiver = Archiver(client, archive, bundle, network, tell, args.batch)
        tally = archiver.run(stream_paths(args.source))
    print(*_lines(args.out, model, tally), sep="\n")
    return SOME_REFUSED if tally.refused else ANSWERED


def _lines(folder: Path, model: ModelId, tally: Tally) -> Sequence[str]:
    return (
        f"{one_line(str(folder))}: {tally.before + tally.new} pictures, {tally.refused} of them "
        f"refused; {tally.before} were there before, {tally.new} are new, {tally.copied} of these "
        "with the answer to the same content",
        f"{model.name} {model.version} {model.variant}. For Research Use Only.",
    )
