"""What came of adapting a bundle to a site, as text for a terminal."""

from export.adapt import Outcome
from export.cross_validation import Beside, Interval
from export.evaluation.tables import aligned, one_line, with_interval

NOTE = (
    "Site: cross-validated, every cell answered by a head that had not seen it. Home: cells that "
    "no fit has seen. Brackets hold 95 % intervals, of the change paired by cell; one-sided 90 % "
    "must be above 0."
)


def text(found: Outcome) -> str:
    """Tell figures before and after, at the site and at home, and what to do next."""
    bundle, adapted = found.bundle, found.adapted
    counts = ", ".join(f"{label} {count}" for label, count in found.counts.items())
    site, home = adapted.site, adapted.home
    lines = [
        f"# {bundle.name} {bundle.version} on {site.n} cells of the site ({counts})",
        "",
        *aligned(
            ["", "cells", "before %", "after %", "change, points"],
            [*_rows("site", site), *_rows("home", home)],
        ),
        "",
        NOTE,
        "",
        *_of_trust(found),
    ]
    if found.place is None:
        lines += [
            f"nothing was published: {'; '.join(adapted.faults)}.",
            f"Use {bundle.path} as it is, or label more cells (100 are a good number) of the "
            "classes that it gets wrong, and run the command again.",
        ]
    else:
        lines += [
            f"published {found.place}",
            f"  python -m runtime classify --model {found.place} CELLS",
        ]
    return "\n".join(one_line(line) for line in lines)


def _rows(name: str, found: Beside) -> list[list[str]]:
    return [
        [
            f"{name}: accuracy",
            str(found.n),
            with_interval(found.before, found.interval_before, 100, 1),
            with_interval(found.after, found.interval_after, 100, 1),
            _change(found.after - found.before, found.gain),
        ],
        [
            f"{name}: mean recall",
            str(found.n),
            f"{100 * found.balanced_before:.1f}",
            f"{100 * found.balanced_after:.1f}",
            f"{100 * (found.balanced_after - found.balanced_before):+.1f}",
        ],
    ]


def _change(value: float, interval: Interval) -> str:
    low, high = interval
    return f"{100 * value:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _of_trust(found: Outcome) -> list[str]:
    trust = found.trust
    if trust is None:
        return []
    return [
        f"Familiar at the site: {100 * trust.familiar_before:.1f} % of its cells before, "
        f"{100 * trust.familiar_after:.1f} % after; of drawn pictures that are no cells "
        f"{100 * trust.strange_flagged:.1f} % are called unfamiliar.",
        "",
    ]
