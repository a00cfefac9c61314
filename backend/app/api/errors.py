"""Errors as RFC 9457 problem documents. This file alone turns ours into HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.api.guards import GUARDS
from app.domain.errors import (
    ConflictError,
    DeniedError,
    ForeignMoneyError,
    InfeasibleError,
    InvalidDocumentError,
    InvalidInputError,
    InvalidSiteError,
    NotFoundError,
    NotInControlError,
    OptimizerError,
    OutdatedError,
    TooManyTriesError,
    UnauthorizedError,
    UnavailableError,
)

STATUS: Mapping[type[OptimizerError], tuple[HTTPStatus, str]] = {
    InvalidSiteError: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_site"),
    InvalidInputError: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input"),
    InfeasibleError: (HTTPStatus.UNPROCESSABLE_ENTITY, "infeasible"),
    NotFoundError: (HTTPStatus.NOT_FOUND, "not_found"),
    OutdatedError: (HTTPStatus.PRECONDITION_FAILED, "outdated"),
    ConflictError: (HTTPStatus.CONFLICT, "conflict"),
    DeniedError: (HTTPStatus.FORBIDDEN, "denied"),
    TooManyTriesError: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_tries"),
    NotInControlError: (HTTPStatus.CONFLICT, "not_in_control"),
    UnauthorizedError: (HTTPStatus.BAD_GATEWAY, "neighbour_refused"),
    ForeignMoneyError: (HTTPStatus.BAD_GATEWAY, "foreign_money"),
    UnavailableError: (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
}
"""The nearest class of an error's own line of ancestors counts."""

HTTP_CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
}


class Problem(BaseModel):
    """An RFC 9457 problem document; `code` is stable, sentences may change."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[dict[str, Any]] | None = Field(None, description="For invalid requests: where and what.")


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": status.phrase, "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}
    for status in (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.PRECONDITION_REQUIRED,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
}


def install(app: FastAPI) -> None:
    """Answer every error of ours, of FastAPI and of Starlette as a problem document."""
    app.add_exception_handler(OptimizerError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def problem(status: HTTPStatus, code: str, detail: str, errors: list[dict[str, Any]] | None = None) -> JSONResponse:
    """Return a problem document."""
    body = Problem(title=status.phrase, status=status, code=code, detail=detail, errors=errors)
    return JSONResponse(body.model_dump(exclude_none=True), status, media_type="application/problem+json")


def _ours(_request: Request, error: Exception) -> JSONResponse:
    status, code = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    answer = problem(status, code, str(error), _places(error) if isinstance(error, InvalidDocumentError) else None)
    if isinstance(error, TooManyTriesError):
        answer.headers["Retry-After"] = str(ceil(error.wait.total_seconds()))
    return answer


def _places(error: InvalidDocumentError) -> list[dict[str, Any]]:
    return [{"where": list(where), "what": what} for where, what in error.complaints]


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = jsonable_encoder([{"where": list(each["loc"]), "what": each["msg"]} for each in found], custom_encoder={float: repr})
    first = errors[0] if errors else {"where": [], "what": "invalid request"}
    detail = f"{'.'.join(map(str, first['where']))}: {first['what']}"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors)


def _unforeseen(_request: Request, _error: Exception) -> JSONResponse:
    """Say nothing of what went wrong: the log has it. It goes out around every middleware."""
    answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "an error of ours; the log of the service says more")
    answer.headers.update(GUARDS)
    return answer


def _http(_request: Request, error: Exception) -> JSONResponse:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    answer = problem(status, HTTP_CODES.get(status, status.name.lower()), str(getattr(error, "detail", status.phrase)))
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer
