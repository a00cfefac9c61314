"""The HTTP app, and the rounds it makes by itself."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from app.api import (
    audit,
    dashboard,
    decisions,
    devices,
    errors,
    forecast_quality,
    health,
    optimize,
    overrides,
    page,
    plans,
    prices,
    provisioning,
    readings,
    recommendation,
    reference,
    savings,
    settings,
    shadow,
    site_executor,
    site_secrets,
    sites,
)
from app.api.guards import Guarded
from app.api.limits import BodyLimit
from app.api.loopback import LoopbackOnly
from app.api.turns import InTurn
from app.wiring.service import Service

log = logging.getLogger(__name__)

TURN_S = 20.0
"""How often the rounds look for what is due; the shortest rhythm is a minute."""
LOOKS_A_TURN = 8
"""How often, for each turn, it is seen whether another process changed a document."""


def create_app(service: Service, *, make_rounds: bool = True) -> FastAPI:
    """Return the app of a wired service."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(LOOP_THREADS, "loop"))
        stop = threading.Event()
        thread = threading.Thread(target=_make_rounds, args=(service, stop), name="rounds", daemon=True)
        if make_rounds:
            thread.start()
        bridges = asyncio.create_task(service.bridges.run()) if service.bridges is not None else None
        ears = asyncio.create_task(service.ears.run()) if service.ears is not None else None
        yield
        stop.set()
        for task in (bridges, ears):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if make_rounds:
            thread.join(timeout=STOP_S)
        service.close()

    app = FastAPI(
        title="Battery optimizer",
        version=version("battery-optimizer"),
        description="What to do with a home battery in this half hour, and why.",
        responses=errors.RESPONSES,
        lifespan=lifespan,
        docs_url=None,  # they load scripts from the internet into a page of the house; `reference` serves /docs
        redoc_url=None,
    )
    app.state.use, app.state.guard = service.use, service.guard
    errors.install(app)
    app.add_middleware(InTurn)
    app.add_middleware(BodyLimit)  # around the turns: nobody holds one while its body comes
    app.add_middleware(GZipMiddleware, minimum_size=2000)
    if service.guard.is_open:
        app.add_middleware(LoopbackOnly)
    app.add_middleware(Guarded)
    app.include_router(health.router)
    v1 = APIRouter(prefix="/api/v1")
    for resource in (recommendation, plans, prices, decisions, readings, overrides, settings, optimize):
        v1.include_router(resource.router)
    for resource in (savings, dashboard, shadow, forecast_quality, provisioning, audit, devices, sites, site_secrets, site_executor):
        v1.include_router(resource.router)
    app.include_router(v1)
    app.include_router(reference.router)
    page.mount(app)
    return app


STOP_S = 5.0
LOOP_THREADS = 64
"""What the loop waits for in threads, of which a broker that takes its time with every house's connection holds one each."""


def _make_rounds(service: Service, stop: threading.Event) -> None:
    """Turn after turn until told to stop, sooner with news, and between them a look at the documents; an error costs one of them."""
    looks = 0
    while not stop.is_set():
        try:
            service.homes.look()
            if looks % LOOKS_A_TURN == 0 or service.rounds.has_news:
                service.rounds.turn(service.use.clock())
        except Exception:
            log.exception("a round failed")
        looks += 1
        stop.wait(TURN_S / LOOKS_A_TURN)
