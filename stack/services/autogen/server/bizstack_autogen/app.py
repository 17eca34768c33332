"""The API: who may call, what a request may be, and how errors look."""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import metrics
from .errors import ServiceError
from .runs import Event, Runs
from .schema import ResumeRequest, StartRequest, describe
from .settings import Settings
from .store import Store

_log = logging.getLogger("bizstack.autogen")
_Body = TypeVar("_Body", bound=BaseModel)
# Probes and Prometheus ask without a token.
_OPEN_PATHS = frozenset({"/healthz", "/metrics"})


class Api:
    def __init__(self, store: Store, runs: Runs, settings: Settings) -> None:
        self._store = store
        self._runs = runs
        self._settings = settings

    async def start(self, request: Request) -> Response:
        given = await self._body(request, StartRequest)
        return _stream(await self._runs.start(given))

    async def resume(self, request: Request) -> Response:
        given = await self._body(request, ResumeRequest)
        return _stream(await self._runs.resume(request.path_params["run_id"], given))

    async def cancel(self, request: Request) -> Response:
        run_id = request.path_params["run_id"]
        return JSONResponse({"runId": run_id, "status": await self._runs.cancel(run_id)})

    async def look(self, request: Request) -> Response:
        return JSONResponse(await self._runs.look(request.path_params["run_id"]))

    async def forget(self, request: Request) -> Response:
        return JSONResponse({"deleted": await self._runs.forget_contact(request.path_params["contact_id"])})

    async def health(self, _request: Request) -> Response:
        try:
            await self._store.check()
        except Exception as error:
            raise ServiceError(
                "BIZ_AUTOGEN_STORE_FAILED", f"PostgreSQL does not answer ({type(error).__name__}).", status=503
            ) from error
        return JSONResponse({"status": "ok"})

    async def metrics(self, _request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def _body(self, request: Request, schema: type[_Body]) -> _Body:
        most = self._settings.max_body_bytes
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise ServiceError("BIZ_AUTOGEN_BODY_TOO_LARGE", f"The request has more than {most} bytes.", status=413)
            chunks.append(chunk)
        try:
            return schema.model_validate_json(b"".join(chunks))
        except ValidationError as error:
            problems = [
                dict(one) for one in error.errors(include_url=False, include_context=False, include_input=False)
            ]
            raise ServiceError(
                "BIZ_AUTOGEN_INPUT_INVALID", f"The request is wrong: {describe(problems)}", status=422
            ) from None


def build_app(store: Store, runs: Runs, settings: Settings) -> ASGIApp:
    api = Api(store, runs, settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        runs.stop()
        await runs.wait()

    app = Starlette(
        routes=[
            Route("/v1/teams/runs", api.start, methods=["POST"]),
            Route("/v1/teams/runs/{run_id}", api.look, methods=["GET"]),
            Route("/v1/teams/runs/{run_id}/resume", api.resume, methods=["POST"]),
            Route("/v1/teams/runs/{run_id}/cancel", api.cancel, methods=["POST"]),
            Route("/v1/teams/contacts/{contact_id:path}", api.forget, methods=["DELETE"]),
            Route("/healthz", api.health, methods=["GET"]),
            Route("/metrics", api.metrics, methods=["GET"]),
        ],
        exception_handlers={ServiceError: _on_error, HTTPException: _on_http, Exception: _on_crash},
        lifespan=lifespan,
    )
    return Guard(app, settings.token)


class Guard:
    """Asks for the token, compared in constant time, and counts answers."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if scope["path"] in _OPEN_PATHS or self._is_known(scope):
            await self._app(scope, receive, counted)
        else:
            error = ServiceError(
                "BIZ_AUTOGEN_TOKEN_WRONG", "The token is missing or wrong.", hint="Send it as bearer token."
            )
            await JSONResponse(error.body(), status_code=401, headers={"www-authenticate": "Bearer"})(
                scope, receive, counted
            )
        route = scope.get("route")
        name = getattr(route, "path", "other")
        metrics.ANSWERS.labels(name, str(status)).inc()
        if name not in _OPEN_PATHS:
            _log.info("%s %s %d %d ms", scope["method"], name, status, (time.monotonic() - began) * 1000)

    def _is_known(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)


def _stream(events: AsyncIterator[Event]) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        async for event in events:
            yield json.dumps(event, ensure_ascii=True, allow_nan=False).encode() + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson", headers={"cache-control": "no-store"})


async def _on_error(_request: Request, error: Exception) -> Response:
    known = error if isinstance(error, ServiceError) else ServiceError("BIZ_AUTOGEN_INTERNAL", "", status=500)
    return JSONResponse(known.body(), status_code=known.status)


async def _on_http(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = "BIZ_AUTOGEN_NO_SUCH_PATH" if status in (404, 405) else "BIZ_AUTOGEN_REQUEST_REFUSED"
    return JSONResponse(ServiceError(code, f"HTTP {status}.").body(), status_code=status)


async def _on_crash(_request: Request, error: Exception) -> Response:
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)
    fault = ServiceError("BIZ_AUTOGEN_INTERNAL", f"The service failed ({type(error).__name__}).", status=500)
    return JSONResponse(fault.body(), status_code=500)
