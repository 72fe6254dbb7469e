"""The commands of the training side."""

import argparse
from pathlib import Path


def parse_args(args: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m export")
    sub = parser.add_subparsers(dest="command", required=True)
    t = sub.add_parser("train")
    t.add_argument("recipe", type=Path)
    t.add_argument("--data", type=Path, required=True)
    t.add_argument("--weights")
    t.add_argument("--run", type=Path, required=True)
    return parser.parse_args(args)


def main(args: list[str] | None = None) -> int:
    a = parse_args(args)
    from export.recipe import load_recipe
    from export.train import train
    train(load_recipe(a.recipe), a.recipe, a.data, a.weights, a.run)
    return 0
