"""The epochs of a training in their order, and how its steps shape the pace of learning."""

from dataclasses import dataclass

from export.recipe import Lap, Recipe

FROZEN, TUNING = "frozen", "fine-tuning"


@dataclass(frozen=True)
class Epoch:
    """A pass over the training data: of which stage, which number there, and at which size."""

    stage: str
    number: int
    of: int
    lap: Lap

    def __str__(self) -> str:
        """Name it for people."""
        return f"{self.stage}, epoch {self.number}/{self.of}"


@dataclass(frozen=True)
class Pace:
    """Steps of a stage, those over which its rate rises, and the momentum of averaged weights."""

    steps: int
    warmup: int
    momentum: float


def plan_epochs(recipe: Recipe) -> list[Epoch]:
    """List the epochs of both stages; the frozen one has the size of the first lap."""
    laps = recipe.train.laps
    tuning = [lap for lap in laps for _ in range(lap.epochs)]
    return [
        Epoch(stage, number, len(schedule), lap)
        for stage, schedule in (
            (FROZEN, [laps[0]] * recipe.train.frozen_epochs),
            (TUNING, tuning),
        )
        for number, lap in enumerate(schedule, 1)
    ]


def pace(recipe: Recipe, stage: str, cells: int) -> Pace:
    """Say how a stage learns from so many cells.

    A short training would end before a long warm-up or average has seen it: the warm-up takes at
    most a tenth of all steps, and weights are averaged over at most a tenth of the stage's.
    """
    numbers, plan = recipe.train, plan_epochs(recipe)
    an_epoch = max(1, cells // recipe.labelled_in_batch)
    steps = an_epoch * sum(epoch.stage == stage for epoch in plan)
    return Pace(
        steps,
        warmup=min(numbers.warmup_steps, an_epoch * len(plan) // 10, steps // 2),
        # An average of momentum m looks back over 1 / (1 - m) steps.
        momentum=max(0.0, min(numbers.ema, 1 - 10 / max(1, steps))),
    )
