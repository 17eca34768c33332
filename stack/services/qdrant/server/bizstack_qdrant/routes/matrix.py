"""Distance matrices: a random sample of points, each with its nearest neighbours in the sample."""

from __future__ import annotations

from typing import Annotated, Any

import qdrant_edge as edge
from msgspec import Meta

from ..engine.body import Sharded
from ..engine.filters import both, parse_filter
from ..http.messages import Request
from ..http.router import READ, Router


class Matrix(Sharded):
    filter: dict[str, Any] | None = None
    sample: Annotated[int, Meta(ge=2, le=10_000)] | None = None
    limit: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    using: str | None = None


def register(router: Router) -> None:
    router.add("POST", "/collections/{collection}/points/search/matrix/pairs", pairs, READ)
    router.add("POST", "/collections/{collection}/points/search/matrix/offsets", offsets, READ)


def _matrix(request: Request) -> tuple[list[Any], list[tuple[Any, Any, float]]]:
    """Sampled ids in order, and (row, column, score)."""
    body = request.json(Matrix)
    using, limit = body.using or "", body.limit or 3
    collection = request.state.registry.get(request.collection_name)
    collection.schema.kind(using)
    with collection.reading() as shard:
        having = edge.Filter(must=[edge.HasVectorCondition(using)])
        sampled = shard.query(
            edge.QueryRequest(
                limit=body.sample or 10,
                query=edge.Sample.Random,
                filter=both(parse_filter(body.filter), having),
                with_vector=[using] if using else True,
            )
        )
        vectors: dict[Any, Any] = {
            point.id: point.vector[using] if isinstance(point.vector, dict) else point.vector for point in sampled
        }
        if len(vectors) < 2:
            return sorted(vectors, key=str), []
        ids = list(vectors)
        requests = [
            edge.QueryRequest(
                limit=limit,
                query=edge.Query.Nearest(vectors[point], using),
                filter=edge.Filter(must=[edge.HasIdCondition(set(ids))], must_not=[edge.HasIdCondition({point})]),
            )
            for point in ids
        ]
        found = shard.query_batch(edge.QueryBatchRequest(requests))
    return ids, [(row, hit.id, hit.score) for row, hits in zip(ids, found, strict=True) for hit in hits]


def pairs(request: Request) -> dict[str, Any]:
    _, cells = _matrix(request)
    return {"pairs": [{"a": row, "b": column, "score": score} for row, column, score in cells]}


def offsets(request: Request) -> dict[str, Any]:
    ids, cells = _matrix(request)
    place = {point: at for at, point in enumerate(ids)}
    return {
        "offsets_row": [place[row] for row, _, _ in cells],
        "offsets_col": [place[column] for _, column, _ in cells],
        "scores": [score for _, _, score in cells],
        "ids": ids,
    }
