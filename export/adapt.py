"""Adapt a bundle to a site: refit its head to a few labelled cells, or refuse and say why."""

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from export.calibration import as_manifest
from export.cross_validation import Adapted, adapt_head
from export.data.fingerprint import fingerprint
from export.errors import ExportError
from export.evaluation.card import FIGURES, card, figure_file
from export.evaluation.class_names import Names
from export.evaluation.evaluate import Evaluation, evaluate_arrays
from export.evaluation.figures import draw_confusion, draw_reliability
from export.head import Array, Cells, put_head, read_head
from export.home import Home, read_home
from export.place import staging, write
from export.provenance import provenance
from export.recipe import Trusting
from export.run import HOME_FILE, TRUST_FILE, sha256
from export.site import Site, look
from export.site_trust import Judged, SiteTrust, retrust
from export.staged_bundle import (
    VARIANTS,
    Manifest,
    answer_golden,
    next_version,
    older,
    refuse_two_defaults,
    stage_file,
    write_manifest,
)
from runtime.bundle import Bundle, load_bundle
from runtime.lock import alone
from runtime.trust import softmax

NAME = r"[a-z0-9][a-z0-9._-]{0,63}"  # as a recipe's
HELD_OUT, HOME = "cross-validated", "home sample"


@dataclass(frozen=True)
class Outcome:
    """What came of adapting.

    Attributes:
        bundle: what was adapted.
        adapted: the refitted head and its figures.
        trust: None where the bundle has none.
        place: where the new bundle is; None where it was refused.
        counts: cells of the site by class.
    """

    bundle: Bundle
    adapted: Adapted
    trust: SiteTrust | None
    place: Path | None
    counts: dict[str, int]


def adapt(
    path: Path, data: Path, name: str, models: Path, table: Names, *, default: bool
) -> Outcome:
    """Refit head, calibration and unfamiliarity of a bundle to a site's labelled cells.

    A bundle named after the site is published if cross-validation shows it to be better there and
    it loses at most `cross_validation.HOME_POINTS` at home; otherwise nothing is written.

    Args:
        path: folder of the bundle.
        data: the site's cells, in any layout; splits that they name are of no account.
        name: of the new bundle.
        models: folder that receives it.
        table: class names of `data`, as from `class_names.read_class_names`.
        default: whether the new bundle answers when none is named; a bundle that does so keeps it.

    Raises:
        BundleError: the bundle cannot be used.
        ExportError: it holds no home cells, the name is not free, or another bundle is the default.
        DatasetError: there are too few cells, or classes that the bundle does not know.
    """
    bundle, place = load_bundle(path), models / name
    if lacking := sorted(VARIANTS.keys() - bundle.variants.keys()):
        raise ExportError(
            "export", f"{bundle.path} has no {lacking[0]} network: take a bundle that has both"
        )
    with alone(models):
        before = _replaced(place, name, bundle)
        default = default or (before is not None and before.is_default)
        if default:
            refuse_two_defaults(models, place)
        networks = {v: onnx.load_from_string(_read(bundle, v)) for v in VARIANTS}
        head = read_head(networks["fp32"])
        home = read_home(bundle, len(head.weights))
        seed = int(bundle.manifest.get("training", {}).get("seed", 0))
        site = look(bundle, data, table, seed)
        adapted = adapt_head(head, site.cells, site.groups, home.learnt, home.judged, seed)
        trust = _trust(bundle, site, home, adapted, seed)
        counts = dict(sorted(Counter(s.label for s in site.samples).items()))
        if adapted.faults:
            return Outcome(bundle, adapted, trust, None, counts)
        manifest = _manifest(bundle, name, next_version(before), adapted, site, default=default)
        with staging(place) as staged:
            for variant, network in networks.items():
                content = put_head(network, adapted.head).SerializeToString()
                stage_file(manifest["variants"], variant, VARIANTS[variant], content, staged)
            _stage(manifest, bundle, trust, staged)
            manifest["metrics"] = _metrics(bundle, data, site, home, adapted, trust, staged)
            write_manifest(manifest, staged)
            write(staged / "CARD.md", card(manifest, manifest.get("limits", ())).encode())
    return Outcome(bundle, adapted, trust, place, counts)


def _replaced(place: Path, name: str, bundle: Bundle) -> Bundle | None:
    """Return the adapted bundle of the same name, if there is one; refuse to replace any else."""
    if not re.fullmatch(NAME, name):
        raise ExportError(
            "export",
            f"--name {name!r} is not of small letters, digits, dots, hyphens and underscores, at "
            "most 64: choose another, such as 'ward-2'",
        )
    before = older(place)
    if before and before.path.samefile(bundle.path):
        raise ExportError("export", f"{place} is the bundle to adapt itself: choose another --name")
    if before and "adapted" not in before.manifest:
        raise ExportError(
            "export", f"{place} is a bundle that was not adapted to a site: choose another --name"
        )
    return before


