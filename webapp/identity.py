"""Who a request is from, where there are accounts: found once, by `webapp.gate`."""

from dataclasses import dataclass
from typing import Final

from flask import Request

from webapp.errors import RequestError
from webapp.store.accounts import Account, Role, is_at_least
from webapp.texts import gettext as _

NOT_SIGNED_IN: Final = "not_signed_in"
# Of the request's own environment, where no header can put anything.
_KEY: Final = "hematovision.identity"


@dataclass(frozen=True)
class Identity:
    """Who a request is from.

    Attributes:
        account: None where nobody has signed in.
        csrf: what a write must hold as proof that it comes from our own page; empty where it need
            hold none, because no browser sends by itself what a program signs in with.
    """

    account: Account | None
    csrf: str = ""

    @property
    def signed_in(self) -> Account:
        """The account.

        Raises:
            RequestError: `not_signed_in`.
        """
        if self.account is None:
            raise RequestError(NOT_SIGNED_IN, _("Nobody has signed in: sign in, and try again"))
        return self.account


def identify(request: Request, identity: Identity) -> None:
    """Keep who a request is from."""
    request.environ[_KEY] = identity


def identity_of(request: Request) -> Identity | None:
    """Tell who a request is from; None where there are no accounts."""
    identity: Identity | None = request.environ.get(_KEY)
    return identity


def may(request: Request, role: Role) -> bool:
    """Tell whether who sends a request may do what needs a role; all may without accounts."""
    identity = identity_of(request)
    if identity is None:
        return True
    return identity.account is not None and is_at_least(identity.account.role, role)
