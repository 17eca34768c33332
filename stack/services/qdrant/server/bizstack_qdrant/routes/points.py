"""Reads of points that are no queries: retrieve, scroll, count, facet."""

from __future__ import annotations

from typing import Annotated, Any

import qdrant_edge as edge
from msgspec import Meta

from ..engine.body import Sharded
from ..engine.filters import parse_filter
from ..engine.ids import parse_id, parse_id_text, parse_ids
from ..engine.queries import Limit, parse_order_by
from ..engine.records import payload_selector, record, vector_selector
from ..errors import bad_input, not_found
from ..http.messages import Request
from ..http.router import READ, Router

_POINTS = "/collections/{collection}/points"


class Retrieve(Sharded, kw_only=True):
    ids: list[Any]
    with_payload: Any = None
    with_vector: Any = None


class Scroll(Sharded):
    offset: int | str | None = None
    limit: Limit | None = None
    filter: dict[str, Any] | None = None
    with_payload: Any = None
    with_vector: Any = None
    order_by: Any = None


class Count(Sharded):
    filter: dict[str, Any] | None = None
    exact: bool | None = None


class Facet(Sharded, kw_only=True):
    key: str
    limit: Annotated[int, Meta(ge=1)] | None = None
    filter: dict[str, Any] | None = None
    exact: bool | None = None


def register(router: Router) -> None:
    router.add("GET", _POINTS + "/{point}", get, READ)
    router.add("POST", _POINTS, retrieve, READ)
    router.add("POST", _POINTS + "/scroll", scroll, READ)
    router.add("POST", _POINTS + "/count", count, READ)
    router.add("POST", "/collections/{collection}/facet", facet, READ)


def get(request: Request) -> dict[str, Any]:
    point = request.params["point"]
    with request.state.registry.get(request.collection_name).reading() as shard:
        found = shard.retrieve([parse_id_text(point)], True, True)
    if not found:
        raise not_found(f"Point with id {point} does not exists!")
    return record(found[0])


def retrieve(request: Request) -> list[dict[str, Any]]:
    body = request.json(Retrieve)
    with request.state.registry.get(request.collection_name).reading() as shard:
        found = shard.retrieve(
            parse_ids(body.ids), payload_selector(body.with_payload, True), vector_selector(body.with_vector)
        )
    return [record(point) for point in found]


def scroll(request: Request) -> dict[str, Any]:
    body = request.json(Scroll)
    if body.order_by is not None and body.offset is not None:
        raise bad_input(
            "Cannot use an `offset` when using `order_by`. Use `order_by.start_from` and exclude the seen ids"
        )
    with request.state.registry.get(request.collection_name).reading() as shard:
        points, following = shard.scroll(
            edge.ScrollRequest(
                offset=None if body.offset is None else parse_id(body.offset),
                limit=body.limit or 10,
                filter=parse_filter(body.filter),
                with_payload=payload_selector(body.with_payload, True),
                with_vector=vector_selector(body.with_vector),
                order_by=None if body.order_by is None else parse_order_by(body.order_by),
            )
        )
    return {"points": [record(point) for point in points], "next_page_offset": following}


def count(request: Request) -> dict[str, int]:
    body = request.json(Count)
    with request.state.registry.get(request.collection_name).reading() as shard:
        # The engine takes no absent filter for an estimate of everything, but counts exactly at no cost.
        exact = True if body.exact is None else body.exact
        return {"count": shard.count(edge.CountRequest(exact=exact, filter=parse_filter(body.filter)))}


def facet(request: Request) -> dict[str, Any]:
    body = request.json(Facet)
    with request.state.registry.get(request.collection_name).reading() as shard:
        found = shard.facet(edge.FacetRequest(body.key, body.limit or 10, bool(body.exact), parse_filter(body.filter)))
    hits = sorted(found.hits, key=lambda hit: (-hit.count, str(hit.value)))
    return {"hits": [{"value": hit.value, "count": hit.count} for hit in hits]}
