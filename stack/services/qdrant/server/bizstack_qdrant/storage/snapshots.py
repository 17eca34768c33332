"""Snapshots of a collection: a consistent copy of its shard and metadata in one compressed tar file.

The format is this server's own; a Qdrant server does not read it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from ..engine.config import validate
from ..errors import ApiError, bad_input, not_found
from .collection import FORMAT, META, Collection, new_meta
from .files import read_json, sync_directory, write_json
from .registry import Registry

NAME = re.compile(r"[A-Za-z0-9._-]{1,200}\.snapshot")
_CHUNK = 1 << 20


def directory_of(registry: Registry, collection: str) -> Path:
    """Kept by name, so that snapshots outlive their collection."""
    return registry.snapshots / hashlib.sha256(collection.encode()).hexdigest()[:32]


def path_of(registry: Registry, collection: str, snapshot: str) -> Path:
    """Raises 404 when there is none of that name."""
    path = directory_of(registry, collection) / snapshot
    if not NAME.fullmatch(snapshot) or not path.is_file():
        raise not_found(f"Snapshot {snapshot} not found")
    return path


def describe(path: Path) -> dict[str, Any]:
    stat = path.stat()
    checksum = path.with_suffix(".sha256")
    created = datetime.fromtimestamp(stat.st_mtime, UTC)
    return {
        "name": path.name,
        "creation_time": created.strftime("%Y-%m-%dT%H:%M:%S"),
        "size": stat.st_size,
        "checksum": checksum.read_text().strip() if checksum.is_file() else None,
    }


def list_all(registry: Registry, collection: str) -> list[dict[str, Any]]:
    directory = directory_of(registry, collection)
    return [describe(path) for path in sorted(directory.glob("*.snapshot"))] if directory.is_dir() else []


def create(registry: Registry, collection: Collection) -> dict[str, Any]:
    """Writers wait for the copy, not for the compression."""
    directory = directory_of(registry, collection.name)
    directory.mkdir(parents=True, exist_ok=True)
    work = registry.prepare_directory()
    try:
        # Configuration and data of one moment.
        with collection.writing():
            config = collection.config
            collection.copy_shard(work / "shard-1")
        write_json(work / META, new_meta(collection.name, config))
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", collection.name)[:80]
        moment = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S")
        target = directory / f"{safe}-{moment}-{uuid.uuid4().hex[:8]}.snapshot"
        aside = directory / f".{target.name}.new"
        try:
            with tarfile.open(aside, "w:gz", compresslevel=1) as tar:
                tar.add(work / META, META)
                tar.add(work / "shard-1", "shard-1")
            write_text(target.with_suffix(".sha256"), sha256(aside))
            _sync_file(aside)
            os.replace(aside, target)
            sync_directory(directory)
        finally:
            aside.unlink(missing_ok=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return describe(target)


def delete(registry: Registry, collection: str, snapshot: str) -> None:
    path = path_of(registry, collection, snapshot)
    path.unlink()
    path.with_suffix(".sha256").unlink(missing_ok=True)


def recover(registry: Registry, collection: str, source: Path, checksum: str | None) -> None:
    """Puts the snapshot in place of the collection. Until it has proved to open, the old one stays."""
    if checksum is not None and sha256(source) != checksum.lower():
        raise bad_input("the snapshot's checksum does not match")
    prepared = registry.prepare_directory()
    try:
        _unpack(source, prepared)
        meta = _read_meta(prepared)
        try:
            edge.EdgeShard.load(str(prepared / "shard-1")).close()
        except Exception as error:
            raise bad_input(f"the snapshot's data cannot be opened: {error}") from error
        write_json(prepared / META, new_meta(collection, meta["config"]))
        registry.place(collection, prepared)
    finally:
        shutil.rmtree(prepared, ignore_errors=True)


def _unpack(source: Path, target: Path) -> None:
    try:
        with tarfile.open(source, "r:gz") as tar:
            for member in tar:
                if not (member.isfile() or member.isdir()):
                    raise bad_input(f"the snapshot holds {member.name}, which is no file")
                tar.extract(member, target, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, (tarfile.TarError, EOFError)) and error.errno:
            raise
        raise bad_input(f"the file is no snapshot of this server: {error}") from error


def _read_meta(prepared: Path) -> dict[str, Any]:
    try:
        meta: dict[str, Any] = read_json(prepared / META)
        if meta["format"] != FORMAT or not isinstance(meta["config"], dict):
            raise ValueError(f"format {meta['format']!r}")
        validate(meta["config"])
    except (OSError, ValueError, KeyError, TypeError, ApiError) as error:
        raise bad_input(f"the file is no snapshot of this server: {error}") from error
    return meta


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_text(path: Path, text: str) -> None:
    path.write_text(text + "\n")
    _sync_file(path)


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
