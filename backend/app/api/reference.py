"""/docs: the interactive reference of this API; Swagger UI comes with a Python package, not from a CDN."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from app.api.page import A_DAY, ASK_AGAIN, STATIC, package_folder

SWAGGER_UI = Path("static")
"""Where the fastapi-offline package keeps it."""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def reference() -> FileResponse:
    """Return the page; it uses the token that the browser already has for this service, or asks for one."""
    return FileResponse(STATIC / "reference.html", headers=ASK_AGAIN)


@router.get("/static/swagger-ui-bundle.js")
def library() -> FileResponse:
    """Return Swagger UI."""
    return _asset("swagger-ui-bundle.js")


@router.get("/static/swagger-ui.css")
def style() -> FileResponse:
    """Return its style, whose pictures are inside."""
    return _asset("swagger-ui.css")


def _asset(name: str) -> FileResponse:
    return FileResponse(package_folder("fastapi_offline") / SWAGGER_UI / name, headers=A_DAY)
