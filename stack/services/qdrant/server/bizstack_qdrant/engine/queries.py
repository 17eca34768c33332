"""Queries: the REST query interface to the engine's query requests.

Ids in a query are looked up first (in the collection, or in the one that `lookup_from` names), because
the engine only takes vectors. Points referenced by id never appear in their own results, as in Qdrant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import qdrant_edge as edge
from msgspec import Meta

from ..errors import ApiError, bad_body, bad_input, not_found, not_served
from .body import Body, Sharded, convert, convert_any
from .filters import both, parse_filter
from .formula import parse_formula
from .ids import PointId, parse_id
from .records import payload_selector, vector_selector
from .vectors import NamedVector, VectorSchema

DEFAULT_LIMIT = 10
MAX_PREFETCH_DEPTH = 16
Limit = Annotated[int, Meta(ge=1)]
# Fetches one vector by collection, point and vector name.
Lookup = Callable[[str | None, PointId, str], Any]


class QuantizationParams(Body):
    ignore: bool | None = None
    rescore: bool | None = None
    oversampling: Annotated[float, Meta(ge=1)] | None = None


class AcornParams(Body):
    enable: bool | None = None
    max_selectivity: Annotated[float, Meta(ge=0, le=1)] | None = None


class IdfCorpus(Body):
    corpus: dict[str, Any]


class Params(Body):
    hnsw_ef: Annotated[int, Meta(ge=0)] | None = None
    exact: bool | None = None
    quantization: QuantizationParams | None = None
    indexed_only: bool | None = None
    acorn: AcornParams | None = None
    idf: Literal["global"] | IdfCorpus | None = None

    def engine(self) -> edge.SearchParams:
        quantization, acorn = self.quantization, self.acorn
        return edge.SearchParams(
            hnsw_ef=self.hnsw_ef,
            exact=bool(self.exact),
            indexed_only=bool(self.indexed_only),
            quantization=(
                edge.QuantizationSearchParams(
                    bool(quantization.ignore), quantization.rescore, quantization.oversampling
                )
                if quantization
                else None
            ),
            acorn=edge.AcornSearchParams(bool(acorn.enable), acorn.max_selectivity) if acorn else None,
            idf=(
                edge.IdfParams(parse_filter(self.idf.corpus, "params.idf.corpus"))
                if isinstance(self.idf, IdfCorpus)
                else None
            ),
        )


class LookupFrom(Sharded, kw_only=True):
    collection: str
    vector: str | None = None


class Stage(Sharded):
    """What a query and a prefetch have in common."""

    prefetch: dict[str, Any] | list[dict[str, Any]] | None = None
    query: Any = None
    using: str | None = None
    filter: dict[str, Any] | None = None
    params: Params | None = None
    score_threshold: float | None = None
    lookup_from: LookupFrom | None = None


class Prefetch(Stage):
    limit: Limit | None = None


class QueryBody(Stage):
    limit: Limit | None = None
    offset: Annotated[int, Meta(ge=0)] | None = None
    with_payload: Any = None
    with_vector: Any = None


class OrderBy(Body):
    key: str
    direction: Literal["asc", "desc"] | None = None
    start_from: int | float | str | None = None


class Mmr(Body):
    diversity: Annotated[float, Meta(ge=0, le=1)] | None = None
    candidates_limit: Annotated[int, Meta(ge=1, le=16_384)] | None = None


class NearestQuery(Body):
    nearest: Any
    mmr: Mmr | None = None


class Recommend(Body):
    positive: list[Any] | None = None
    negative: list[Any] | None = None
    strategy: Literal["average_vector", "best_score", "sum_scores"] | None = None


class Pair(Body):
    positive: Any
    negative: Any


class Discover(Body):
    target: Any
    context: Pair | list[Pair] | None = None


class Rrf(Body):
    k: Annotated[int, Meta(ge=1)] | None = None
    weights: list[float] | None = None


class FormulaQuery(Body):
    formula: Any
    defaults: dict[str, Any] | None = None


class FeedbackItem(Body):
    example: Any
    score: float


class NaiveParams(Body):
    a: float
    b: float
    c: float


class FeedbackStrategy(Body):
    naive: NaiveParams


class Feedback(Body):
    target: Any
    feedback: list[FeedbackItem]
    strategy: FeedbackStrategy


_QUERY_KINDS = {
    "nearest",
    "recommend",
    "discover",
    "context",
    "order_by",
    "fusion",
    "rrf",
    "formula",
    "sample",
    "relevance_feedback",
}


def parse_order_by(value: object) -> edge.OrderBy:
    given = OrderBy(key=value) if isinstance(value, str) else convert(value, OrderBy, "order_by")
    direction = edge.Direction.Desc if given.direction == "desc" else edge.Direction.Asc
    return edge.OrderBy(given.key, direction, given.start_from)


class QueryBuilder:
    """Builds engine requests for one collection."""

    def __init__(self, schema: VectorSchema, lookup: Lookup) -> None:
        self._schema = schema
        self._lookup = lookup

    def request(
        self, body: QueryBody, *, limit: int | None = None, extra: edge.Filter | None = None
    ) -> edge.QueryRequest:
        """`limit` and `extra` override the limit and narrow the filter."""
        query, prefetches, own_filter = self._stage(body, 0)
        return edge.QueryRequest(
            limit=limit or body.limit or DEFAULT_LIMIT,
            offset=body.offset or 0,
            query=query,
            prefetches=prefetches,
            filter=both(own_filter, extra),
            score_threshold=body.score_threshold,
            params=body.params.engine() if body.params else None,
            with_payload=payload_selector(body.with_payload, False),
            with_vector=vector_selector(body.with_vector),
        )

    def _prefetch(self, value: dict[str, Any], depth: int) -> edge.Prefetch:
        if depth > MAX_PREFETCH_DEPTH:
            raise bad_body(f"prefetch: nested deeper than {MAX_PREFETCH_DEPTH}")
        body = convert(value, Prefetch, "prefetch")
        query, prefetches, own_filter = self._stage(body, depth)
        return edge.Prefetch(
            limit=body.limit or DEFAULT_LIMIT,
            query=query,
            prefetches=prefetches,
            filter=own_filter,
            score_threshold=body.score_threshold,
            params=body.params.engine() if body.params else None,
        )

    def _stage(self, body: Stage, depth: int) -> tuple[Any, list[edge.Prefetch] | None, edge.Filter | None]:
        if body.shard_key is not None or (body.lookup_from and body.lookup_from.shard_key is not None):
            raise not_served("shard_key (sharding)")
        given = body.prefetch
        children = [] if given is None else given if isinstance(given, list) else [given]
        prefetches = [self._prefetch(child, depth + 1) for child in children]
        resolver = _Resolver(self._schema, self._lookup, body.using or "", body.lookup_from)
        query = None if body.query is None else _query(body.query, resolver, bool(prefetches))
        if prefetches and query is None:
            raise ApiError(422, "Validation error in JSON body: [query: A query is needed to merge the prefetches]")
        excluded = edge.Filter(must_not=[edge.HasIdCondition(resolver.seen)]) if resolver.seen else None
        return query, prefetches or None, both(parse_filter(body.filter), excluded)


class _Resolver:
    """Turns vector inputs (vector, id, document) into vectors for one vector name."""

    def __init__(self, schema: VectorSchema, lookup: Lookup, using: str, source: LookupFrom | None) -> None:
        self._schema = schema
        self._lookup = lookup
        self._source = source
        self.using = using
        self.seen: set[PointId] = set()

    def vector(self, value: object) -> NamedVector:
        kind = self._schema.kind(self.using)
        if not isinstance(value, (int, str)) or isinstance(value, bool):
            return self._schema.named(self.using, value, query=True)
        point = parse_id(value)
        source = self._source
        name = self.using if source is None or source.vector is None else source.vector
        found: Any = self._lookup(source.collection if source else None, point, name)
        if found is None:
            raise not_found(f"No vector `{name}` found for point with id {value}")
        if source is None:
            self.seen.add(point)
        elif isinstance(found, edge.SparseVector) != kind.sparse or (
            not kind.sparse and isinstance(found[0], list) != kind.multi
        ):
            raise bad_input(f"lookup_from: the vector `{name}` is of another kind than `{self.using}`")
        elif not kind.sparse and not kind.multi and len(found) != kind.size:
            raise bad_input(f"Vector dimension error: expected dim: {kind.size}, got {len(found)}")
        vector: NamedVector = found
        return vector


def _query(value: object, resolver: _Resolver, has_prefetch: bool) -> Any:
    kinds = set(value) & _QUERY_KINDS if isinstance(value, dict) else set()
    # A named vector is never called like a query here: `query` holds one vector, not a map of them.
    if not isinstance(value, dict) or not kinds:
        return edge.Query.Nearest(resolver.vector(value), resolver.using)
    kind = sorted(kinds)[0]
    if len(set(value) - {kind, "mmr", "defaults"}) > 0:
        raise bad_body(f"query: unexpected fields {sorted(set(value) - {kind})} beside `{kind}`")
    if kind == "nearest":
        return _nearest(convert(value, NearestQuery, "query"), resolver)
    if kind == "formula":
        if not has_prefetch:
            raise ApiError(422, "Validation error in JSON body: [prefetch: A formula needs a prefetch to score]")
        body = convert(value, FormulaQuery, "query")
        return parse_formula(body.formula, body.defaults)
    if len(value) != 1:
        raise bad_body(f"query: unexpected fields {sorted(set(value) - {kind})} beside `{kind}`")
    given = value[kind]
    if kind == "recommend":
        return _recommend(convert(given, Recommend, "query.recommend"), resolver)
    if kind == "discover":
        discover = convert(given, Discover, "query.discover")
        return edge.Query.Discover(
            edge.DiscoverQuery(resolver.vector(discover.target), _pairs(discover.context, resolver)), resolver.using
        )
    if kind == "context":
        pairs: Pair | list[Pair] = convert_any(given, Pair | list[Pair], "query.context")
        return edge.Query.Context(edge.ContextQuery(_pairs(pairs, resolver)), resolver.using)
    if kind == "order_by":
        return parse_order_by(given)
    if kind == "sample":
        convert_any(given, Literal["random"], "query.sample")
        return edge.Sample.Random
    if kind == "relevance_feedback":
        return _feedback(convert(given, Feedback, "query.relevance_feedback"), resolver)
    if not has_prefetch:
        raise ApiError(422, f"Validation error in JSON body: [prefetch: `{kind}` needs at least one prefetch to merge]")
    if kind == "fusion":
        fusion: str = convert_any(given, Literal["rrf", "dbsf"], "query.fusion")
        return edge.Fusion.Rrf(k=2) if fusion == "rrf" else edge.Fusion.Dbsf()
    rrf = convert(given, Rrf, "query.rrf")
    return edge.Fusion.Rrf(k=rrf.k or 2, weights=rrf.weights)


def _nearest(body: NearestQuery, resolver: _Resolver) -> Any:
    vector = resolver.vector(body.nearest)
    if body.mmr is None:
        return edge.Query.Nearest(vector, resolver.using)
    diversity = 0.5 if body.mmr.diversity is None else body.mmr.diversity
    return edge.Mmr(vector, 1.0 - diversity, body.mmr.candidates_limit or 100, resolver.using)


def _pairs(given: Pair | list[Pair] | None, resolver: _Resolver) -> list[edge.ContextPair]:
    pairs = [] if given is None else given if isinstance(given, list) else [given]
    return [edge.ContextPair(resolver.vector(pair.positive), resolver.vector(pair.negative)) for pair in pairs]


def _feedback(body: Feedback, resolver: _Resolver) -> Any:
    weights = body.strategy.naive
    query = edge.FeedbackNaiveQuery(
        resolver.vector(body.target),
        [edge.FeedbackItem(resolver.vector(item.example), item.score) for item in body.feedback],
        edge.NaiveFeedbackStrategy(weights.a, weights.b, weights.c),
    )
    return edge.Query.FeedbackNaive(query, resolver.using)


def _recommend(body: Recommend, resolver: _Resolver) -> Any:
    positives = [resolver.vector(item) for item in body.positive or []]
    negatives = [resolver.vector(item) for item in body.negative or []]
    strategy = body.strategy or "average_vector"
    if strategy == "average_vector":
        if not positives:
            raise bad_input("At least one positive vector ID required with this strategy")
        return edge.Query.Nearest(_average(positives, negatives), resolver.using)
    if not positives and not negatives:
        raise bad_input("At least one positive or negative vector ID required")
    examples = edge.RecommendQuery(positives, negatives)
    if strategy == "best_score":
        return edge.Query.RecommendBestScore(examples, resolver.using)
    return edge.Query.RecommendSumScores(examples, resolver.using)


def _average(positives: list[NamedVector], negatives: list[NamedVector]) -> NamedVector:
    """The mean of the positives, moved away from the mean of the negatives by their difference."""
    if isinstance(positives[0], edge.SparseVector):
        return _average_sparse(positives, negatives)
    if isinstance(positives[0][0], list):
        raise not_served("recommend with average_vector on multivectors", "Use the strategy best_score or sum_scores.")

    def mean(vectors: list[Any]) -> list[float]:
        return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]

    positive = mean(positives)
    if not negatives:
        return positive
    return [2 * plus - minus for plus, minus in zip(positive, mean(negatives), strict=True)]


def _average_sparse(positives: list[Any], negatives: list[Any]) -> edge.SparseVector:
    weights: dict[int, float] = {}
    share = (2.0 if negatives else 1.0) / len(positives)
    for vectors, factor in ((positives, share), (negatives, -1.0 / max(1, len(negatives)))):
        for vector in vectors:
            for index, value in zip(vector.indices, vector.values, strict=True):
                weights[index] = weights.get(index, 0.0) + factor * value
    indices = sorted(weights)
    return edge.SparseVector(indices, [weights[index] for index in indices])
