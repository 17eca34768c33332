"""Shared use of a shard, and its replacement.

Any number of threads may use the shard at once. Replacing it waits for those to end, keeps new ones
out for that moment, and hands the old shard back to be closed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import qdrant_edge as edge


class ShardHandle:
    def __init__(self, shard: edge.EdgeShard) -> None:
        self._shard = shard
        self._users = 0
        self._changing = False
        self._condition = threading.Condition()

    @contextmanager
    def use(self) -> Iterator[edge.EdgeShard]:
        with self._condition:
            while self._changing:
                self._condition.wait()
            self._users += 1
            shard = self._shard
        try:
            yield shard
        finally:
            with self._condition:
                self._users -= 1
                self._condition.notify_all()

    @contextmanager
    def alone(self) -> Iterator[edge.EdgeShard]:
        """The shard with nobody else using it. `replace` may be called inside."""
        with self._condition:
            while self._changing:
                self._condition.wait()
            self._changing = True
            while self._users:
                self._condition.wait()
        try:
            yield self._shard
        finally:
            with self._condition:
                self._changing = False
                self._condition.notify_all()

    def replace(self, shard: edge.EdgeShard) -> None:
        """Only inside `alone`."""
        self._shard = shard
