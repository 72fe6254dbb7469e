"""The commands of the workshop, for a recipe, a run or a bundle of a detector."""

import argparse
import sys
from pathlib import Path

from export.errors import DatasetError, RecipeError

# Each command imports its stage itself, as in `export.cli`.


def train(args: argparse.Namespace) -> None:
    """Train by a detector's recipe.

    Raises:
        RecipeError: options are of a classifier, or the recipe is wrong.
    """
    from export.detector.recipe import load_detector_recipe

    recipe = load_detector_recipe(args.recipe)
    if args.teacher or args.untyped:
        raise RecipeError(
            "recipe",
            f"{args.recipe} trains a detector, which takes no --teacher and no --untyped: "
            "leave them out",
        )

    from export.detector.train import train as train_detector

    place = args.run or Path.home() / "hematovision-runs" / recipe.name
    saved = train_detector(
        args.recipe, args.data, place, args.weights, args.start, args.blend, fresh=args.fresh
    )
    print(f"saved {saved}")


def convert(args: argparse.Namespace) -> None:
    """Convert a detector's run."""
    from export.detector.convert import convert as convert_detector

    for file in convert_detector(args.run, args.data, args.recipe):
        print(f"wrote {file} ({file.stat().st_size / 1e6:.2f} MB)")


def publish(args: argparse.Namespace) -> None:
    """Publish a detector's run."""
    from export.detector.publish import publish as publish_detector

    place = publish_detector(
        args.run, args.data, args.also, args.models, args.strange, default=args.default
    )
    print(f"published {place}")


def evaluate(args: argparse.Namespace) -> bool:
    """Measure a bundle to detect, and return whether a field could not be read.

    Raises:
        DatasetError: options are of a classifier, or the data have no boxes.
    """
    from export.detector.report import as_json, evaluate_fields, text, write_report
    from export.evaluation.report_folder import check_place

    if args.classes or args.strange:
        raise DatasetError(
            "dataset", f"{args.bundle} finds cells: it takes neither --classes nor --strange"
        )
    if args.out:
        check_place(args.out, args.bundle, args.data)
    found = evaluate_fields(args.bundle, args.data, args.split, args.variant)
    if args.out:
        write_report(found, args.out)
        print(f"wrote {args.out}", file=sys.stderr)
    print(as_json(found) if args.json else text(found))
    return bool(found.refusals)
