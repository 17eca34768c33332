"""Query groups: the best groups by their best point, each with its best points.

Without a prefetch the groups are found by asking again with the groups already found excluded, and then
filled with one query each: exact, however the points are spread. With a prefetch the candidates are
bounded by it, so one ranking of all of them is grouped.
"""

from __future__ import annotations

from typing import Annotated, Any

import qdrant_edge as edge
from msgspec import Meta

from ..engine.body import Body, convert
from ..engine.ids import PointId, parse_id
from ..engine.queries import Prefetch, QueryBody, Stage
from ..engine.records import payload_selector, record, scored, vector_selector
from ..errors import ApiError, bad_body
from ..http.messages import Request
from ..http.router import READ, Router
from ..state import State
from ..storage.collection import Collection
from .query import builder

GroupId = str | int


class WithLookup(Body):
    collection: str
    with_payload: Any = None
    with_vectors: Any = None


class Groups(Stage, kw_only=True):
    with_payload: Any = None
    with_vector: Any = None
    group_by: str
    group_size: Annotated[int, Meta(ge=1)] | None = None
    limit: Annotated[int, Meta(ge=1)] | None = None
    with_lookup: str | WithLookup | None = None


def register(router: Router) -> None:
    router.add("POST", "/collections/{collection}/points/query/groups", query_groups, READ)


def query_groups(request: Request) -> dict[str, Any]:
    return run(request.state, request.state.registry.get(request.collection_name), request.json(Groups))


def run(state: State, collection: Collection, body: Groups) -> dict[str, Any]:
    limit, size = body.limit or 10, body.group_size or 3
    if not body.group_by:
        raise bad_body("group_by must not be empty")
    grouper = _Grouper(state, collection, body)
    groups = grouper.of_ranking(limit, size) if body.prefetch else grouper.of_collection(limit, size)
    shown: list[dict[str, Any]] = [{"id": group, "hits": hits} for group, hits in groups]
    if body.with_lookup is not None:
        _add_lookups(state, body.with_lookup, shown)
    return {"groups": shown}


class _Grouper:
    def __init__(self, state: State, collection: Collection, body: Groups) -> None:
        self._collection = collection
        self._builder = builder(state, collection)
        self._key = body.group_by
        self._with_payload = payload_selector(body.with_payload, False)
        self._with_vector = vector_selector(body.with_vector)
        # The key alone while groups are looked for; what was asked for is fetched at the end.
        self._body = QueryBody(
            prefetch=body.prefetch,
            query=body.query,
            using=body.using,
            filter=body.filter,
            params=body.params,
            score_threshold=body.score_threshold,
            lookup_from=body.lookup_from,
            shard_key=body.shard_key,
            with_payload=[body.group_by],
        )

    def of_collection(self, limit: int, size: int) -> list[tuple[GroupId, list[dict[str, Any]]]]:
        best: dict[GroupId, edge.ScoredPoint] = {}
        with self._collection.reading() as shard:
            while len(best) < limit:
                extra = self._having_other_value(list(best))
                found = shard.query(self._builder.request(self._body, limit=limit * size, extra=extra))
                before = len(best)
                for point in found:
                    for group in self._values(point):
                        if len(best) < limit:
                            best.setdefault(group, point)
                if len(best) == before:
                    break
            requests = [self._builder.request(self._body, limit=size, extra=self._equals(group)) for group in best]
            found_hits = shard.query_batch(edge.QueryBatchRequest(requests)) if requests else []
            ranked = [(group, list(hits)) for group, hits in zip(best, found_hits, strict=True) if hits]
            return self._shown(shard, ranked)

    def of_ranking(self, limit: int, size: int) -> list[tuple[GroupId, list[dict[str, Any]]]]:
        prefetch = self._body.prefetch
        stages = prefetch if isinstance(prefetch, list) else [prefetch]
        candidates = sum(convert(stage, Prefetch, "prefetch").limit or 10 for stage in stages)
        groups: dict[GroupId, list[edge.ScoredPoint]] = {}
        with self._collection.reading() as shard:
            for point in shard.query(self._builder.request(self._body, limit=candidates)):
                for group in self._values(point):
                    if group in groups or len(groups) < limit:
                        hits = groups.setdefault(group, [])
                        if len(hits) < size:
                            hits.append(point)
            return self._shown(shard, list(groups.items()))

    def _shown(
        self, shard: edge.EdgeShard, groups: list[tuple[GroupId, list[edge.ScoredPoint]]]
    ) -> list[tuple[GroupId, list[dict[str, Any]]]]:
        ids = list({point.id: None for _, hits in groups for point in hits})
        records: dict[PointId, dict[str, Any]] = {}
        if self._with_payload is not False or self._with_vector is not False:
            records = {point.id: record(point) for point in shard.retrieve(ids, self._with_payload, self._with_vector)}
        shown = []
        for group, hits in groups:
            points = []
            for point in hits:
                hit = scored(point)
                hit.pop("payload", None)
                points.append({**hit, **records.get(point.id, {})})
            shown.append((group, points))
        return shown

    def _values(self, point: edge.ScoredPoint) -> list[GroupId]:
        """The group ids of a point: strings and integers, of every value of an array."""
        values: list[Any] = [point.payload or {}]
        for part in self._key.replace("[]", "").split("."):
            below = [value.get(part) for value in values if isinstance(value, dict)]
            values = [item for value in below for item in (value if isinstance(value, list) else [value])]
        groups = [value for value in values if isinstance(value, (str, int)) and not isinstance(value, bool)]
        return list(dict.fromkeys(groups))

    def _having_other_value(self, groups: list[GroupId]) -> edge.Filter:
        """Points with at least one value that is no group yet."""
        conditions: list[Any] = []
        for kind in (str, int):
            known: Any = [group for group in groups if isinstance(group, kind)]
            if known:
                conditions.append(edge.FieldCondition(self._key, match=edge.MatchExcept(known)))
        return edge.Filter(must=conditions, must_not=[edge.IsEmptyCondition(self._key)])

    def _equals(self, group: GroupId) -> edge.Filter:
        return edge.Filter(must=[edge.FieldCondition(self._key, match=edge.MatchValue(group))])


def _add_lookups(state: State, given: str | WithLookup, groups: list[dict[str, Any]]) -> None:
    """Adds to each group the point of another collection whose id is the group's."""
    wanted = WithLookup(collection=given) if isinstance(given, str) else given
    ids: dict[PointId, dict[str, Any]] = {}
    for group in groups:
        try:
            ids[parse_id(group["id"])] = group
        except ApiError:
            # A group id that is no point id has nothing to look up.
            continue
    with state.registry.get(wanted.collection).reading() as shard:
        found = shard.retrieve(
            list(ids), payload_selector(wanted.with_payload, True), vector_selector(wanted.with_vectors)
        )
    for point in found:
        ids[point.id]["lookup"] = record(point)