def _read(bundle: Bundle, variant: str) -> bytes:
    chosen = bundle.variant(variant)
    return bundle.read(chosen.file, chosen.sha256)


def _trust(bundle: Bundle, site: Site, home: Home, adapted: Adapted, seed: int) -> SiteTrust | None:
    if bundle.trust is None:
        return None
    return retrust(
        bundle.trust,
        Judged(adapted.held_out, site.textures, site.cells.labels),
        site.groups,
        Judged(adapted.head(home.judged.served), home.textures, home.judged.labels),
        site.strange,
        Trusting(coverage=_coverage(bundle)),
        seed,
    )


def _coverage(bundle: Bundle) -> float:
    """Read what share of its prediction sets should hold the truth; older bundles do not say."""
    return float(bundle.manifest["trust"].get("coverage", Trusting().coverage))


def _manifest(
    bundle: Bundle, name: str, version: str, adapted: Adapted, site: Site, *, default: bool
) -> Manifest:
    """Describe the new bundle; its networks for other engines would still have the older head."""
    kept = {
        key: value for key, value in bundle.manifest.items() if key not in ("comparison", "run")
    }
    origin = {
        "name": bundle.name,
        "version": bundle.version,
        "sha256": sha256(bundle.path / "manifest.json"),
        "adapted": bundle.manifest.get("adapted"),
    }
    return kept | {
        "name": name,
        "title": f"{bundle.manifest.get('title', bundle.name)}, adapted to {name}",
        "version": version,
        "default": default,
        "variants": {"default": bundle.default_variant},
        "golden": dict(bundle.manifest["golden"]),
        "metrics": {},
        "adapted": {
            "from": origin,
            "data": fingerprint(site.samples) | {"names": site.names},
            "hold": adapted.hold,
            "site": dataclasses.asdict(adapted.site),
            "home": dataclasses.asdict(adapted.home),
            **provenance(),
        },
    }


def _stage(manifest: Manifest, bundle: Bundle, trust: SiteTrust | None, staged: Path) -> None:
    """Write what is beside the networks, and the golden answers."""
    home = bundle.manifest["home"]
    stage_file(manifest, "home", HOME_FILE, bundle.read(HOME_FILE, home["sha256"]), staged)
    if trust:
        numbers, arrays = as_manifest(trust.trust)
        stage_file(manifest, "trust", TRUST_FILE, arrays, staged)
        manifest["trust"] |= numbers | {
            "coverage": _coverage(bundle),
            "chosen_on": {
                "site, held out": len(trust.unfamiliarity),
                "home": len(trust.home_unfamiliarity),
            },
        }
    golden = bundle.golden
    write(staged / golden.file, bundle.read(golden.file, golden.sha256))
    answer_golden(manifest, staged)


def _metrics(
    bundle: Bundle,
    data: Path,
    site: Site,
    home: Home,
    adapted: Adapted,
    trust: SiteTrust | None,
    staged: Path,
) -> dict[str, Any]:
    """Judge the held-out cells of the site and the home cells class by class, and draw both."""
    ids, variant = [c.id for c in bundle.classes], bundle.default_variant
    (staged / FIGURES).mkdir()

    def judged(cells: Cells, logits: Array, beyond: Array | None) -> Evaluation:
        rows = (
            softmax(logits)
            if trust is None or beyond is None
            else trust.trust.probabilities(logits, beyond)
        )
        return evaluate_arrays(ids, cells.labels, rows.astype(np.float64))

    counts = Counter(ids[label] for label in home.judged.labels)
    parts = {
        data.resolve().name: (
            judged(site.cells, adapted.held_out, trust and trust.unfamiliarity),
            fingerprint(site.samples) | {"names": site.names},
        ),
        HOME: (
            judged(
                home.judged, adapted.head(home.judged.served), trust and trust.home_unfamiliarity
            ),
            {"count": counts.total(), "classes": dict(sorted(counts.items()))},
        ),
    }
    found = {}
    for name, (evaluation, facts) in parts.items():
        split = "val" if name == HOME else HELD_OUT
        title = f"{name}, {split}, {variant}"
        draw_confusion(evaluation, title, staged / figure_file("confusion", name))
        draw_reliability(evaluation, title, staged / figure_file("reliability", name))
        found[name] = {split: {"data": facts, variant: dataclasses.asdict(evaluation)}}
    return found
