"""The universal query endpoint."""

from __future__ import annotations

from typing import Any

import qdrant_edge as edge

from ..engine.body import Body
from ..engine.ids import PointId
from ..engine.queries import QueryBody, QueryBuilder
from ..engine.records import scored
from ..errors import bad_input, not_found
from ..http.messages import Request
from ..http.router import READ, Router
from ..state import State
from ..storage.collection import Collection


class QueryBatch(Body):
    searches: list[QueryBody]


def register(router: Router) -> None:
    router.add("POST", "/collections/{collection}/points/query", query, READ)
    router.add("POST", "/collections/{collection}/points/query/batch", query_batch, READ)


def builder(state: State, collection: Collection) -> QueryBuilder:
    """A builder whose ids are looked up in `collection`, or where the query says."""

    def lookup(source: str | None, point: PointId, vector: str) -> Any:
        place = collection if source is None else state.registry.get(source)
        place.schema.kind(vector)
        with place.reading() as shard:
            found = shard.retrieve([point], False, [vector] if vector else True)
        if not found:
            raise not_found(f"No point with id {point} found")
        vectors = found[0].vector
        if isinstance(vectors, dict):
            return vectors.get(vector)
        return vectors or None

    return QueryBuilder(collection.schema, lookup)


def run(state: State, collection: Collection, bodies: list[QueryBody]) -> list[list[dict[str, Any]]]:
    """Answers the queries in order."""
    if not bodies:
        return []
    builds = builder(state, collection)
    with collection.reading() as shard:
        # Ids are resolved inside: what the builder refuses is reported like the engine's refusals.
        requests = [builds.request(body) for body in bodies]
        found = (
            [shard.query(requests[0])] if len(requests) == 1 else shard.query_batch(edge.QueryBatchRequest(requests))
        )
    return [[scored(point) for point in points] for points in found]


def query(request: Request) -> dict[str, Any]:
    body = request.json(QueryBody)
    collection = request.state.registry.get(request.collection_name)
    return {"points": run(request.state, collection, [body])[0]}


def query_batch(request: Request) -> list[dict[str, Any]]:
    body = request.json(QueryBatch)
    if len(body.searches) > 1000:
        raise bad_input("a batch holds at most 1000 queries")
    collection = request.state.registry.get(request.collection_name)
    return [{"points": points} for points in run(request.state, collection, body.searches)]
