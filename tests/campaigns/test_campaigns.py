"""The campaigns in short: `make campaign-kill` and `make campaign-power` run them at length."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import kill, power, restoring
from tests.campaigns.campaign import Tally
from tests.campaigns.power import CARELESS, Mains, unmountable
from tests.campaigns.server import Servers, bundles

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="forks and FUSE are Linux's")
needs_fuse = pytest.mark.skipif(unmountable() is not None, reason=str(unmountable()))


def nothing_lost(tally: Tally, times: int) -> None:
    assert tally.faults == []
    assert tally.deaths == times
    assert tally.acknowledged.total() > 0


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundles(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def servers(models: Path) -> Iterator[Servers]:
    with Servers(models, models / "server.log") as servers:
        yield servers


@needs_linux
def test_no_acknowledged_write_is_lost_when_servers_are_killed(
    tmp_path: Path, servers: Servers
) -> None:
    nothing_lost(kill.campaign(tmp_path, servers, times=4, seed=7), 4)


@needs_linux
@needs_fuse
def test_no_acknowledged_write_is_lost_when_the_power_is_cut(
    tmp_path: Path, servers: Servers
) -> None:
    tally, unsynced = power.campaign(tmp_path, servers, times=3, seed=7)
    nothing_lost(tally, 3)
    assert unsynced["writes"] > 0, "nothing was left to be lost"


@needs_linux
@needs_fuse
def test_a_store_that_syncs_nothing_is_found_out(tmp_path: Path, models: Path) -> None:
    with Servers(models, models / "careless.log", CARELESS) as careless:
        tally, _ = power.campaign(tmp_path, careless, times=20, seed=7)
    assert tally.faults != []


@needs_linux
@needs_fuse
def test_a_restore_that_is_broken_off_leaves_the_old_data_or_the_new(tmp_path: Path) -> None:
    found, faults = restoring.campaign(tmp_path, times=4, seed=7)
    assert faults == []
    assert sum(found.values()) == 4


@pytest.fixture
def mains(tmp_path: Path) -> Iterator[Mains]:
    with Mains(tmp_path) as mains:
        mains.data.parent.mkdir()
        yield mains


def sync(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


@needs_linux
@needs_fuse
def test_what_was_synced_survives_and_the_rest_may_not(mains: Mains) -> None:
    home = mains.data.parent
    for name in ("synced", "unnamed", "unwritten"):
        (home / name).write_bytes(b"of old")
    sync(home / "synced")
    sync(home / "unnamed")
    sync(home.parent)
    (home / "lasting").write_bytes(b"x" * 10_000)
    sync(home / "lasting")
    sync(home)
    with (home / "lasting").open("r+b") as file:
        file.write(b"y" * 10_000)
    (home / "late").write_bytes(b"never synced")
    mains.pull(lambda: None)
    assert (home / "synced").read_bytes() == b"of old"
    assert (home / "unnamed").read_bytes() == b"of old"
    assert (home / "unwritten").exists()
    left = (home / "lasting").read_bytes()
    assert len(left) == 10_000
    assert set(left) <= set(b"xy")
