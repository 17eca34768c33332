"""One collection: its shard, its metadata, its writes.

On disk: `<uid>/collection.json` (name, configuration, which shard directory is the current one) and the
shard directories. A new shard directory (optimized, or opened with another configuration) becomes
current by one atomic replacement of collection.json; others are left-overs and removed at start.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from ..engine.config import (
    DISTANCES,
    OPTIMIZER_DEFAULTS,
    datatype,
    dense_params,
    engine_config,
    sparse_params,
)
from ..engine.vectors import VectorSchema
from ..errors import ApiError, from_engine, not_found
from .files import copy_tree, read_json, sync_directory, write_json
from .handle import ShardHandle

log = logging.getLogger("bizstack_qdrant.collection")
FORMAT = 1
META = "collection.json"


def new_meta(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """collection.json of a collection that is new here; `created` in Unix nanoseconds."""
    return {"format": FORMAT, "name": name, "config": config, "shard": "shard-1", "created": time.time_ns()}


class Journal:
    """Updates applied to the shard since its copy was taken, to be applied to the copy as well."""

    def __init__(self, limit: int) -> None:
        self.operations: list[edge.UpdateOperation] = []
        self.bytes = 0
        self.limit = limit
        self.overflowed = False

    def append(self, operation: edge.UpdateOperation, size: int) -> None:
        self.bytes += size
        if self.bytes > self.limit:
            self.overflowed = True
            self.operations.clear()
        if not self.overflowed:
            self.operations.append(operation)

    def take(self) -> list[edge.UpdateOperation]:
        taken, self.operations = self.operations, []
        return taken


class Collection:
    def __init__(self, directory: Path, meta: dict[str, Any], shard: edge.EdgeShard) -> None:
        self.directory = directory
        self._meta = meta
        self.name: str = meta["name"]
        self.config: dict[str, Any] = meta["config"]
        self.schema = VectorSchema(self.config)
        self._shard_name: str = meta["shard"]
        self._handle = ShardHandle(shard)
        self._write_lock = threading.RLock()
        self._journal: Journal | None = None
        self._closed = False
        # Unix milliseconds: ids grow over restarts without being stored.
        self._operation = time.time_ns() // 1_000_000
        self.dirty = False
        self.last_flush = time.monotonic()
        self.last_write = time.monotonic()
        # Bytes of vectors written, and points deleted, since the optimizer last looked.
        self.pending_bytes = 0
        self.pending_deletions = 0
        self._points = 0
        self.optimizing = False
        self.optimizer_error: str | None = None
        self._estimate_pending(shard)

    # ---- opening and closing

    @staticmethod
    def create(directory: Path, name: str, config: dict[str, Any]) -> Collection:
        """A new collection; it appears on disk whole or not at all."""
        aside = directory.with_name(f".new-{directory.name}")
        try:
            (aside / "shard-1").mkdir(parents=True)
            edge.EdgeShard.create(str(aside / "shard-1"), engine_config(config)).close()
            write_json(aside / META, new_meta(name, config))
            aside.rename(directory)
            sync_directory(directory.parent)
        except BaseException as error:
            shutil.rmtree(aside, ignore_errors=True)
            if isinstance(error, (OSError, KeyboardInterrupt, SystemExit, ApiError)):
                raise
            raise from_engine(error) from error
        return Collection.open(directory)

    @staticmethod
    def open(directory: Path) -> Collection:
        meta = read_json(directory / META)
        if meta.get("format") != FORMAT:
            raise RuntimeError(f"{directory / META}: format {meta.get('format')!r} is not {FORMAT}")
        for left in directory.iterdir():
            if left.name != meta["shard"] and left.name != META:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()
        shard = edge.EdgeShard.load(str(directory / meta["shard"]))
        collection = Collection(directory, meta, shard)
        collection._complete_vector_names()
        return collection

    def _complete_vector_names(self) -> None:
        """A vector name that was recorded, but whose creation a crash cut short."""
        known = read_json(self.shard_directory / "edge_config.json")
        present = set(known.get("vectors") or {}) | set(known.get("sparse_vectors") or {})
        for name in self.schema.kinds.keys() - present:
            with self._handle.use() as shard:
                shard.update(vector_name_operation(name, self.config))

    def close(self) -> None:
        """Flushes and closes; later use is answered with 404."""
        with self._write_lock, self._handle.alone() as shard:
            if not self._closed:
                self._closed = True
                shard.flush()
                shard.close()

    def remove(self) -> None:
        """Closes and deletes. The rename makes the deletion atomic."""
        with self._write_lock, self._handle.alone() as shard:
            if self._closed:
                return
            self._closed = True
            gone = self.directory.with_name(f".gone-{self.directory.name}")
            self.directory.rename(gone)
            sync_directory(gone.parent)
            shard.close()
        shutil.rmtree(gone, ignore_errors=True)

    @property
    def shard_directory(self) -> Path:
        return self.directory / self._shard_name

    # ---- reading

    @contextmanager
    def reading(self) -> Iterator[edge.EdgeShard]:
        """The shard for reading; what the engine refuses becomes an ApiError."""
        with self._handle.use() as shard:
            self._must_be_open()
            try:
                yield shard
            except (ApiError, OSError, MemoryError):
                raise
            except BaseException as error:
                if isinstance(error, (KeyboardInterrupt, SystemExit)):
                    raise
                raise from_engine(error) from error

    def _must_be_open(self) -> None:
        if self._closed:
            raise not_found(f"Collection `{self.name}` doesn't exist!")

    # ---- writing

    def update(self, operation: edge.UpdateOperation, *, size: int = 0, deletes: bool = False) -> int:
        """Applies one operation; returns its id. `size` (bytes of vectors written) and `deletes` feed the optimizer."""
        with self._write_lock:
            self._operation += 1
            number = self._operation
            self.dirty = True
            self.last_write = time.monotonic()
            self.pending_bytes += size
            try:
                with self.reading() as shard:
                    before = shard.info().points_count if deletes else 0
                    shard.update(operation)
                    if deletes:
                        self._points = shard.info().points_count
                        self.pending_deletions += max(0, before - self._points)
            finally:
                # A refused operation may have been applied to its first points: the copy gets it too.
                if self._journal is not None:
                    self._journal.append(operation, size + 256)
            return number

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keeps other writers out, for steps that must not be mixed with theirs."""
        with self._write_lock:
            self._must_be_open()
            yield

    def flush(self) -> None:
        """Makes everything written so far safe against a power failure."""
        with self._write_lock:
            if not self.dirty or self._closed:
                return
            self.dirty = False
            self.last_flush = time.monotonic()
            with self._handle.use() as shard:
                shard.flush()

    @property
    def flush_interval(self) -> float:
        return float(self._optimizer_option("flush_interval_sec"))

    def _optimizer_option(self, name: str) -> Any:
        given = (self.config.get("optimizers_config") or {}).get(name)
        return OPTIMIZER_DEFAULTS[name] if given is None else given

    # ---- configuration

    def save(self, *, config: dict[str, Any] | None = None, shard_name: str | None = None) -> None:
        """Writes collection.json and then takes the values over. Only inside `writing`."""
        config = self.config if config is None else config
        shard_name = shard_name or self._shard_name
        write_json(self.directory / META, {**self._meta, "config": config, "shard": shard_name})
        if config is not self.config:
            self.schema = VectorSchema(config)
        self.config, self._shard_name = config, shard_name

    def reconfigure(self, config: dict[str, Any]) -> None:
        """Opens the shard again with another configuration; the optimizer applies it to the data."""
        wanted = engine_config(config)
        with self.writing(), self._handle.alone() as shard:
            if self._journal is not None:
                # A copy made with the old configuration must not come back.
                self._journal.overflowed = True
            shard.flush()
            shard.close()
            try:
                opened = edge.EdgeShard.load(str(self.shard_directory), wanted)
            except BaseException as error:
                self._handle.replace(edge.EdgeShard.load(str(self.shard_directory)))
                raise from_engine(error) from error
            self._handle.replace(opened)
            self.save(config=config)
            self._estimate_pending(opened)
            # The data may have to be rebuilt; the optimizer finds out.
            self.pending_bytes = max(self.pending_bytes, self.indexing_threshold_bytes)

    # ---- optimizing

    @property
    def indexing_threshold_bytes(self) -> int:
        """Vectors worth this many bytes are searched without an index; 0 turns indexing off."""
        return int(self._optimizer_option("indexing_threshold")) * 1024

    @property
    def point_bytes(self) -> int:
        """Rough size of a point's dense vectors."""
        return sum(kind.size * 4 for kind in self.schema.kinds.values() if not kind.sparse) or 256

    def _estimate_pending(self, shard: edge.EdgeShard) -> None:
        info = shard.info()
        dense = sum(not kind.sparse for kind in self.schema.kinds.values()) or 1
        missing = max(0, info.points_count * dense - info.indexed_vectors_count)
        self._points = info.points_count
        self.pending_bytes = missing * self.point_bytes // dense

    @property
    def wants_optimizing(self) -> bool:
        threshold = self.indexing_threshold_bytes
        if threshold > 0 and self.pending_bytes >= threshold:
            return True
        least = int(self._optimizer_option("vacuum_min_vector_number"))
        share = float(self._optimizer_option("deleted_threshold")) * (self._points + self.pending_deletions)
        return self.pending_deletions >= max(least, share)

    @property
    def status(self) -> str:
        if self.optimizer_error is not None:
            return "red"
        return "yellow" if self.optimizing or self.wants_optimizing else "green"

    def copy_shard(self, target: Path, journal: Journal | None = None) -> None:
        """A consistent copy of the shard. With a journal, later updates are noted in it."""
        with self.writing(), self._handle.use() as shard:
            shard.flush()
            copy_tree(self.shard_directory, target)
            if journal is not None:
                self._journal = journal
                self.pending_bytes = 0
                self.pending_deletions = 0

    def end_journal(self) -> None:
        with self._write_lock:
            self._journal = None

    def adopt(self, name: str, shard: edge.EdgeShard, journal: Journal) -> bool:
        """Makes `shard` (in the directory `name`) current after the last of the journal; False if overtaken."""
        with self._write_lock:
            if self._closed or journal.overflowed or self._journal is not journal:
                return False
            replay(shard, journal)
            shard.flush()
            old_directory = self.shard_directory
            with self._handle.alone() as old:
                self.save(shard_name=name)
                self._handle.replace(shard)
                self._journal = None
                old.close()
        shutil.rmtree(old_directory, ignore_errors=True)
        return True


def replay(shard: edge.EdgeShard, journal: Journal) -> None:
    """Applies the journal's updates; what the first shard refused, this one refuses as well."""
    for operation in journal.take():
        try:
            shard.update(operation)
        except Exception as error:  # noqa: BLE001 the engine has no narrower type
            log.debug("an update was refused again while the journal was applied: %s", error)


def vector_name_operation(name: str, config: dict[str, Any]) -> edge.UpdateOperation:
    """The operation that creates the vector `name` as `config` describes it."""
    dense = dense_params(config).get(name)
    if dense is not None:
        return edge.UpdateOperation.create_dense_vector(
            name,
            dense["size"],
            DISTANCES[dense["distance"]],
            edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim) if dense.get("multivector_config") else None,
            datatype(dense.get("datatype")),
        )
    sparse = sparse_params(config)[name]
    return edge.UpdateOperation.create_sparse_vector(
        name,
        edge.Modifier.Idf if sparse.get("modifier") == "idf" else None,
        datatype((sparse.get("index") or {}).get("datatype")),
    )
