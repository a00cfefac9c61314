"""Who is asking: bearer tokens with roles, each for one house or for all. Only liveness needs none beyond loopback."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.domain.access import ALL_SITES, KnownToken, Role
from app.domain.site import SiteId
from app.usecases.turned_away import TurnedAway

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""They change nothing."""
LONGEST_SUBJECT = 200
_bearer = HTTPBearer(auto_error=False, description="Needed once the service listens beyond loopback.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Knows the tokens; an open guard lets everybody in as admin, and stands only on loopback."""

    known: Callable[[], Sequence[KnownToken]]
    is_open: bool
    turned_away: TurnedAway

    def role_of(self, token: str) -> KnownToken | None:
        """Return whose token it is; every known one is compared, in constant time."""
        digest = sha256(token)
        found = None
        for known in self.known():
            if hmac.compare_digest(known.sha256, digest):
                found = known
        return found


def sha256(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


ANYBODY = KnownToken(name="this machine", role=Role.ADMIN, sha256="", site=ALL_SITES)
"""Who asks where no token is needed."""


def _shown(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None) -> KnownToken:
    guard: Guard = request.app.state.guard
    if guard.is_open:
        return ANYBODY
    known = guard.role_of(given.credentials) if given is not None else None
    if known is not None:
        return known
    if given is not None:
        guard.turned_away.wrong_token(request.client.host if request.client is not None else "unknown", request.app.state.use.clock())
    raise HTTPException(401, "a valid bearer token is needed", {"WWW-Authenticate": "Bearer"})


Token = Annotated[KnownToken, Depends(_shown)]
"""The token that the caller showed; without a good one nobody comes this far."""


def _refuser(request: Request) -> Callable[[KnownToken, str, SiteId], HTTPException]:
    def refuse(token: KnownToken, why: str, of: SiteId) -> HTTPException:
        if request.method not in SAFE:
            guard: Guard = request.app.state.guard
            what = f"{request.method} {request.url.path}"[:LONGEST_SUBJECT]
            guard.turned_away.forbidden_write(token, what, why, site=of, now=request.app.state.use.clock())
        return HTTPException(403, why)

    return refuse


Refuse = Annotated[Callable[[KnownToken, str, SiteId], HTTPException], Depends(_refuser)]
"""Makes the refusal of a good token, with its reason, for the log of a house; a change that was wanted is counted."""


def must_open(token: KnownToken, site: SiteId, refuse: Refuse) -> None:
    """Refuse a token that is for another house; neither house's log tells of the other.

    Raises:
        HTTPException: 403.
    """
    if not token.opens(site):
        raise refuse(token, f"the token of {token.name} is for site {token.site}, not for {site!r}", ALL_SITES)


def caller(needed: Role) -> Callable[..., str]:
    """Return a dependency that gives the caller's name, or refuses whoever may not do this."""

    def check(known: Token, refuse: Refuse) -> str:
        if not known.role.allows(needed):
            raise refuse(known, f"the token of {known.name} is a {known.role}'s; this needs a {needed}'s", known.site)
        return known.name

    return check


Viewer = Annotated[str, Depends(caller(Role.VIEWER))]
Controller = Annotated[str, Depends(caller(Role.CONTROLLER))]
Admin = Annotated[str, Depends(caller(Role.ADMIN))]
