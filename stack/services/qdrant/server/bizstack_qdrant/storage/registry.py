"""All collections and aliases of a storage directory."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import threading
import uuid
from pathlib import Path
from typing import Any

from ..errors import ApiError, bad_input, not_found
from .collection import META, Collection
from .files import read_json, sync_directory, write_json

log = logging.getLogger("bizstack_qdrant.registry")
ALIASES = "aliases.json"
FORBIDDEN = frozenset('<>:"/\\|?*\0')


class Registry:
    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.snapshots = storage / "snapshots"
        self._directory = storage / "collections"
        self._lock = threading.RLock()
        self._collections: dict[str, Collection] = {}
        self._aliases: dict[str, str] = {}
        self._lock_file: int | None = None

    # ---- opening and closing

    def open(self) -> None:
        """Loads everything; raises when another server uses the directory."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self.snapshots.mkdir(exist_ok=True)
        self._lock_file = os.open(self.storage / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RuntimeError(f"{self.storage} is in use by another server") from error
        for directory in sorted(self._directory.iterdir()):
            if directory.name.startswith("."):
                shutil.rmtree(directory, ignore_errors=True)
        for directory in self._current_directories():
            collection = Collection.open(directory)
            self._collections[collection.name] = collection
        aliases = self.storage / ALIASES
        if aliases.exists():
            known = read_json(aliases)
            self._aliases = {alias: name for alias, name in known.items() if name in self._collections}
        log.info("%d collections opened", len(self._collections))

    def _current_directories(self) -> list[Path]:
        """One directory a collection: a crash in the middle of a recovery leaves the old one beside the new."""
        newest: dict[str, tuple[int, Path]] = {}
        for directory in self._directory.iterdir():
            if not (directory / META).exists():
                continue
            meta = read_json(directory / META)
            held = newest.get(meta["name"])
            if held is None or held[0] < meta["created"]:
                newest[meta["name"]] = (meta["created"], directory)
                left = held[1] if held else None
            else:
                left = directory
            if left is not None:
                shutil.rmtree(left, ignore_errors=True)
        return sorted(directory for _, directory in newest.values())

    def close(self) -> None:
        with self._lock:
            for collection in self._collections.values():
                collection.close()
            self._collections.clear()
            if self._lock_file is not None:
                os.close(self._lock_file)
                self._lock_file = None

    # ---- collections

    def all(self) -> list[Collection]:
        with self._lock:
            return list(self._collections.values())

    def exists(self, name: str) -> bool:
        with self._lock:
            return self._aliases.get(name, name) in self._collections

    def get(self, name: str) -> Collection:
        """By name or alias; raises 404."""
        with self._lock:
            collection = self._collections.get(self._aliases.get(name, name))
        if collection is None:
            raise not_found(f"Collection `{name}` doesn't exist!")
        return collection

    def create(self, name: str, config: dict[str, Any]) -> Collection:
        check_name(name, "Collection")
        with self._lock:
            self._must_be_free(name)
            collection = Collection.create(self._directory / uuid.uuid4().hex, name, config)
            self._collections[name] = collection
            return collection

    def place(self, name: str, prepared: Path) -> None:
        """Takes a prepared collection directory over, in place of a collection of that name, if any."""
        check_name(name, "Collection")
        with self._lock:
            if name in self._aliases:
                raise bad_input(f"Can't recover collection `{name}`, alias with the same name already exists!")
            directory = self._directory / uuid.uuid4().hex
            prepared.rename(directory)
            sync_directory(directory.parent)
            old = self._collections.pop(name, None)
            self._collections[name] = Collection.open(directory)
        if old is not None:
            old.remove()

    def prepare_directory(self) -> Path:
        """A directory beside the collections for one that is being put together; removed at start if left."""
        directory = self._directory / f".new-{uuid.uuid4().hex}"
        directory.mkdir()
        return directory

    def _must_be_free(self, name: str) -> None:
        if name in self._collections:
            raise ApiError(409, f"Wrong input: Collection `{name}` already exists!")
        if name in self._aliases:
            raise bad_input(f"Can't create collection with name `{name}`, alias with the same name already exists!")

    def delete(self, name: str) -> bool:
        """Deletes a collection (by its own name) and its aliases; False when there was none."""
        with self._lock:
            collection = self._collections.pop(name, None)
            if collection is None:
                return False
            kept = {alias: target for alias, target in self._aliases.items() if target != name}
            if kept != self._aliases:
                write_json(self.storage / ALIASES, kept)
                self._aliases = kept
        collection.remove()
        return True

    # ---- aliases

    def aliases(self) -> dict[str, str]:
        with self._lock:
            return dict(self._aliases)

    def change_aliases(self, actions: list[tuple[str, str, str]]) -> None:
        """`(create, alias, collection)`, `(delete, alias, "")`, `(rename, old, new)`: all of them or none."""
        with self._lock:
            changed = dict(self._aliases)
            for action, first, second in actions:
                if action == "create":
                    if second not in self._collections:
                        raise not_found(f"Collection `{second}` doesn't exist!")
                    self._check_alias(first)
                    changed[first] = second
                elif action == "delete":
                    if changed.pop(first, None) is None:
                        raise not_found(f"Alias {first} does not exists!")
                else:
                    target = changed.pop(first, None)
                    if target is None:
                        raise not_found(f"Alias {first} does not exists!")
                    self._check_alias(second)
                    changed[second] = target
            write_json(self.storage / ALIASES, changed)
            self._aliases = changed

    def _check_alias(self, alias: str) -> None:
        check_name(alias, "Alias")
        if alias in self._collections:
            raise ApiError(409, f"Wrong input: Collection `{alias}` already exists!")


def check_name(name: str, what: str) -> None:
    """Qdrant's rules for names."""
    if not 1 <= len(name) <= 255:
        raise ApiError(422, f"Validation error: {what} name must have 1 to 255 characters")
    if not FORBIDDEN.isdisjoint(name):
        raise ApiError(
            422, f"Validation error: {what} name cannot contain any of {sorted(FORBIDDEN - {chr(0)})} or NUL"
        )
