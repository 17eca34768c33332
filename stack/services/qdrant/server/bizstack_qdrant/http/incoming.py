"""Reading a request's body: bounded in size, and in the time a slow client may take."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from ..errors import ApiError

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Disconnected(Exception):
    """The client went away while it sent the body."""


async def _chunks(receive: Receive, timeout: float) -> AsyncIterator[bytes]:
    while True:
        try:
            message = await asyncio.wait_for(receive(), timeout)
        except TimeoutError as error:
            raise ApiError(408, f"Timeout: no data for {timeout:g} seconds", close=True) from error
        if message["type"] == "http.disconnect":
            raise Disconnected
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int, timeout: float) -> bytes:
    """The whole body; raises 413 over `limit` bytes and 408 when no data comes for `timeout` seconds."""
    if _declared(headers) > limit:
        raise _over(limit)
    parts: list[bytes] = []
    size = 0
    async for chunk in _chunks(receive, timeout):
        size += len(chunk)
        if size > limit:
            raise _over(limit)
        parts.append(chunk)
    return b"".join(parts)


async def discard(receive: Receive, limit: int, seconds: float) -> None:
    """Reads on without keeping anything, until the end, the limit or the time is reached."""

    async def read() -> None:
        size = 0
        async for chunk in _chunks(receive, seconds):
            size += len(chunk)
            if size > limit:
                return

    try:
        await asyncio.wait_for(read(), seconds)
    except (TimeoutError, Disconnected, ApiError):
        return


async def read_to_file(
    receive: Receive, headers: dict[bytes, bytes], limit: int, timeout: float, directory: Path
) -> Path:
    """The body in a new file, which the caller removes."""
    if _declared(headers) > limit:
        raise _over(limit)
    handle, name = tempfile.mkstemp(prefix=".upload-", dir=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            size = 0
            async for chunk in _chunks(receive, timeout):
                size += len(chunk)
                if size > limit:
                    raise _over(limit)
                file.write(chunk)
    except BaseException:
        os.unlink(name)
        raise
    return Path(name)


def _declared(headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0


def _over(limit: int) -> ApiError:
    return ApiError(413, f"Payload error: the body is larger than {limit} bytes; send smaller batches", close=True)
