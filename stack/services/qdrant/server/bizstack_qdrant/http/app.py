"""The ASGI application: authentication, limits, dispatch to threads, answers in Qdrant's envelope."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .. import auth
from ..errors import ApiError
from ..metrics import Metrics
from ..state import State
from .incoming import Disconnected, Receive, discard, read_body, read_to_file
from .messages import Answer, Download, Raw, Request, Text, error_answer, json_answer
from .router import Route, Router, parse_query

log = logging.getLogger("bizstack_qdrant.http")
Send = Callable[[dict[str, Any]], Awaitable[None]]
DOWNLOAD_CHUNK = 1 << 20
LINGER_BYTES = 256 << 20
LINGER_SECONDS = 5.0


class App:
    def __init__(self, state: State, router: Router, metrics: Metrics) -> None:
        self._state = state
        self._router = router
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(state.settings.worker_threads, thread_name_prefix="request")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            # WebSocket upgrades have no meaning here.
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await loop.run_in_executor(self._pool, self._state.start)
                except Exception as error:
                    log.exception("the storage could not be opened")
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await loop.run_in_executor(self._pool, self._state.stop)
                self._pool.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        method: str = scope["method"]
        endpoint = "unknown"
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
        headers = dict(scope["headers"])
        try:
            auth.check(self._state.settings.api_key, path, headers)
            route, params = self._router.find(method, path)
            endpoint = route.pattern
            result = await self._run(route, params, scope["query_string"].decode("latin-1"), headers, receive)
            if isinstance(result, Download):
                self._metrics.observe(method, endpoint, 200, time.perf_counter() - started)
                await self._download(result, send)
                return
            answer = result
        except Disconnected:
            return
        except ApiError as error:
            answer = error_answer(error, time.perf_counter() - started)
        except Exception:
            log.exception("%s %s failed", method, endpoint)
            answer = error_answer(
                ApiError(500, "Service internal error: see the server's log"), time.perf_counter() - started
            )
        self._metrics.observe(method, endpoint, answer.status, time.perf_counter() - started)
        await self._answer(answer, send, receive)

    async def _run(
        self, route: Route, params: dict[str, str], raw_query: str, headers: dict[bytes, bytes], receive: Receive
    ) -> Answer | Download:
        settings = self._state.settings
        query = parse_query(raw_query, route.query)
        upload: Path | None = None
        body = b""
        if route.upload:
            upload = await read_to_file(
                receive, headers, settings.max_snapshot_bytes, settings.read_timeout, self._state.registry.snapshots
            )
        else:
            body = await read_body(receive, headers, settings.max_body_bytes, settings.read_timeout)
        request = Request(self._state, params, query, body, upload, headers.get(b"content-type", b"").decode("latin-1"))
        work = asyncio.get_running_loop().run_in_executor(self._pool, _call, route, request)
        timeout = float(query["timeout"]) if "timeout" in query else None
        try:
            # Shielded: the engine cannot be interrupted, the work goes on after the answer.
            return await asyncio.wait_for(asyncio.shield(work), timeout)
        except TimeoutError as error:
            work.add_done_callback(lambda done: done.exception())
            raise ApiError(
                408, f"Timeout: the operation took longer than {query['timeout']} s; a write may still be applied"
            ) from error

    async def _answer(self, answer: Answer, send: Send, receive: Receive) -> None:
        headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
        await self._send(send, {"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.unread:
            # Closing with unread data would reset the connection, and the client might not see the answer.
            await self._send(send, {"type": "http.response.body", "body": answer.body, "more_body": True})
            await discard(receive, LINGER_BYTES, LINGER_SECONDS)
            await self._send(send, {"type": "http.response.body", "body": b""})
        else:
            await self._send(send, {"type": "http.response.body", "body": answer.body})

    async def _download(self, download: Download, send: Send) -> None:
        loop = asyncio.get_running_loop()
        with open(download.path, "rb") as file:
            size = download.path.stat().st_size
            headers = [
                (b"content-type", b"application/octet-stream"),
                (b"content-length", str(size).encode()),
                (b"content-disposition", f'attachment; filename="{download.name}"'.encode()),
            ]
            await self._send(send, {"type": "http.response.start", "status": 200, "headers": headers})
            while chunk := await loop.run_in_executor(self._pool, file.read, DOWNLOAD_CHUNK):
                await self._send(send, {"type": "http.response.body", "body": chunk, "more_body": True})
            await self._send(send, {"type": "http.response.body", "body": b""})

    async def _send(self, send: Send, message: dict[str, Any]) -> None:
        """Gives up on clients that do not read their answer."""
        await asyncio.wait_for(send(message), self._state.settings.write_timeout)


def _call(route: Route, request: Request) -> Answer | Download:
    """In a worker thread: the handler and the encoding of its result."""
    started = time.perf_counter()
    try:
        result = route.handler(request)
        if isinstance(result, Download):
            return result
        if isinstance(result, Text):
            return Answer(200, result.body.encode(), [(b"content-type", result.content_type.encode())])
        if isinstance(result, Raw):
            return json_answer(200, result.value)
        return json_answer(200, {"result": result, "status": "ok", "time": time.perf_counter() - started})
    finally:
        if request.upload is not None:
            request.upload.unlink(missing_ok=True)
