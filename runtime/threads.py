"""How many threads an engine may use, so that a small machine stays responsive."""

import os
from pathlib import Path

MOST_THREADS = 4
_TOPOLOGY = Path("/sys/devices/system/cpu")


def default_threads() -> int:
    """Count the physical cores that this process may use, at most 4.

    More threads than cores, or hyper-threads of one core, make small convolutions slower.
    """
    return min(MOST_THREADS, physical_cores())


def physical_cores() -> int:
    """Count the physical cores that this process may use, at least 1."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if usable is None:
        return os.cpu_count() or 1
    cores = set()
    for cpu in usable:
        siblings = _TOPOLOGY / f"cpu{cpu}" / "topology" / "thread_siblings_list"
        cores.add(siblings.read_text().strip() if siblings.exists() else str(cpu))
    return max(1, len(cores))
