"""Command line: `python -m bizstack_qdrant --host 127.0.0.1 --port 6333 --storage DIR --api-key-file FILE`."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from . import SERVER_NAME
from .engine.body import prepare
from .http.app import App
from .http.protocol import protocol_with_head_timeout
from .metrics import Metrics
from .routes import build_router
from .settings import Settings
from .state import State

MIB = 1 << 20


class Server(uvicorn.Server):
    """Says when it listens, for whoever started it."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            print(f"{SERVER_NAME} listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)


def parse_arguments(arguments: list[str] | None = None) -> Settings:
    parser = argparse.ArgumentParser(
        prog="bizstack_qdrant", description="Qdrant's REST interface on the embedded engine."
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=6333, help="0 takes a free port (default: %(default)s)")
    add("--storage", type=Path, default=Path("storage"), help="directory of the data (default: ./%(default)s)")
    add("--api-key-file", type=Path, help="file with the API key; without it no key is asked for")
    add("--allow-remote", action="store_true", help="allow an address that other machines reach (needs a key)")
    add("--max-body-mb", type=int, default=32, help="largest request in MiB (default: %(default)s)")
    add("--max-snapshot-mb", type=int, default=4096, help="largest uploaded snapshot in MiB (default: %(default)s)")
    add("--read-timeout", type=float, default=30, help="seconds without data from a client (default: %(default)s)")
    add("--write-timeout", type=float, default=60, help="seconds a client may not read (default: %(default)s)")
    add("--keep-alive", type=float, default=75, help="seconds an idle connection is kept (default: %(default)s)")
    add("--shutdown-timeout", type=float, default=30, help="seconds running requests get (default: %(default)s)")
    add("--max-connections", type=int, default=1000, help="more are answered with 503 (default: %(default)s)")
    add("--worker-threads", type=int, default=8, help="requests worked on at once (default: %(default)s)")
    add(
        "--optimize-idle", type=float, default=2, help="seconds without writes before optimizing (default: %(default)s)"
    )
    add("--optimize-journal-mb", type=int, default=512, help="writes kept while optimizing (default: %(default)s MiB)")
    add("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    given = parser.parse_args(arguments)
    logging.basicConfig(
        level=given.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    api_key = read_key(parser, given.api_key_file)
    if not is_loopback(given.host):
        if not given.allow_remote:
            parser.error(f"{given.host} is no loopback address; --allow-remote permits it")
        if api_key is None:
            parser.error("--allow-remote needs --api-key-file")
    return Settings(
        host=given.host,
        port=given.port,
        storage=given.storage.absolute(),
        api_key=api_key,
        max_body_bytes=given.max_body_mb * MIB,
        max_snapshot_bytes=given.max_snapshot_mb * MIB,
        read_timeout=given.read_timeout,
        write_timeout=given.write_timeout,
        keep_alive=given.keep_alive,
        shutdown_timeout=given.shutdown_timeout,
        max_connections=given.max_connections,
        worker_threads=given.worker_threads,
        optimize_idle=given.optimize_idle,
        optimize_journal_bytes=given.optimize_journal_mb * MIB,
    )


def read_key(parser: argparse.ArgumentParser, path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        parser.error(f"the API key file cannot be read: {error}")
    if not key:
        parser.error(f"the API key file {path} is empty")
    return key


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def main(arguments: list[str] | None = None) -> int:
    settings = parse_arguments(arguments)
    settings.storage.mkdir(parents=True, exist_ok=True)
    # Requests wait for the interpreter while the engine works; shorter turns keep small ones quick.
    sys.setswitchinterval(0.001)
    prepare()
    metrics = Metrics()
    state = State(settings, metrics)
    config = uvicorn.Config(
        App(state, build_router(), metrics),
        host=settings.host,
        port=settings.port,
        http=protocol_with_head_timeout(settings.read_timeout),
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=int(settings.keep_alive),
        timeout_graceful_shutdown=int(settings.shutdown_timeout),
    )
    server = Server(config)
    # uvicorn raises the signal again once it has shut down; here that is a normal end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        asyncio.run(server.serve())
    except KeyboardInterrupt:
        return 0
    return 0 if server.started else 1
