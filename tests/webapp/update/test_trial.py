"""What a trial may do: nothing to the data, and nothing as another than who owns them."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.webapp.laboratory.laboratory import answering
from webapp.app import create_app
from webapp.bench import Bench, bench_of
from webapp.settings import Settings
from webapp.store.accounts import add_account
from webapp.store.database import FILE, Database
from webapp.store.options import Options, read_options, write_options
from webapp.update import trial
from webapp.update.processes import as_owner_of, called, owner_of, start

SOMEBODY = 12345
needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root works for others"
)


def test_a_trial_makes_no_copies_on_the_stick(tmp_path: Path) -> None:
    options = replace(Options(), copy_folder=str(tmp_path), least_free_mb=7777)
    with Bench.open(tmp_path / "data") as bench, bench.writing() as session:
        write_options(session, "Ada", options)
    (tmp_path / "trial").mkdir()
    trial._copy(tmp_path / "data" / FILE, tmp_path / "trial" / FILE)
    with Bench.open(tmp_path / "trial") as bench, bench.reading() as session:
        assert read_options(session) == replace(options, copy_folder="")
    with Bench.open(tmp_path / "data") as bench, bench.reading() as session:
        assert read_options(session) == options


def test_what_is_wrong_is_compared_where_there_are_accounts_too(tmp_path: Path) -> None:
    with Database.open(tmp_path / "data") as database, database.begin() as session:
        add_account(session, "setup", "Ada", "administrator", "some words nobody guesses")
    nowhere = tmp_path / "none"
    app = create_app(Settings(model=nowhere, detector=nowhere, data=tmp_path / "data"))
    with bench_of(app), answering(app) as url:
        health = trial.ask(url)
    assert health is not None
    assert health.troubles == ("bundle_missing", "bundle_missing")
    assert not health.is_as_well_as(replace(health, troubles=("bundle_missing",)))


@needs_root
def test_an_administrator_works_on_data_as_who_owns_them(tmp_path: Path) -> None:
    os.chown(tmp_path, SOMEBODY, SOMEBODY)
    for folder in tmp_path.parents[:3]:
        if folder.name.startswith("pytest-"):
            folder.chmod(0o711)
    with as_owner_of(tmp_path):
        assert os.geteuid() == SOMEBODY
        with (Path("/tmp") / f"log-{os.getpid()}").open("w+") as log:  # noqa: S108
            Path(log.name).unlink()
            with start(["/usr/bin/id"], log, (SOMEBODY, SOMEBODY)):
                pass
            log.seek(0)
            said = log.read()
    assert os.geteuid() == 0
    assert said.startswith(f"uid={SOMEBODY} gid={SOMEBODY}")
    assert "euid" not in said
    assert "root" not in said


def test_ones_own_folder_is_worked_on_as_oneself(tmp_path: Path) -> None:
    assert owner_of(tmp_path) is None
    with as_owner_of(tmp_path):
        assert called([sys.executable, "-c", "print(1)"], "it fails").strip() == "1"
