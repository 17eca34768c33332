"""Routes by method and path pattern, e.g. `/collections/{collection}/points`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..errors import ApiError, bad_input
from .messages import Request

Handler = Callable[[Request], Any]

_ORDERING = {"weak", "medium", "strong"}
_CONSISTENCY = {"majority", "quorum", "all"}
READ = frozenset({"timeout", "consistency"})
WRITE = frozenset({"timeout", "wait", "ordering"})


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    handler: Handler
    query: frozenset[str]
    upload: bool = False


class Router:
    def __init__(self) -> None:
        self._routes: dict[int, list[tuple[tuple[str, ...], Route]]] = {}

    def add(
        self, method: str, pattern: str, handler: Handler, query: frozenset[str] = frozenset(), *, upload: bool = False
    ) -> None:
        """`query` names the URL parameters that the route takes."""
        parts = tuple(pattern.strip("/").split("/"))
        self._routes.setdefault(len(parts), []).append((parts, Route(method, pattern, handler, query, upload)))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """`path` is still percent-encoded. Raises 404 or 405."""
        parts = path.strip("/").split("/")
        fitting: list[tuple[int, Route, dict[str, str]]] = []
        for pattern, route in self._routes.get(len(parts), []):
            params = _match(pattern, parts)
            if params is not None:
                fitting.append((len(params), route, params))
        # Fixed paths win over patterns: /collections/aliases is no collection.
        fitting.sort(key=lambda found: found[0])
        for _, route, params in fitting:
            if route.method == method:
                return route, params
        if fitting:
            raise ApiError(405, f"Method {method} is not allowed for {unquote(path)}")
        raise ApiError(404, f"Not found: no such path {unquote(path)}")


def _match(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for expected, given in zip(pattern, parts, strict=True):
        if expected.startswith("{"):
            if not given:
                return None
            params[expected[1:-1]] = unquote(given)
        elif expected != given:
            return None
    return params


def parse_query(raw: str, allowed: frozenset[str]) -> dict[str, str]:
    """URL parameters; unknown ones are refused, the common ones checked."""
    query = dict(parse_qsl(raw, keep_blank_values=True))
    unknown = set(query) - allowed
    if unknown:
        raise bad_input(f"unknown URL parameter `{sorted(unknown)[0]}`")
    timeout = query.get("timeout")
    if timeout is not None and not (timeout.isdigit() and int(timeout) >= 1):
        raise bad_input("the parameter `timeout` must be a number of seconds, at least 1")
    ordering = query.get("ordering")
    if ordering is not None and ordering not in _ORDERING:
        raise bad_input("the parameter `ordering` must be weak, medium or strong")
    consistency = query.get("consistency")
    if consistency is not None and consistency not in _CONSISTENCY and not consistency.isdigit():
        raise bad_input("the parameter `consistency` must be a number, majority, quorum or all")
    return query
