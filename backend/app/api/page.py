"""/: one page, drawn from the public API; its charts come with a Python package, not from a CDN."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False)


@router.get("/")
def page() -> FileResponse:
    """Return the page; it asks for a token itself where one is needed."""
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


@router.get("/static/plotly.min.js")
def charts() -> FileResponse:
    """Return the chart library out of the plotly package, which is not imported for it."""
    return FileResponse(plotly_js(), headers={"Cache-Control": "public, max-age=86400"})


def plotly_js() -> Path:
    """Return where the plotly package keeps its browser library."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the plotly package is not installed")
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


def mount(app: FastAPI) -> None:
    """Serve the page and its files."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
