"""Pinned packages: read, chosen for a device, written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.packaging.pins import PackagingError, read_pins, wanted
from webapp.packaging.platforms import PLATFORMS, PYTHONS

HASH = "a" * 64
names = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,5})?", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True)
hashes = st.lists(st.from_regex(r"[0-9a-f]{64}", fullmatch=True), min_size=1, max_size=3)


@given(st.lists(st.tuples(names, versions, hashes), max_size=5))
def test_what_is_written_is_read_again(packages: list[tuple[str, str, list[str]]]) -> None:
    text = "# a comment\n\n" + "".join(
        f"{name}=={version} \\\n"
        + " \\\n".join(f"    --hash=sha256:{each}" for each in given)
        + "\n"
        for name, version, given in packages
    )
    pins = read_pins(text)
    assert [(pin.name, [each[7:] for each in pin.hashes]) for pin in pins] == [
        (name, given) for name, _, given in packages
    ]
    assert read_pins("\n".join(pin.line() for pin in pins)) == pins


@pytest.mark.parametrize(
    "line",
    [
        "flask",
        "flask==3.1.0",
        f"flask>=3.1.0 --hash=sha256:{HASH}",
        f"flask==3.1.0 --hash=sha256:{HASH[1:]}",
        f"flask==3.1.0 --hash=md5:{HASH}",
        f"flask==3.1.0 --hash=sha256:{HASH} --no-binary",
        "-r other.txt",
        "flask @ https://example.org/flask.whl",
    ],
)
def test_a_line_that_leaves_anything_open_is_refused(line: str) -> None:
    with pytest.raises(PackagingError, match="make requirements"):
        read_pins(line)


def test_markers_are_judged_by_the_device_and_not_by_this_machine() -> None:
    pins = read_pins(
        f"colorama==1 ; sys_platform == 'win32' --hash=sha256:{HASH}\n"
        f"old==1 ; python_full_version < '3.12' --hash=sha256:{HASH}\n"
        f"arm==1 ; platform_machine == 'aarch64' --hash=sha256:{HASH}\n"
    )
    chosen = {
        (name, python): [pin.name for pin in wanted(pins, platform, python)]
        for name, platform in PLATFORMS.items()
        for python in PYTHONS
    }
    assert chosen["windows-x86_64", "3.11"] == ["colorama", "old"]
    assert chosen["windows-x86_64", "3.12"] == ["colorama"]
    assert chosen["linux-aarch64", "3.13"] == ["arm"]
    assert chosen["linux-x86_64", "3.13"] == []
