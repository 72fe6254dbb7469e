"""What the system tells of the machine: processor, memory, heat, and what holds its clock down.

Everything is read at the moment it is asked for; what the system does not tell is None.
"""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path("/")  # where `proc` and `sys` are found
# Bits of a Raspberry Pi's get_throttled; the same ones 16 higher say "since the start".
PI_STATES: Final = ("under_voltage", "frequency_capped", "throttled", "temperature_limit")


def board(root: Path = ROOT) -> str | None:
    """Name the board, such as a Raspberry Pi, or the make of a PC."""
    if told := _tree(root):
        return told
    named = (line(root / "sys/class/dmi/id" / part) for part in ("sys_vendor", "product_name"))
    return " ".join(part for part in named if part) or None


def cpu(root: Path = ROOT) -> str | None:
    """Name the processor; on an ARM board, whose kernel names none, the board."""
    told = field(root / "proc/cpuinfo", "model name")
    return told or _tree(root) or platform.processor() or None


def memory_bytes(root: Path = ROOT) -> tuple[int | None, int | None]:
    """Return the memory there is, and what of it programs could still get, in bytes."""
    told = [field(root / "proc/meminfo", name) for name in ("MemTotal", "MemAvailable")]
    total, available = (int(each.split()[0]) * 1024 if each else None for each in told)
    if total is None and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # macOS
    return total, available


def governor(root: Path = ROOT) -> str | None:
    """Name the rule by which the processor's clock is set."""
    return line(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def temperature_c(root: Path = ROOT) -> float | None:
    """Return the temperature in °C of the hottest of the zones that are the processor's."""
    found = []
    for zone in (root / "sys/class/thermal").glob("thermal_zone*"):
        kind, millis = line(zone / "type"), line(zone / "temp")
        ours = any(word in (kind or "").lower() for word in ("cpu", "soc", "pkg", "core"))
        if ours and millis is not None and millis.lstrip("-").isdigit():
            found.append(int(millis) / 1000)
    return max(found, default=None)


def throttled(root: Path = ROOT) -> Mapping[str, list[str] | None] | None:
    """Tell what holds the clock down.

    Returns:
        Lists of words under `now` and `since_boot`, empty where nothing does; None under `now`
        where the system counts without telling the moment.
    """
    firmware = line(root / "sys/devices/platform/soc/soc:firmware/get_throttled")
    if firmware is not None:
        bits = int(firmware, 16)
        now, since_boot = (
            [word for i, word in enumerate(PI_STATES) if bits >> (i + shift) & 1]
            for shift in (0, 16)
        )
        return {"now": now, "since_boot": since_boot}
    count = line(root / "sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count")
    if count is not None:
        # Intel's counter does not tell whether it is throttled at this moment.
        return {"now": None, "since_boot": [] if count == "0" else ["throttled"]}
    return None


def line(path: Path) -> str | None:
    """Read a small file of the kernel; None where there is none, or nothing in it."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def field(path: Path, name: str) -> str | None:
    """Return the value of the first line `name : value` of a file of the kernel."""
    for each in (line(path) or "").splitlines():
        key, _, value = each.partition(":")
        if key.strip() == name and value.strip():
            return value.strip()
    return None


def _tree(root: Path) -> str | None:
    told = line(root / "proc/device-tree/model")
    return told.rstrip("\0") if told else None
