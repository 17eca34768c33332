"""File work that survives a crash: a reader sees the old state or the new one, never half of one."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec


def sync_directory(directory: Path) -> None:
    """Makes renames and new names inside `directory` durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Replaces `path` at once: written aside, synced, renamed, directory synced."""
    aside = path.with_name(f".{path.name}.new")
    with open(aside, "wb") as file:
        file.write(msgspec.json.encode(value))
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    sync_directory(path.parent)


def read_json(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes())


def directory_bytes(directory: Path) -> int:
    """Bytes that the files occupy on disk (the engine preallocates sparse files)."""
    total = 0
    for root, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total


def copy_tree(source: Path, target: Path) -> None:
    """Copies a directory; holes of sparse files stay holes."""
    shutil.copytree(source, target, copy_function=_copy_sparse)


def _copy_sparse(source: str, target: str) -> str:
    if not hasattr(os, "SEEK_DATA"):
        return shutil.copyfile(source, target)
    with open(source, "rb") as reader, open(target, "wb") as writer:
        size = os.fstat(reader.fileno()).st_size
        os.ftruncate(writer.fileno(), size)
        position = 0
        while position < size:
            try:
                start = os.lseek(reader.fileno(), position, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    break
                raise
            end = os.lseek(reader.fileno(), start, os.SEEK_HOLE)
            _copy_range(reader.fileno(), writer.fileno(), start, end - start)
            position = end
    return target


def _copy_range(reader: int, writer: int, start: int, length: int) -> None:
    os.lseek(reader, start, os.SEEK_SET)
    os.lseek(writer, start, os.SEEK_SET)
    while length > 0:
        chunk = os.read(reader, min(length, 1 << 20))
        if not chunk:
            return
        view = memoryview(chunk)
        while view:
            view = view[os.write(writer, view) :]
        length -= len(chunk)
