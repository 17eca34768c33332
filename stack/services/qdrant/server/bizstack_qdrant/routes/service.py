"""Version, probes, metrics, telemetry."""

from __future__ import annotations

import resource
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from .. import REST_VERSION, SERVER_NAME
from ..http.messages import Raw, Request, Text
from ..http.router import Router
from ..metrics import escape


def register(router: Router) -> None:
    router.add("GET", "/", root)
    for path in ("/healthz", "/livez", "/readyz"):
        router.add("GET", path, healthy)
    router.add("GET", "/metrics", metrics, frozenset({"anonymize"}))
    router.add("GET", "/telemetry", telemetry, frozenset({"anonymize", "details_level", "timeout"}))
    router.add("GET", "/cluster", lambda _: {"status": "disabled"})


def root(_: Request) -> Raw:
    return Raw(
        {
            "title": f"{SERVER_NAME} - Qdrant's REST interface on the embedded engine",
            "version": REST_VERSION,
            "engine": f"qdrant-edge {version('qdrant-edge-py')}",
        }
    )


def healthy(_: Request) -> Text:
    """The server listens only once the storage is open, so alive means ready."""
    return Text("healthz check passed")


def metrics(request: Request) -> Text:
    anonymize = request.flag("anonymize", False)
    lines = [
        "# HELP app_info information about the server",
        "# TYPE app_info gauge",
        f'app_info{{name="{SERVER_NAME}",version="{REST_VERSION}"}} 1',
    ]
    collections = request.state.registry.all()
    lines += ["# HELP collections_total number of collections", "# TYPE collections_total gauge"]
    lines.append(f"collections_total {len(collections)}")
    gauges: dict[str, list[str]] = {
        "collection_points": [],
        "collection_indexed_vectors": [],
        "collection_running_optimizations": [],
    }
    for number, collection in enumerate(collections):
        with collection.reading() as shard:
            info = shard.info()
        label = f'{{id="{number if anonymize else escape(collection.name)}"}}'
        gauges["collection_points"].append(f"{label} {info.points_count}")
        gauges["collection_indexed_vectors"].append(f"{label} {info.indexed_vectors_count}")
        gauges["collection_running_optimizations"].append(f"{label} {int(collection.optimizing)}")
    for name, values in gauges.items():
        lines += [f"# HELP {name} {name.replace('_', ' ')}", f"# TYPE {name} gauge"]
        lines += [name + value for value in values]
    lines += [
        "# HELP optimizations_total optimizations that ended well",
        "# TYPE optimizations_total counter",
        f"optimizations_total {request.state.maintenance.optimizations}",
        "# HELP memory_resident_peak_bytes largest resident memory so far",
        "# TYPE memory_resident_peak_bytes gauge",
        f"memory_resident_peak_bytes {_peak_memory()}",
    ]
    return Text("\n".join([*lines, *request.state.metrics.lines(), ""]), "text/plain; version=0.0.4; charset=utf-8")


def _peak_memory() -> int:
    """Bytes; the kernel counts KiB on Linux, bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def telemetry(request: Request) -> dict[str, Any]:
    responses: dict[str, dict[str, int]] = {}
    for method, endpoint, status, count in request.state.metrics.requests():
        responses.setdefault(f"{method} {endpoint}", {})[str(status)] = count
    started = datetime.fromtimestamp(request.state.started, UTC)
    return {
        "id": SERVER_NAME,
        "app": {"name": SERVER_NAME, "version": REST_VERSION, "startup": started.isoformat()},
        "collections": {"number_of_collections": len(request.state.registry.all())},
        "cluster": {"enabled": False},
        "requests": {"rest": {"responses": responses}},
    }
