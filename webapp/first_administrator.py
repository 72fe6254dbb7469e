"""The first administrator of a container: named by its environment, for nobody can type there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from sqlalchemy.exc import SQLAlchemyError

from webapp.command import commander
from webapp.errors import RequestError
from webapp.store.accounts import add_account, has_accounts
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.passwords import hashed

NAME: Final = "HEMATOVISION_ADMINISTRATOR"
PASSWORD: Final = f"{NAME}_PASSWORD"
_LONGEST_BYTES: Final = 10_000  # of a file that holds a password


@dataclass(frozen=True)
class FirstAdministrator:
    """Whom the environment names.

    Attributes:
        name: of the account.
        password: as it stands there.
        file: that holds it instead.
    """

    name: str
    password: str = field(default="", repr=False)
    file: Path | None = None

    @classmethod
    def named_in(cls, environment: Mapping[str, str]) -> Self | None:
        """Read the variables; None unless they tell a name, and a password or its file."""
        name, password = environment.get(NAME, ""), environment.get(PASSWORD, "")
        file = environment.get(f"{PASSWORD}_FILE", "")
        if not name or not (password or file):
            return None
        return cls(name, password, Path(file) if file else None)

    def make(self, place: str | Path) -> str | None:
        """Make the account where there is none at all, also no disabled one.

        Args:
            place: as `Database.open` takes it.

        Returns:
            What to tell of it; None where there are accounts, or where the database cannot be used,
            which the pages tell.

        Raises:
            HematoVisionError: as `add_account` and `passwords.hashed`, or `no_administrator` where
                the file cannot be read.
        """
        try:
            database = Database.open(place)
        except (StoreError, SQLAlchemyError):
            return None
        with database:
            try:
                with database.read() as session:
                    is_first = not has_accounts(session)
            except StoreError:
                return None
            if not is_first:
                return None
            password = hashed(self._password(), self.name)
            with database.begin() as session:
                if has_accounts(session):
                    return None
                account = add_account(session, commander(), self.name, "administrator", password)
        return (
            f"{account.name} can sign in as administrator: take {PASSWORD} out of the environment "
            "again, nobody needs it any more"
        )

    def _password(self) -> str:
        if self.file is None:
            return self.password
        try:
            with self.file.open(encoding="utf-8") as lines:
                return lines.readline(_LONGEST_BYTES).rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise RequestError(
                "no_administrator",
                f"the password in {self.file} cannot be read: see {PASSWORD}_FILE and who may "
                "read it",
            ) from error
