"""Who may ask: the tokens of the environment, which are the service's, and those of the store, each of its house or of all."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.api.security import Guard, sha256
from app.config.service import ApiSettings
from app.domain.access import ALL_SITES, KnownToken, Role
from app.domain.errors import InvalidInputError, UnavailableError
from app.storage.tokens import TokenStore
from app.usecases import ports
from app.usecases.turned_away import TurnedAway

log = logging.getLogger(__name__)

TOKENS_KNOWN_FOR_S = 15.0
"""A revoked token works at most this long."""


def guard(api: ApiSettings, tokens: TokenStore, audit: ports.Audit) -> Guard:
    """Return who may ask; open only on loopback and while no token is set."""
    fixed = [
        KnownToken(name=f"{role} token of the settings", role=role, sha256=sha256(secret.get_secret_value()), site=ALL_SITES)
        for role, secret in ((Role.VIEWER, api.viewer_token), (Role.CONTROLLER, api.controller_token), (Role.ADMIN, api.admin_token))
        if secret is not None
    ]
    return Guard(known=_Remembered(fixed, tokens), is_open=api.is_loopback and not fixed, turned_away=TurnedAway(audit))


def refuse_if_unguarded(api: ApiSettings, guard: Guard, unread: Sequence[str]) -> None:
    """Raise if the service would listen beyond loopback without a token, or would be open though somebody wrote one.

    Raises:
        InvalidInputError: says what to set.
    """
    if guard.is_open and unread:
        raise InvalidInputError(blank(unread))
    if not api.is_loopback and not guard.known():
        raise InvalidInputError(
            f"OPTIMIZER_API__HOST is {api.host}, beyond loopback: set OPTIMIZER_API__ADMIN_TOKEN "
            "(make one with `openssl rand -hex 24`) or create one with `battery-optimizer token create`"
        )


def blank(unread: Sequence[str]) -> str:
    """Return the sentence that says which tokens are blank, and what to do."""
    names = " and ".join(unread)
    return (
        f"{names}: no value could be read, and the service would be open to everybody on this machine: "
        "set it (make one with `openssl rand -hex 24`), or take the line out"
    )


@dataclass(slots=True)
class _Remembered:
    """The fixed tokens and those of the store, which is asked now and then and may be away."""

    fixed: Sequence[KnownToken]
    tokens: TokenStore
    stored: Sequence[KnownToken] = ()
    asked_at: float = float("-inf")

    def __call__(self) -> Sequence[KnownToken]:
        if time.monotonic() - self.asked_at > TOKENS_KNOWN_FOR_S:
            self.asked_at = time.monotonic()
            try:
                self.stored = self.tokens.active()
            except UnavailableError as error:
                log.warning("tokens as known before: %s", error)
        return [*self.fixed, *self.stored]
