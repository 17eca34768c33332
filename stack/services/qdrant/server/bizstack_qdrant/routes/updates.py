"""Writes of points: each body becomes one engine operation, checked whole before anything is applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import qdrant_edge as edge

from ..engine.body import Body, Sharded, convert
from ..engine.filters import parse_filter
from ..engine.ids import PointId, parse_id, parse_ids
from ..errors import ApiError, bad_body, from_engine, not_served
from ..http.messages import Request
from ..http.router import WRITE, Router
from ..storage.collection import Collection
from .common import write_result

_MODES = {
    "upsert": edge.UpdateMode.Upsert,
    "insert_only": edge.UpdateMode.InsertOnly,
    "update_only": edge.UpdateMode.UpdateOnly,
}


class Point(Body):
    id: int | str
    vector: Any
    payload: dict[str, Any] | None = None


class Batch(Body):
    ids: list[int | str]
    vectors: list[Any] | dict[str, list[Any]]
    payloads: list[dict[str, Any] | None] | None = None


class Upsert(Sharded):
    points: list[Point] | None = None
    batch: Batch | None = None
    update_filter: dict[str, Any] | None = None
    update_mode: Literal["upsert", "insert_only", "update_only"] | None = None


class Vectors(Body):
    id: int | str
    vector: Any


class UpdateVectors(Sharded, kw_only=True):
    points: list[Vectors]
    update_filter: dict[str, Any] | None = None


class Selector(Sharded):
    points: list[Any] | None = None
    filter: dict[str, Any] | None = None


class DeleteVectors(Selector, kw_only=True):
    vector: list[str]


class SetPayload(Selector, kw_only=True):
    payload: dict[str, Any]
    key: str | None = None


class DeletePayload(Selector, kw_only=True):
    keys: list[str]


@dataclass(frozen=True)
class Operation:
    """An engine operation and what it means to the optimizer."""

    engine: edge.UpdateOperation
    size: int = 0
    deletes: bool = False


Builder = Callable[[Collection, Any], Operation]


def upsert(collection: Collection, body: Upsert) -> Operation:
    if (body.points is None) == (body.batch is None):
        raise bad_body("exactly one of points and batch is expected")
    given = body.points if body.points is not None else unzip(body.batch)
    schema = collection.schema
    points = [edge.Point(parse_id(point.id), schema.point(point.vector), point.payload or {}) for point in given]
    condition = parse_filter(body.update_filter, "update_filter")
    mode = _MODES[body.update_mode] if body.update_mode else None
    operation = edge.UpdateOperation.upsert_points(points, condition, mode)
    return Operation(operation, len(points) * collection.point_bytes)


def unzip(batch: Batch | None) -> list[Point]:
    """Points of the columnar form."""
    if batch is None:
        return []
    count = len(batch.ids)
    payloads = batch.payloads if batch.payloads is not None else [None] * count
    if isinstance(batch.vectors, dict):
        lengths = {len(column) for column in batch.vectors.values()}
        vectors: list[Any] = (
            [{name: column[row] for name, column in batch.vectors.items()} for row in range(count)]
            if lengths <= {count}
            else []
        )
    else:
        vectors = batch.vectors
    if len(vectors) != count or len(payloads) != count:
        raise ApiError(422, "Validation error in JSON body: [batch: ids, vectors and payloads must have one length]")
    return [
        Point(id=point, vector=vector, payload=payload)
        for point, vector, payload in zip(batch.ids, vectors, payloads, strict=True)
    ]


def update_vectors(collection: Collection, body: UpdateVectors) -> Operation:
    schema = collection.schema
    vectors = [edge.PointVectors(parse_id(point.id), schema.point(point.vector)) for point in body.points]
    condition = parse_filter(body.update_filter, "update_filter")
    operation = edge.UpdateOperation.update_vectors(vectors, condition)
    return Operation(operation, len(vectors) * collection.point_bytes)


def select(body: Selector) -> tuple[list[PointId] | None, edge.Filter | None]:
    """Ids or a filter; with both, the engine is asked for the points that both name."""
    if body.points is None and body.filter is None:
        raise bad_body("either points or filter is expected")
    ids = None if body.points is None else parse_ids(body.points)
    chosen = parse_filter(body.filter)
    if ids is not None and chosen is not None:
        return None, edge.Filter(must=[edge.HasIdCondition(set(ids)), chosen])
    return ids, chosen


def delete_points(_: Collection, body: Selector) -> Operation:
    ids, chosen = select(body)
    if chosen is not None:
        return Operation(edge.UpdateOperation.delete_points_by_filter(chosen), deletes=True)
    return Operation(edge.UpdateOperation.delete_points(ids or []), deletes=True)


def delete_vectors(collection: Collection, body: DeleteVectors) -> Operation:
    if not body.vector:
        raise bad_body("vector: at least one vector name is expected")
    for name in body.vector:
        collection.schema.kind(name)
    ids, chosen = select(body)
    if chosen is not None:
        return Operation(edge.UpdateOperation.delete_vectors_by_filter(chosen, body.vector))
    return Operation(edge.UpdateOperation.delete_vectors(ids or [], body.vector))


def set_payload(_: Collection, body: SetPayload) -> Operation:
    ids, chosen = select(body)
    if chosen is not None:
        return Operation(edge.UpdateOperation.set_payload_by_filter(chosen, body.payload, body.key))
    return Operation(edge.UpdateOperation.set_payload(ids or [], body.payload, body.key))


def overwrite_payload(_: Collection, body: SetPayload) -> Operation:
    if body.key is not None:
        raise not_served("overwrite payload below a key", "Use set payload with a key.")
    ids, chosen = select(body)
    if chosen is not None:
        return Operation(edge.UpdateOperation.overwrite_payload_by_filter(chosen, body.payload, None))
    return Operation(edge.UpdateOperation.overwrite_payload(ids or [], body.payload, None))


def delete_payload(_: Collection, body: DeletePayload) -> Operation:
    ids, chosen = select(body)
    if chosen is not None:
        return Operation(edge.UpdateOperation.delete_payload_by_filter(chosen, body.keys))
    return Operation(edge.UpdateOperation.delete_payload(ids or [], body.keys))


def clear_payload(_: Collection, body: Selector) -> Operation:
    ids, chosen = select(body)
    if chosen is not None:
        return Operation(edge.UpdateOperation.clear_payload_by_filter(chosen))
    return Operation(edge.UpdateOperation.clear_payload(ids or []))


# name in a batch → (method, path below /points, body, builder)
_OPERATIONS: dict[str, tuple[str, str, type[Sharded], Builder]] = {
    "upsert": ("PUT", "", Upsert, upsert),
    "delete": ("POST", "/delete", Selector, delete_points),
    "update_vectors": ("PUT", "/vectors", UpdateVectors, update_vectors),
    "delete_vectors": ("POST", "/vectors/delete", DeleteVectors, delete_vectors),
    "set_payload": ("POST", "/payload", SetPayload, set_payload),
    "overwrite_payload": ("PUT", "/payload", SetPayload, overwrite_payload),
    "delete_payload": ("POST", "/payload/delete", DeletePayload, delete_payload),
    "clear_payload": ("POST", "/payload/clear", Selector, clear_payload),
}


class BatchUpdate(Body):
    operations: list[dict[str, Any]]


def register(router: Router) -> None:
    for method, path, kind, builder in _OPERATIONS.values():
        router.add(method, f"/collections/{{collection}}/points{path}", _handler(kind, builder), WRITE)
    router.add("POST", "/collections/{collection}/points/batch", batch_update, WRITE)


def _handler(kind: type[Sharded], builder: Builder) -> Callable[[Request], dict[str, Any]]:
    def handle(request: Request) -> dict[str, Any]:
        body = request.json(kind)
        collection = request.state.registry.get(request.collection_name)
        return write_result(request, _apply(collection, _build(builder, collection, body)))

    return handle


def _build(builder: Builder, collection: Collection, body: Sharded) -> Operation:
    try:
        return builder(collection, body)
    except (TypeError, ValueError, OverflowError) as error:
        raise from_engine(error) from error


def _apply(collection: Collection, operation: Operation) -> int:
    return collection.update(operation.engine, size=operation.size, deletes=operation.deletes)


def batch_update(request: Request) -> list[dict[str, Any]]:
    """All operations are checked before the first is applied; then they are applied in order."""
    body = request.json(BatchUpdate)
    collection = request.state.registry.get(request.collection_name)
    built: list[Operation] = []
    for index, given in enumerate(body.operations):
        if len(given) != 1 or (name := next(iter(given))) not in _OPERATIONS:
            raise bad_body(f"operations[{index}]: exactly one of {', '.join(_OPERATIONS)} is expected")
        _, _, kind, builder = _OPERATIONS[name]
        part = convert(given[name], kind, f"operations[{index}].{name}")
        if part.shard_key is not None:
            raise not_served("shard_key (sharding)")
        built.append(_build(builder, collection, part))
    with collection.writing():
        return [write_result(request, _apply(collection, operation)) for operation in built]
