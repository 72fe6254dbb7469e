"""The command that keeps accounts, and the start that asks for one."""

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.webapp.accounts.people import PASSWORD
from tests.webapp.serving import ROOT, serving
from webapp import cli
from webapp.accounts import main
from webapp.command import command_line
from webapp.first_administrator import NAME
from webapp.first_administrator import PASSWORD as PASSWORD_VARIABLE
from webapp.store.account_tables import AccountRow
from webapp.store.accounts import all_accounts
from webapp.store.audit import entries
from webapp.store.database import FILE, Database
from webapp.store.passwords import fits
from webapp.store.tables import now


@pytest.fixture
def say(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> "Command":
    return Command(data, capsys, monkeypatch)


class Command:
    """Runs the command, with a password as its standard input."""

    def __init__(
        self, data: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        self.data, self.capsys, self.patch = data, capsys, patch

    def __call__(self, *arguments: str, typed: str = PASSWORD) -> tuple[int, str, str]:
        self.patch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
        status = main([*arguments, "--data", str(self.data)])
        told = self.capsys.readouterr()
        return status, told.out, told.err


def without_dates(table: str) -> list[str]:
    dated = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE", table)
    return [" ".join(line.split()) for line in dated.splitlines()]


def test_accounts_are_made_listed_and_disabled(say: Command) -> None:
    status, told, _ = say("list")
    first = command_line("users", "add", "NAME", "--role", "administrator", "--data", str(say.data))
    assert (status, f"make the first one with '{first}'" in told) == (0, True)
    assert say("add", "Ada", "--role", "administrator")[:2] == (
        0,
        f"Ada can sign in as administrator; the account is kept in {say.data / FILE}\n",
    )
    assert say("add", "Tom", "--role", "viewer")[0] == 0
    assert say("role", "tom", "technician")[:2] == (0, "Tom is technician from now on\n")
    assert say("password", "Tom", typed="other words nobody guesses")[0] == 0
    assert say("disable", "Tom")[0] == 0
    heading, ada, tom = without_dates(say("list")[1])
    assert heading == "NAME ROLE MADE (UTC) DISABLED (UTC)"
    assert (ada, tom) == ("Ada administrator DATE", "Tom technician DATE DATE")
    assert say("enable", "Tom")[0] == 0
    with Database.open(say.data) as database, database.read() as session:
        assert [each.disabled_at for each in all_accounts(session)] == [None, None]
        assert all(each.act.by.endswith("command)") for each in entries(session).entries)


def test_tokens_are_made_listed_and_revoked(say: Command) -> None:
    say("add", "Ada", "--role", "administrator")
    assert "users token add NAME --for WHAT --data " in say("token", "list")[1]
    status, token, _ = say("token", "add", "Ada", "--for", "lab system")
    assert (status, token[:3], len(token.strip())) == (0, "hv_", 46)
    heading, line = without_dates(say("token", "list")[1])
    assert heading == "ID ACCOUNT FOR MADE (UTC) LAST USED (UTC) REVOKED (UTC)"
    assert line == "1 Ada lab system DATE never"
    assert say("token", "revoke", "1")[0] == 0
    assert without_dates(say("token", "list")[1])[1] == "1 Ada lab system DATE never DATE"


def test_a_device_gets_a_token_and_no_password(say: Command) -> None:
    say("add", "Ada", "--role", "administrator")
    status, told, _ = say("add", "bench-2", "--role", "device", typed="")
    command = told.split("make one with: ")[1]
    words = shlex.split(command)[len(shlex.split(command_line("users"))) :]
    assert (status, words[:2]) == (0, ["token", "add"])
    assert say(*words)[1].startswith("hv_")


def test_accounts_of_a_server_are_kept_in_its_database(
    say: Command, postgresql_url: str, tmp_path: Path
) -> None:
    say.data = tmp_path / "none"
    there = ("--database", postgresql_url)
    told = say("add", "Ada", "--role", "administrator", *there)[1]
    assert f"kept in postgresql:///{make_url(postgresql_url).database}" in told
    assert without_dates(say("list", *there)[1])[1:] == ["Ada administrator DATE"]
    assert not say.data.exists()


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (["add", "Ada", "--role", "viewer"], PASSWORD, "must be an administrator's"),
        (["add", "Ada", "--role", "administrator"], "short", "12 to 256 characters"),
        (["add", "\n", "--role", "administrator"], PASSWORD, "the name cannot be used"),
        (["disable", "Eve"], "", "There is no account 'Eve'"),
        (["token", "add", "Eve", "--for", "x"], "", "There is no account 'Eve'"),
        (["token", "revoke", "7"], "", "There is no token 7"),
        (["token", "revoke", "9" * 30], "", "There is no token 999"),
        (
            ["add", "Ada", "--role", "administrator"],
            "bytes \udcff no letter",
            "no letters in UTF-8",
        ),
        (["add", "bench-2", "--role", "device"], "", "must be an administrator's"),
    ],
)
def test_what_cannot_be_is_one_line(
    say: Command, arguments: list[str], typed: str, words: str
) -> None:
    status, out, error = say(*arguments, typed=typed)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert words in error


