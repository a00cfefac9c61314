"""/: one page, drawn from the public API; its charts come with a Python package, not from a CDN."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"

ASK_AGAIN = {"Cache-Control": "no-cache"}
"""Files are kept but asked for again, so that page and files are always of one version."""
A_DAY = {"Cache-Control": "public, max-age=86400"}
"""What comes with a package changes with an update only."""

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
def page() -> FileResponse:
    """Return the page; it asks for a token itself where one is needed."""
    return FileResponse(STATIC / "index.html", headers=ASK_AGAIN)


@router.get("/favicon.ico")
def icon() -> FileResponse:
    """Return the icon to browsers that ask for it by its old name, before or without having read the page."""
    return FileResponse(STATIC / "icon.svg", headers=A_DAY)


@router.get("/static/plotly.min.js")
def charts() -> FileResponse:
    """Return the chart library out of the plotly package, which is not imported for it."""
    return FileResponse(package_folder("plotly") / "package_data" / "plotly.min.js", headers=A_DAY)


def package_folder(name: str) -> Path:
    """Return where an installed package lies, without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"the {name} package is not installed")
    return Path(spec.submodule_search_locations[0])


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers.update(ASK_AGAIN)
        return answer


def mount(app: FastAPI) -> None:
    """Serve the page and its files."""
    app.include_router(router)
    app.mount("/static", _Files(directory=STATIC), name="static")
