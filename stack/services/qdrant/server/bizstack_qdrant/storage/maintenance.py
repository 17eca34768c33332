"""Background work: flushes, and the optimizer.

The optimizer copies a shard (writers wait for the copy, readers do not), lets another process build the
index on the copy, applies what was written meanwhile, and makes the copy current. Readers are kept out
only for the exchange of the two.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import qdrant_edge as edge

from ..settings import Settings
from .collection import Collection, Journal, replay
from .files import directory_bytes

log = logging.getLogger("bizstack_qdrant.optimizer")
TICK = 0.25
# Writes that never pause are optimized all the same once this many thresholds have piled up.
FORCE_FACTOR = 8
RETRY_AFTER_ERROR = 60.0
# A journal this short is applied with writers waiting.
SHORT_JOURNAL = 64


class Overtaken(Exception):
    """The copy cannot be used: the collection changed too much, was reconfigured or was deleted."""


class Maintenance:
    def __init__(self, settings: Settings, collections: Callable[[], list[Collection]]) -> None:
        self._settings = settings
        self._collections = collections
        self._stop = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._child_lock = threading.Lock()
        self._retry: dict[Path, float] = {}
        self._threads = [
            threading.Thread(target=self._loop, args=(work,), name=name, daemon=True)
            for name, work in (("flush", self._flush), ("optimize", self._optimize))
        ]
        self.optimizations = 0

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends the threads; a running optimization is dropped, its copy removed at the next start."""
        self._stop.set()
        with self._child_lock:
            if self._child is not None:
                self._child.kill()
        for thread in self._threads:
            thread.join()

    def _loop(self, work: Callable[[Collection], None]) -> None:
        while not self._stop.wait(TICK):
            for collection in self._collections():
                if self._stop.is_set():
                    return
                try:
                    work(collection)
                except Exception:
                    log.exception("background work on collection %r failed", collection.name)

    def _flush(self, collection: Collection) -> None:
        if collection.dirty and time.monotonic() - collection.last_flush >= collection.flush_interval:
            collection.flush()

    def _optimize(self, collection: Collection) -> None:
        now = time.monotonic()
        if not collection.wants_optimizing or now < self._retry.get(collection.directory, 0):
            return
        idle = now - collection.last_write >= self._settings.optimize_idle
        forced = collection.pending_bytes >= FORCE_FACTOR * max(collection.indexing_threshold_bytes, 1 << 20)
        if not idle and not forced:
            return
        collection.optimizing = True
        pending = collection.pending_bytes, collection.pending_deletions
        target = collection.directory / f"shard-{time.time_ns()}"
        try:
            self._run(collection, target)
            collection.optimizer_error = None
        except Overtaken as reason:
            log.info("optimization of %r was given up: %s", collection.name, reason)
            collection.pending_bytes += pending[0]
            collection.pending_deletions += pending[1]
            self._retry[collection.directory] = time.monotonic() + self._settings.optimize_idle
        except Exception as error:
            if not self._stop.is_set():
                log.exception("optimization of %r failed", collection.name)
            collection.pending_bytes += pending[0]
            collection.pending_deletions += pending[1]
            collection.optimizer_error = f"{type(error).__name__}: {error}"
            self._retry[collection.directory] = time.monotonic() + RETRY_AFTER_ERROR
        finally:
            collection.end_journal()
            collection.optimizing = False
            if target.exists() and collection.shard_directory != target:
                shutil.rmtree(target, ignore_errors=True)

    def _run(self, collection: Collection, target: Path) -> None:
        needed = 2 * directory_bytes(collection.shard_directory)
        free = shutil.disk_usage(collection.directory).free
        if free < needed:
            raise OSError(
                f"{needed >> 20} MiB of free disk are needed for the optimizer's copy, {free >> 20} MiB are left"
            )
        started = time.monotonic()
        journal = Journal(self._settings.optimize_journal_bytes)
        collection.copy_shard(target, journal)
        if not self._build(target, journal):
            return
        shard = edge.EdgeShard.load(str(target))
        try:
            # Catch up while writers go on, until what is left is short.
            while len(journal.operations) > SHORT_JOURNAL and not journal.overflowed:
                replay(shard, journal)
            if not collection.adopt(target.name, shard, journal):
                raise Overtaken("too many changes while it ran")
        except BaseException:
            shard.close()
            raise
        self.optimizations += 1
        log.info("collection %r optimized in %.1f s", collection.name, time.monotonic() - started)

    def _build(self, target: Path, journal: Journal) -> bool:
        """Runs the worker; False when there was nothing to optimize."""
        with self._child_lock:
            if self._stop.is_set():
                raise Overtaken("the server stops")
            self._child = child = subprocess.Popen(
                [sys.executable, "-m", "bizstack_qdrant.storage.optimize_worker", str(target)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=Path(__file__).resolve().parents[2],
            )
        try:
            while True:
                try:
                    output, _ = child.communicate(timeout=TICK)
                    break
                except subprocess.TimeoutExpired:
                    if journal.overflowed:
                        child.kill()
        finally:
            with self._child_lock:
                self._child = None
        if journal.overflowed:
            raise Overtaken("too many changes while it ran")
        if self._stop.is_set():
            raise Overtaken("the server stops")
        if child.returncode != 0:
            raise RuntimeError(f"the optimizer's process ended with {child.returncode}: {output.strip()[-500:]}")
        return output.strip().endswith("true")
