"""Pinned packages with their hashes, as `requirements/*.txt` hold them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from runtime import HematoVisionError
from webapp.packaging.platforms import Platform

_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


class PackagingError(HematoVisionError):
    """An archive cannot be made."""


@dataclass(frozen=True)
class Pin:
    """A package of one version.

    Attributes:
        requirement: its name, version and perhaps a marker.
        hashes: `sha256:` and hexadecimal digits, of each file that it may come as.
    """

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The package's name, as the file spells it."""
        return self.requirement.name

    def line(self) -> str:
        """Write it as a requirement without a marker."""
        told = f"{self.name}{self.requirement.specifier}"
        return " ".join([told, *(f"--hash={each}" for each in self.hashes)])


def read_pins(text: str) -> tuple[Pin, ...]:
    """Read a file of requirements.

    Raises:
        PackagingError: a line is no package of one version with its hashes.
    """
    lines = re.sub(r"\\\r?\n", " ", text).splitlines()
    return tuple(_pin(line) for line in lines if line.strip() and not line.startswith("#"))


def wanted(pins: Iterable[Pin], platform: Platform, python: str) -> list[Pin]:
    """Choose the packages that a device with a Python needs.

    pip judges markers by the machine it runs on, also where it downloads for another.

    Args:
        pins: of all platforms.
        platform: the kind of device.
        python: such as `3.11`.
    """
    environment = {
        **platform.markers,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    return [
        pin
        for pin in pins
        if pin.requirement.marker is None or pin.requirement.marker.evaluate(environment)
    ]


def _pin(line: str) -> Pin:
    told, _, _ = line.partition("--hash")
    hashes = tuple(_HASH.findall(line))
    try:
        requirement = Requirement(told.strip())
    except InvalidRequirement as error:
        raise _unpinned(line) from error
    specifiers = list(requirement.specifier)
    one = len(specifiers) == 1 and specifiers[0].operator == "=="
    if not (one and hashes) or _HASH.sub("", line).strip() != told.strip():
        raise _unpinned(line)
    return Pin(requirement, hashes)


def _unpinned(line: str) -> PackagingError:
    return PackagingError(
        "requirements",
        f"{line[:60]!r} is no package of one version with its hashes: run 'make requirements'",
    )
