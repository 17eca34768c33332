"""What the server was started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Times in seconds, sizes in bytes."""

    host: str
    port: int
    storage: Path
    api_key: str | None
    max_body_bytes: int
    max_snapshot_bytes: int
    read_timeout: float
    write_timeout: float
    keep_alive: float
    shutdown_timeout: float
    max_connections: int
    worker_threads: int
    optimize_idle: float
    optimize_journal_bytes: int
