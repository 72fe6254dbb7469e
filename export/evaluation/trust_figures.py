"""Two figures of trust: the errors left when only sure answers are believed, and unfamiliarity."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from export.evaluation.metrics import Floats, risk_coverage
from export.evaluation.trusted import Judged
from export.plots import figure, save
from runtime.trust import CONFIDENT, UNFAMILIAR, Trust

INK, GRAY = "#0f172a", "0.5"
# Okabe and Ito's, told apart by people who see fewer colors; dashes tell them apart without any.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DASHES = ("-", "--", "-.", ":")
FIRST = 10  # fewer answers than these say nothing of a rate
STEPS = 40  # of the histogram
FARTHEST = 0.995  # share of a set's pictures that the histogram's axis reaches, at least


def draw_risk_coverage(sets: Mapping[str, Judged], title: str, file: Path) -> None:
    """Draw the share of wrong answers over the share that is believed, the surest first.

    Args:
        sets: what each set of pictures is called, to its answers.
        title: bundle, network and data.
        file: the PNG to write.
    """
    drawn = figure(6.4, 4.6)
    axes = drawn.add_subplot()
    for i, (name, found) in enumerate(sets.items()):
        color = COLORS[i % len(COLORS)]
        plain = np.ones((1, len(found.right)))
        (coverage,), (risk,) = risk_coverage(found.rank, found.right, plain)
        seen = coverage * len(found.right) >= min(FIRST, len(found.right))
        axes.plot(
            100 * coverage[seen],
            100 * risk[seen],
            color=color,
            linestyle=DASHES[i % len(DASHES)],
            linewidth=1.8,
            label=f"{len(found.right)} pictures of {name}",
        )
        sure = found.status == CONFIDENT
        if sure.any():
            wrong = 100 * (1 - found.right[sure].mean())
            axes.plot(100 * sure.mean(), wrong, "o", color=color, markeredgecolor="white", ms=9)
    axes.plot([], [], "o", color=GRAY, label="answers called confident")
    axes.set(
        xlabel="answers believed, the surest first, unfamiliar ones last (%)",
        ylabel="wrong among them (%)",
        xlim=(0, 101),
    )
    axes.set_ylim(bottom=0)
    axes.margins(y=0.08)
    axes.grid(alpha=0.3)
    axes.set_title(title, fontsize=10, parse_math=False)
    _legend(drawn, axes)
    save(drawn, file)


def draw_unfamiliarity(sets: Mapping[str, Floats], trust: Trust, title: str, file: Path) -> None:
    """Draw a histogram for each set of pictures, one below the other, beside the threshold.

    Args:
        sets: what each is called, to the (n,) unfamiliarity of its pictures; empty ones are left
            out, and one at least is not.
        trust: whose threshold is shown.
        title: bundle, network and data.
        file: the PNG to write.
    """
    held = {name: values for name, values in sets.items() if len(values)}
    everything = [*held.values(), np.array([trust.familiar, trust.unfamiliar])]
    low = min(float(values.min()) for values in everything)
    high = max(float(np.quantile(values, FARTHEST)) for values in everything)
    pad = 0.04 * (high - low) or 0.1
    edges = np.linspace(low - pad, high + pad, STEPS + 1)
    drawn = figure(6.4, 1.5 + 1.15 * len(held))
    rows = drawn.subplots(len(held), 1, sharex=True, squeeze=False)[:, 0]
    drawn.suptitle(title, fontsize=10, parse_math=False)
    for i, (axes, (name, values)) in enumerate(zip(rows, held.items(), strict=True)):
        shares = np.full(len(values), 100 / len(values))
        color = COLORS[i % len(COLORS)]
        axes.hist(np.clip(values, edges[0], edges[-1]), edges, weights=shares, color=color)
        axes.axvline(trust.unfamiliar, color=INK, linewidth=1.4, label=f"{UNFAMILIAR} from here")
        axes.axvline(
            trust.familiar, color=INK, linewidth=1.2, linestyle=":", label="middle of home cells"
        )
        flagged = 100 * float(np.mean(values >= trust.unfamiliar))
        axes.set_title(
            f"{name}: {flagged:.1f} % of {len(values)} are unfamiliar",
            fontsize=9,
            loc="left",
            parse_math=False,
        )
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    rows[-1].set(xlabel="unfamiliarity", xlim=(edges[0], edges[-1]))
    drawn.supylabel("pictures (%)", fontsize=10)
    _legend(drawn, rows[0])
    save(drawn, file)


def _legend(drawn: Figure, axes: Axes) -> None:
    """Put the legend below the figure, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    legend = drawn.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
    for text in legend.get_texts():
        text.set_parse_math(False)
