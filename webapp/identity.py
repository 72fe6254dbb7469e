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
        has_token: whether an API token came with it, also one that opens nothing.
    """

    account: Account | None
    csrf: str = ""
    has_token: bool = False

    @property
    def signed_in(self) -> Account:
        """The account.

        Raises:
            RequestError: `not_signed_in`.
        """
        if self.account is None:
            raise RequestError(NOT_SIGNED_IN, self._why_nobody())
        return self.account

    def _why_nobody(self) -> str:
        if not self.has_token:
            return _("Nobody has signed in: sign in, and try again")
        # Which of these it is would tell a guesser that a token was right once.
        return _(
            "This API token is not known here, was revoked, or its account is disabled: make "
            "another on the page /account, a device's on the page /accounts, or on the server by "
            "'hematovision users token add NAME --for WHAT'"
        )


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
