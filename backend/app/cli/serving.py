"""How the service stands in the network: its door, its log, its end."""

import resource
import sys

import uvicorn
from fastapi import FastAPI

from app.api.door import Door
from app.cli.fewer_words import use_fewer_words
from app.config.service import ApiSettings

GRACE_S = 10
"""How long an answer may be made after SIGTERM: longer than any plan."""
KEEP_ALIVE_S = 5
MOST_HEAD_BYTES = 32_768
"""Of a request's first line and headers; the longest honest ones carry a token and a few cookies."""
WANTED_HANDLES, KEPT_HANDLES = 4096, 64
"""File handles: what is asked of the system, and what is kept for the database, neighbours and files."""
MOST_CONNECTIONS = 256
LEAST_CONNECTIONS = 8
STARTUP_FAILURE = 3
"""As uvicorn itself ends when its port is taken."""


def serve_app(app: FastAPI, api: ApiSettings) -> None:
    """Serve until told to stop."""
    server = uvicorn.Server(configured(app, api, connections(handles())))
    use_fewer_words("", "uvicorn")
    try:
        server.run()
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def configured(app: FastAPI, api: ApiSettings, most: int) -> uvicorn.Config:
    """Return how uvicorn serves so many connections. Between two looks at them it takes no more than half as many new ones."""
    return uvicorn.Config(
        app,
        host=api.host,
        port=api.port,
        http=Door,
        ws="none",
        log_level="info",
        access_log=False,
        limit_concurrency=most + 1,
        backlog=most // 2,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        proxy_headers=bool(api.trusted_proxies),
        forwarded_allow_ips=[str(each) for each in api.trusted_proxies],
    )


def handles() -> int:
    """Return how many files and connections this process may have open, after asking for enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_HANDLES if hard == resource.RLIM_INFINITY else min(WANTED_HANDLES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return WANTED_HANDLES if soft == resource.RLIM_INFINITY else soft


def connections(handles: int) -> int:
    """Return how many callers may be connected: no more than half of what the rest of the service leaves."""
    return max(LEAST_CONNECTIONS, min(MOST_CONNECTIONS, (handles - KEPT_HANDLES) // 2))
