"""The kinds of devices that archives are made for, and what pip calls them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PYTHONS: Final = ("3.11", "3.12", "3.13")


@dataclass(frozen=True)
class Platform:
    """A kind of device.

    Attributes:
        name: system and processor, as archives are named.
        tags: what wheels for it are called; none of them is implied by another.
        markers: what a requirement's marker may ask of it, but for Python's version.
        is_windows: whether it takes a zip file.
    """

    name: str
    tags: tuple[str, ...]
    markers: Mapping[str, str]
    is_windows: bool = False


def _linux(machine: str) -> Platform:
    # glibc 2.28 and later: all systems that have a Python 3.11 of their own.
    ages = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
    markers = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
    return Platform(
        f"linux-{machine}",
        tuple(f"{age}_{machine}" for age in ages),
        {**markers, "platform_machine": machine},
    )


PLATFORMS: Final = {
    each.name: each
    for each in (
        _linux("x86_64"),
        _linux("aarch64"),
        Platform(
            "windows-x86_64",
            ("win_amd64",),
            {
                "os_name": "nt",
                "sys_platform": "win32",
                "platform_system": "Windows",
                "platform_machine": "AMD64",
            },
            is_windows=True,
        ),
    )
}