def test_a_new_folder_is_for_its_owner_alone(say: Command, tmp_path: Path) -> None:
    say.data = tmp_path / "new" / "folder"
    assert say("add", "Ada", "--role", "administrator")[0] == 0
    assert say.data.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["token", "list"], ["disable", "Ada"], ["add", "Tom", "--role", "viewer"]],
)
def test_only_the_first_account_makes_a_database(
    say: Command, tmp_path: Path, arguments: list[str]
) -> None:
    say.data = tmp_path / "elsewhere"
    status, out, error = say(*arguments)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert f"there is no database in {say.data}" in error
    assert f"users add NAME --role administrator --data {say.data}'" in error
    assert not say.data.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="other rights")
@pytest.mark.parametrize(
    "command", [["users", "list"], ["audit", "verify"], ["backup", "b.zip"]], ids=" ".join
)
def test_a_folder_of_somebody_else_is_one_line(command: list[str], tmp_path: Path) -> None:
    tmp_path.chmod(0)
    program = "import os, sys; from webapp.command import load; run = load(sys.argv[1:]); "
    drops = "os.geteuid() or os.seteuid(65534); sys.exit(run())"  # root looks everywhere
    done = subprocess.run(
        [sys.executable, "-c", program + drops, *command, "--data", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    tmp_path.chmod(0o700)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert f"{tmp_path} cannot be read" in done.stderr


def test_a_folder_that_may_not_be_looked_into_is_one_line(say: Command, tmp_path: Path) -> None:
    say.data = tmp_path / ("x" * 300)
    status, out, error = say("list")
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert "cannot be read (File name too long): run the command as its owner" in error


def test_a_folder_of_nobody_is_refused(say: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["list", "--data", "~nobody-here/data"])
    assert "there is no user as in '~nobody-here/data'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    ["add", "list", "role", "disable", "enable", "password", "token add", "token list",
     "token revoke"],
)  # fmt: skip
def test_each_argument_has_a_line_of_help(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*words.split(), "--help"])
    told = capsys.readouterr().out.partition("\n\n")[2]
    assert not re.search(r"^  \S+( \S+)?\n(?!   )", told, re.MULTILINE), told


@pytest.mark.parametrize(
    "arguments",
    [
        ["--host", "0.0.0.0"],  # noqa: S104
        ["--allow-host", "lab.example"],
        ["--proxy", "127.0.0.1"],
    ],
)
def test_no_start_is_open_to_others_without_an_administrator(
    arguments: list[str], say: Command, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = [*arguments, "--data", str(say.data), "--model", str(bundle), "--port", "0"]
    assert cli.main(start) == 2
    told = capsys.readouterr().err
    command = f"'{command_line('users')} add NAME --role administrator --data {say.data}'"
    assert (command in told, told.count("\n")) == (True, 1)
    variable = arguments[0].removeprefix("--").upper().replace("-", "_")
    assert told.startswith(f"hematovision: {' '.join(arguments)} (HEMATOVISION_{variable}) lets")


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "Ada")
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)


