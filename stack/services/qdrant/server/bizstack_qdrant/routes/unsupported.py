"""Endpoints of Qdrant that this server has not: each answers 501 and says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import not_served
from ..http.messages import Request
from ..http.router import Router

_ANY = frozenset(
    {
        "timeout",
        "wait",
        "ordering",
        "consistency",
        "force",
        "priority",
        "checksum",
        "with",
        "completed_limit",
        "details_level",
        "anonymize",
    }
)
_CLUSTER = "distributed deployment"
_SHARD_SNAPSHOTS = "snapshots of single shards"
_INSTEAD = "Use the collection's snapshots."
_ENDPOINTS: tuple[tuple[str, str, str, str], ...] = (
    ("GET", "/cluster/telemetry", _CLUSTER, ""),
    ("POST", "/cluster/recover", _CLUSTER, ""),
    ("DELETE", "/cluster/peer/{peer}", _CLUSTER, ""),
    ("GET", "/collections/{collection}/cluster", _CLUSTER, ""),
    ("POST", "/collections/{collection}/cluster", _CLUSTER, ""),
    ("GET", "/collections/{collection}/shards", "sharding by key", ""),
    ("PUT", "/collections/{collection}/shards", "sharding by key", ""),
    ("POST", "/collections/{collection}/shards/delete", "sharding by key", ""),
    ("GET", "/collections/{collection}/optimizations", "the list of optimizations", "See the collection's status."),
    ("GET", "/issues", "issue reports", ""),
    ("DELETE", "/issues", "issue reports", ""),
    ("GET", "/quotas", "quotas", ""),
    ("PUT", "/quotas", "quotas", ""),
    ("GET", "/snapshots", "a snapshot of the whole storage", _INSTEAD),
    ("POST", "/snapshots", "a snapshot of the whole storage", _INSTEAD),
    ("GET", "/snapshots/{snapshot}", "a snapshot of the whole storage", _INSTEAD),
    ("DELETE", "/snapshots/{snapshot}", "a snapshot of the whole storage", _INSTEAD),
    ("GET", "/collections/{collection}/shards/{shard}/snapshot", _SHARD_SNAPSHOTS, _INSTEAD),
    ("GET", "/collections/{collection}/shards/{shard}/snapshots", _SHARD_SNAPSHOTS, _INSTEAD),
    ("POST", "/collections/{collection}/shards/{shard}/snapshots", _SHARD_SNAPSHOTS, _INSTEAD),
    ("POST", "/collections/{collection}/shards/{shard}/snapshots/upload", _SHARD_SNAPSHOTS, _INSTEAD),
    ("PUT", "/collections/{collection}/shards/{shard}/snapshots/recover", _SHARD_SNAPSHOTS, _INSTEAD),
    ("GET", "/collections/{collection}/shards/{shard}/snapshots/{snapshot}", _SHARD_SNAPSHOTS, _INSTEAD),
    ("DELETE", "/collections/{collection}/shards/{shard}/snapshots/{snapshot}", _SHARD_SNAPSHOTS, _INSTEAD),
)


def register(router: Router) -> None:
    for method, pattern, what, instead in _ENDPOINTS:
        router.add(method, pattern, _refuse(what, instead), _ANY)


def _refuse(what: str, instead: str) -> Callable[[Request], Any]:
    def handle(_: Request) -> Any:
        raise not_served(what, instead)

    return handle
