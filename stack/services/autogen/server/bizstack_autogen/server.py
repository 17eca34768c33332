"""Listens, and cleans up old runs."""

from __future__ import annotations

import asyncio
import logging
import socket
from types import FrameType

import uvicorn

from . import SERVICE_NAME
from .app import build_app
from .runs import Runs
from .settings import Settings
from .store import Store

_log = logging.getLogger("bizstack.autogen")
_RETENTION_PERIOD_SECONDS = 3_600


class Server(uvicorn.Server):
    """Says when it listens, and ends running streams when it is told to stop."""

    def __init__(self, config: uvicorn.Config, runs: Runs) -> None:
        super().__init__(config)
        self._runs = runs

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            print(f"{SERVICE_NAME} listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._runs.stop()
        super().handle_exit(sig, frame)


async def serve(settings: Settings) -> int:
    """Runs until it is told to stop; gives the exit code."""
    store = await Store.open(settings.database_url, settings.database_schema)
    try:
        runs = Runs(store, settings)
        server = Server(
            uvicorn.Config(
                build_app(store, runs, settings),
                host=settings.host,
                port=settings.port,
                ws="none",
                lifespan="on",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                limit_concurrency=1_000,
                timeout_graceful_shutdown=15,
            ),
            runs,
        )
        cleaning = asyncio.create_task(_clean(store, settings.retention_days))
        try:
            await server.serve()
        finally:
            cleaning.cancel()
        return 0 if server.started else 1
    finally:
        await store.close()


async def _clean(store: Store, days: int) -> None:
    while True:
        try:
            await store.remove_older(days)
        except Exception as error:
            _log.warning("old runs could not be removed: %s", type(error).__name__)
        await asyncio.sleep(_RETENTION_PERIOD_SECONDS)
