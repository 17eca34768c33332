"""Snapshots of collections."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..engine.body import Body
from ..errors import bad_body, bad_input, not_served
from ..http.messages import Download, Request
from ..http.multipart import extract_file
from ..http.router import Router
from ..storage import snapshots

_SNAPSHOTS = "/collections/{collection}/snapshots"
_WAIT = frozenset({"wait"})
_UPLOAD = frozenset({"wait", "priority", "checksum"})
_PRIORITIES = {"no_sync", "snapshot", "replica"}


class Recover(Body):
    location: str
    priority: str | None = None
    checksum: str | None = None
    api_key: str | None = None


def register(router: Router) -> None:
    router.add("GET", _SNAPSHOTS, list_all)
    router.add("POST", _SNAPSHOTS, create, _WAIT)
    router.add("GET", _SNAPSHOTS + "/{snapshot}", download)
    router.add("DELETE", _SNAPSHOTS + "/{snapshot}", delete, _WAIT)
    router.add("PUT", _SNAPSHOTS + "/recover", recover, _WAIT)
    router.add("POST", _SNAPSHOTS + "/upload", upload, _UPLOAD, upload=True)


def list_all(request: Request) -> list[dict[str, Any]]:
    registry = request.state.registry
    return snapshots.list_all(registry, registry.get(request.collection_name).name)


def create(request: Request) -> dict[str, Any]:
    registry = request.state.registry
    return snapshots.create(registry, registry.get(request.collection_name))


def _own_name(request: Request) -> str:
    """A collection's own name for an alias; a deleted collection's snapshots are found by its name."""
    registry = request.state.registry
    return registry.aliases().get(request.collection_name, request.collection_name)


def download(request: Request) -> Download:
    path = snapshots.path_of(request.state.registry, _own_name(request), request.params["snapshot"])
    return Download(path, path.name)


def delete(request: Request) -> bool:
    snapshots.delete(request.state.registry, _own_name(request), request.params["snapshot"])
    return True


def recover(request: Request) -> bool:
    body = request.json(Recover)
    _check_priority(body.priority)
    location = urlsplit(body.location)
    if location.scheme not in ("file", ""):
        raise not_served(f"recovery from {location.scheme} locations", "Upload the snapshot, or name a file.")
    path = Path(unquote(location.path)).resolve()
    # A client may name the server's snapshots, not any file of the machine.
    if not path.is_relative_to(request.state.registry.snapshots.resolve()) or not path.is_file():
        raise bad_input(f"{body.location} is no snapshot in this server's snapshot directory")
    snapshots.recover(request.state.registry, _own_name(request), path, body.checksum)
    return True


def upload(request: Request) -> bool:
    _check_priority(request.query.get("priority"))
    if request.upload is None:
        raise bad_body("a file is expected")
    with extract_file(request.upload, request.content_type, "snapshot") as path:
        snapshots.recover(request.state.registry, _own_name(request), path, request.query.get("checksum"))
    return True


def _check_priority(priority: str | None) -> None:
    """All three mean the same where there are no replicas."""
    if priority is not None and priority not in _PRIORITIES:
        raise bad_input(f"priority must be one of {', '.join(sorted(_PRIORITIES))}")
