"""An open service answers this machine only: by one of its own names, and to no page of another origin."""

from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import problem
from app.api.security import SAFE


class LoopbackOnly:
    """Refuses what a foreign page in a browser of this machine could send: a name that leads here, or a request across origins."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes from here."""
        complaint = _complaint(scope["method"], Headers(scope=scope)) if scope["type"] == "http" else None
        if complaint is None:
            await self.app(scope, receive, send)
            return
        await problem(HTTPStatus.FORBIDDEN, "forbidden", complaint)(scope, receive, send)


def _complaint(method: str, headers: Headers) -> str | None:
    host, origin = headers.get("host", ""), headers.get("origin")
    if not _is_loopback(host):
        return "without tokens the service answers to localhost and 127.0.0.1 only"
    if method not in SAFE and origin is not None and urlsplit(origin).netloc != host:
        return "without tokens the service takes nothing from pages of another origin"
    return None


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
