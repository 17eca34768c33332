"""The older search, recommend and discover endpoints, expressed as queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from ..engine.body import Body, Sharded, convert
from ..engine.queries import LookupFrom, Params, QueryBody
from ..errors import bad_body
from ..http.messages import Request
from ..http.router import READ, Router
from .groups import Groups, WithLookup
from .groups import run as run_groups
from .query import run

_POINTS = "/collections/{collection}/points"


class _Common(Sharded):
    filter: dict[str, Any] | None = None
    params: Params | None = None
    with_payload: Any = None
    with_vector: Any = None
    score_threshold: float | None = None
    lookup_from: LookupFrom | None = None
    using: str | None = None
    limit: Annotated[int, Meta(ge=1)] | None = None
    offset: Annotated[int, Meta(ge=0)] | None = None
    group_by: str | None = None
    group_size: Annotated[int, Meta(ge=1)] | None = None
    with_lookup: str | WithLookup | None = None


class Search(_Common, kw_only=True):
    vector: list[Any] | dict[str, Any]


class Recommend(_Common):
    positive: list[Any] | None = None
    negative: list[Any] | None = None
    strategy: str | None = None


class Discover(_Common):
    target: Any = None
    context: Any = None


class NamedVector(Body):
    name: str
    vector: Any


class Batch(Body):
    searches: list[dict[str, Any]]


def _search(body: Search) -> tuple[Any, str | None]:
    if isinstance(body.vector, dict):
        named = convert(body.vector, NamedVector, "vector")
        return {"nearest": named.vector}, named.name
    return {"nearest": body.vector}, body.using


def _recommend(body: Recommend) -> tuple[Any, str | None]:
    given = {"positive": body.positive, "negative": body.negative, "strategy": body.strategy}
    return {"recommend": given}, body.using


def _discover(body: Discover) -> tuple[Any, str | None]:
    if body.target is None:
        return {"context": body.context or []}, body.using
    return {"discover": {"target": body.target, "context": body.context}}, body.using


Translate = Callable[[Any], tuple[Any, str | None]]
_KINDS: dict[str, tuple[type[_Common], Translate]] = {
    "search": (Search, _search),
    "recommend": (Recommend, _recommend),
    "discover": (Discover, _discover),
}
_SHARED = ("filter", "params", "with_payload", "with_vector", "score_threshold", "lookup_from", "shard_key")


def _query(body: _Common, translate: Translate) -> QueryBody:
    if body.group_by is not None or body.group_size is not None or body.with_lookup is not None:
        raise bad_body("group_by, group_size and with_lookup belong to the groups endpoint")
    query, using = translate(body)
    shared = {field: getattr(body, field) for field in _SHARED}
    return QueryBody(query=query, using=using, limit=body.limit, offset=body.offset, **shared)


def register(router: Router) -> None:
    for name, (kind, translate) in _KINDS.items():
        router.add("POST", f"{_POINTS}/{name}", _single(kind, translate), READ)
        router.add("POST", f"{_POINTS}/{name}/batch", _batch(kind, translate), READ)
        if name != "discover":
            router.add("POST", f"{_POINTS}/{name}/groups", _groups(kind, translate), READ)


def _single(kind: type[_Common], translate: Translate) -> Callable[[Request], Any]:
    def handle(request: Request) -> Any:
        body = request.json(kind)
        collection = request.state.registry.get(request.collection_name)
        return run(request.state, collection, [_query(body, translate)])[0]

    return handle


def _batch(kind: type[_Common], translate: Translate) -> Callable[[Request], Any]:
    def handle(request: Request) -> Any:
        searches = request.json(Batch).searches
        bodies = [convert(given, kind, f"searches[{index}]") for index, given in enumerate(searches)]
        collection = request.state.registry.get(request.collection_name)
        return run(request.state, collection, [_query(body, translate) for body in bodies])

    return handle


def _groups(kind: type[_Common], translate: Translate) -> Callable[[Request], Any]:
    def handle(request: Request) -> Any:
        body = request.json(kind)
        if body.group_by is None:
            raise bad_body("missing field `group_by`")
        if body.offset is not None:
            raise bad_body("unknown field `offset`: groups have none")
        query, using = translate(body)
        shared = {field: getattr(body, field) for field in _SHARED}
        groups = Groups(
            query=query,
            using=using,
            group_by=body.group_by,
            group_size=body.group_size,
            limit=body.limit,
            with_lookup=body.with_lookup,
            **shared,
        )
        collection = request.state.registry.get(request.collection_name)
        return run_groups(request.state, collection, groups)

    return handle
