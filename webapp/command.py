"""The command `hematovision`, which is also `python -m webapp`: what it does, by a word.

Each word stands for the `main` of a module, which is imported when it is asked for: naming a cell
should not wait for the pages, nor need their packages.
"""

import getpass
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from webapp import __version__
from webapp.packaging.installer.place import running_version

NAME: Final = "hematovision"
SERVE: Final = "serve"
ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Word:
    """What a word of the command stands for.

    Attributes:
        module: its `main` takes the arguments, and what the command is called; it returns the exit
            status.
        about: what it does, in a line.
        passed: whether `main` is for several words: it takes the word too.
    """

    module: str
    about: str
    passed: bool = False


FIRST_ACCOUNT: Final = ("add", "NAME", "--role", "administrator")  # after the word `users`
WORDS: Final = {
    SERVE: Word("webapp.cli", "serve the pages on this computer; what is done without a word"),
    "backup": Word("webapp.maintenance.cli", "put all that is kept into one file", passed=True),
    "restore": Word("webapp.maintenance.cli", "bring a backup back", passed=True),
    "audit": Word("webapp.maintenance.cli", "find out whether the trail was changed", passed=True),
    "update": Word("webapp.update.cli", "install a newer version or model, signed", passed=True),
    "rollback": Word("webapp.update.cli", "let the version before run again", passed=True),
    "users": Word("webapp.accounts", "make and change accounts and API tokens"),
    "classify": Word("runtime.cli", "name the cell in each picture", passed=True),
    "analyze": Word("runtime.cli", "find, measure and name the cells of fields", passed=True),
    "archive": Word("runtime.cli", "name the cells of any number of pictures", passed=True),
    "camera": Word("runtime.cli", "look through a camera, and count what it shows", passed=True),
    "models": Word("runtime.cli", "list the models", passed=True),
    "verify": Word("runtime.cli", "check that the models answer as they should", passed=True),
    "smear": Word("runtime.cli", "draw fields with known cells, to try things on", passed=True),
}


def command_line(*arguments: str) -> str:
    """Say what a person types to run this program: installed, or in its folder as a checkout."""
    join = subprocess.list2cmdline if sys.platform == "win32" else shlex.join
    if running_version():
        return join([NAME, *arguments])
    python = Path(sys.executable)
    shown = python.relative_to(ROOT) if python.is_relative_to(ROOT) else python
    return join([str(shown), "-m", "webapp", *arguments])


def users_command(*arguments: str, data: Path, database: str | None) -> str:
    """Write down what a person types about the accounts of a database.

    Args:
        arguments: after the word `users`.
        data: folder of the app's state.
        database: URL of a database on a server, which may hold a password and is not shown.
    """
    place = ("--database", "URL") if database else ("--data", str(data))
    return command_line("users", *arguments, *place)


def commander() -> str:
    """Name who gives the command, for the audit."""
    try:
        return f"{getpass.getuser()} (command)"
    except (OSError, KeyError):
        return "command"


def load(arguments: Sequence[str]) -> Callable[[], int]:
    """Find what the arguments ask for, and import it.

    Args:
        arguments: a word and what belongs to it; without a word, what belongs to `serve`.

    Returns:
        Does it, and returns the exit status.

    Raises:
        ModuleNotFoundError: a package is missing.
    """
    word, *rest = arguments or [SERVE]
    if word in ("-h", "--help"):
        return _help
    if word == "--version":
        return _version
    if word.startswith("-"):
        word, rest = SERVE, list(arguments)
    if word not in WORDS:
        return lambda: _unknown(word)
    chosen = WORDS[word]
    main: Callable[..., int] = import_module(chosen.module).main
    if chosen.passed:
        return lambda: main([word, *rest], command_line())
    return lambda: main(rest, command_line(word))


def _help() -> int:
    width = max(map(len, WORDS))
    lines = [f"  {word:{width}}  {each.about}" for word, each in WORDS.items()]
    sys.stdout.write(
        f"usage: {command_line()} [WORD] [...]\n\n"
        "Names stained blood cells under a microscope, offline. For Research Use Only.\n\n"
        + "\n".join(lines)
        + "\n\n'WORD --help' tells what belongs to it; --version tells the version.\n"
    )
    return 0


def _version() -> int:
    sys.stdout.write(f"HematoVision {__version__}\n")
    return 0


def _unknown(word: str) -> int:
    sys.stderr.write(f"hematovision: there is no {word!r}: use one of {', '.join(WORDS)}\n")
    return 2