def test_the_environment_names_the_first_administrator_once(
    named: None, say: Command, bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start = ("--host", "0.0.0.0", "--data", str(say.data))  # noqa: S104
    with serving(*start, model=bundle, stderr=subprocess.DEVNULL) as (process, _):
        assert process.stdout
        told = [process.stdout.readline() for _ in range(3)][-1]
    assert told.startswith(f"Ada can sign in as administrator: take {PASSWORD_VARIABLE} out of")
    with Database.open(say.data) as database, database.read() as session:
        row = session.query(AccountRow).one()
        assert (row.name, row.role, fits(PASSWORD, row.password)) == ("Ada", "administrator", True)
        (entry,) = entries(session).entries
    assert (entry.action, entry.act.by.endswith("(command)")) == ("account.add", True)
    monkeypatch.setenv(NAME, "Eve")
    monkeypatch.delenv(PASSWORD_VARIABLE)
    monkeypatch.setenv(f"{PASSWORD_VARIABLE}_FILE", str(tmp_path / "gone"))
    with serving(*start, model=bundle, stderr=subprocess.DEVNULL):
        pass
    assert without_dates(say("list")[1])[1:] == ["Ada administrator DATE"]


def test_a_file_may_hold_the_password_and_a_disabled_account_is_one(
    named: None, say: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("other words nobody guesses\n")
    monkeypatch.setenv(f"{PASSWORD_VARIABLE}_FILE", str(file))
    first = cli.parse_args([], os.environ).administrator
    assert first
    assert PASSWORD not in repr(first)
    assert "Ada can sign in" in str(first.make(say.data))
    with Database.open(say.data) as database, database.begin() as session:
        row = session.query(AccountRow).one()
        assert fits("other words nobody guesses", row.password)
        row.disabled_at = now()
    assert first.make(say.data) is None


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (NAME, " \n", "the name cannot be used"),
        (NAME, "", "keeps strangers out"),
        (PASSWORD_VARIABLE, "short", "has 12 to 256 characters"),
        (PASSWORD_VARIABLE, "ababababababab", "different characters"),
        (PASSWORD_VARIABLE, "", f"or by {NAME} and {PASSWORD_VARIABLE}, or"),
        (f"{PASSWORD_VARIABLE}_FILE", "/nowhere/at/all", "/nowhere/at/all cannot be read"),
    ],
)
def test_a_first_administrator_that_cannot_be_ends_the_start_in_one_line(
    named: None, say: Command, bundle: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], variable: str, value: str, words: str,
) -> None:  # fmt: skip
    monkeypatch.setenv(variable, value)
    start = ["--host", "0.0.0.0", "--data", str(say.data), "--model", str(bundle), "--port", "0"]  # noqa: S104
    assert cli.main(start) == 2
    told = capsys.readouterr().err
    assert (words in told, told.count("\n")) == (True, 1)
    assert say("list")[1].startswith("There is no account")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("https://lab.example", "lab.example"),
        ("lab.example:443", "lab.example"),
        ("https://lab.example:443/slides", "lab.example"),
        ("http://[fe80::1]:5000/", "fe80::1"),
        ("ü.example", "xn--tda.example"),
        ("a b", "a name such as lab.example"),
        ("*", "a name such as lab.example"),
        ("*.example", "a name such as lab.example"),
        ("0.0.0.0", "a name such as lab.example"),  # noqa: S104 - refused
        ("::", "a name such as lab.example"),
    ],
)
def test_a_name_that_no_browser_sends_is_refused(
    name: str, instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, environment, where in (
        (["--allow-host", name], {}, "argument --allow-host"),
        ([], {"HEMATOVISION_ALLOW_HOST": name.replace(" ", "_")}, "HEMATOVISION_ALLOW_HOST"),
    ):
        with pytest.raises(SystemExit, match="2"):
            cli.parse_args(arguments, environment)
        (told,) = capsys.readouterr().err.splitlines()[-1:]
        assert f"error: {where}: '" in told
        assert "is no name that browsers call a device by" in told
        assert told.endswith(f": give {instead}")


def test_names_and_the_proxy_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--allow-host", "Lab.example", "--allow-host", "192.0.2.1", "--allow-host", "FE80::1"]
    assert cli.parse_args(flags, {}).allow_hosts == ("lab.example", "192.0.2.1", "fe80::1")
    environment = {"HEMATOVISION_ALLOW_HOST": "a.example  b.example", "HEMATOVISION_PROXY": "::1"}
    settings = cli.parse_args([], environment)
    assert (settings.allow_hosts, settings.proxy) == (("a.example", "b.example"), "::1")
    with pytest.raises(SystemExit, match="2"):
        cli.parse_args(["--proxy", "localhost"], {})
    assert "is no address" in capsys.readouterr().err
