"""HTTP clients that houses own. One that no running call uses any more closes itself."""

import threading
import weakref
from dataclasses import dataclass, field

import httpx

from app.services.bounded import BoundedClient


class OwnClient(BoundedClient):
    """A client of one house. A house that is described anew gets other clients; the old ones end with their last running call."""

    def __del__(self) -> None:
        """Let go of the connections."""
        self.close()


@dataclass(frozen=True, slots=True)
class Clients:
    """Every client that is in use, to be closed when the service ends."""

    open: weakref.WeakSet[httpx.Client] = field(default_factory=weakref.WeakSet)
    opening: threading.Lock = field(default_factory=threading.Lock)

    def to(self, base_url: str) -> httpx.Client:
        """Return a new client of a base URL."""
        client = OwnClient(base_url=base_url)
        with self.opening:
            self.open.add(client)
        return client

    def close(self) -> None:
        """Close them all."""
        with self.opening:
            for client in list(self.open):
                client.close()
