"""Collections: list, info, create, update, delete, vector names."""

from __future__ import annotations

from typing import Any

import msgspec
import qdrant_edge as edge

from ..engine.config import (
    HNSW_DEFAULTS,
    OPTIMIZER_DEFAULTS,
    CreateCollection,
    CreateVectorName,
    UpdateCollection,
    dense_params,
    is_single,
    refuse_distributed,
    refuse_optimizers,
    refuse_strict_mode,
    validate,
)
from ..engine.payload_index import describe
from ..errors import ApiError, bad_body, bad_input, from_engine, not_served
from ..http.messages import Request
from ..http.router import WRITE, Router
from ..storage.collection import Collection, vector_name_operation
from .common import write_result

_TIMEOUT = frozenset({"timeout"})
_CONFIG_FIELDS = (
    "vectors",
    "sparse_vectors",
    "hnsw_config",
    "optimizers_config",
    "quantization_config",
    "on_disk_payload",
    "payload",
    "metadata",
)


def register(router: Router) -> None:
    router.add("GET", "/collections", list_collections)
    router.add("GET", "/collections/{collection}", info)
    router.add("GET", "/collections/{collection}/exists", exists)
    router.add("PUT", "/collections/{collection}", create, _TIMEOUT)
    router.add("PATCH", "/collections/{collection}", update, _TIMEOUT)
    router.add("DELETE", "/collections/{collection}", delete, _TIMEOUT)
    router.add("PUT", "/collections/{collection}/vectors/{vector}", create_vector, WRITE)
    router.add("DELETE", "/collections/{collection}/vectors/{vector}", delete_vector, WRITE)


def list_collections(request: Request) -> dict[str, Any]:
    return {"collections": [{"name": collection.name} for collection in request.state.registry.all()]}


def exists(request: Request) -> dict[str, bool]:
    return {"exists": request.state.registry.exists(request.collection_name)}


def create(request: Request) -> bool:
    body = request.json(CreateCollection)
    refuse_distributed(body)
    refuse_optimizers(body.optimizers_config)
    given = msgspec.to_builtins(body)
    config = {field: prune(given[field]) for field in _CONFIG_FIELDS if given[field] is not None}
    config.setdefault("vectors", {})
    validate(config)
    request.state.registry.create(request.collection_name, config)
    return True


def prune(value: Any) -> Any:
    """Drops what is not set, so that stored and shown configurations hold only what was given."""
    if isinstance(value, dict):
        return {key: prune(item) for key, item in value.items() if item is not None}
    return value


def delete(request: Request) -> bool:
    return request.state.registry.delete(request.collection_name)


def info(request: Request) -> dict[str, Any]:
    collection = request.state.registry.get(request.collection_name)
    with collection.reading() as shard:
        found = shard.info()
    error = collection.optimizer_error
    return {
        "status": collection.status,
        "optimizer_status": "ok" if error is None else {"error": error},
        "indexed_vectors_count": found.indexed_vectors_count,
        "points_count": found.points_count,
        "segments_count": found.segments_count,
        "config": _config(collection),
        "payload_schema": {name: describe(index) for name, index in sorted(found.payload_schema.items())},
        "update_queue": {"length": 0},
    }


def _config(collection: Collection) -> dict[str, Any]:
    config = collection.config
    params: dict[str, Any] = {
        "shard_number": 1,
        "replication_factor": 1,
        "write_consistency_factor": 1,
        "on_disk_payload": config.get("on_disk_payload", True),
    }
    for field in ("vectors", "sparse_vectors", "payload"):
        if config.get(field):
            params[field] = config[field]
    shown: dict[str, Any] = {
        "params": params,
        "hnsw_config": {**HNSW_DEFAULTS, **config.get("hnsw_config", {})},
        "optimizer_config": {**OPTIMIZER_DEFAULTS, **config.get("optimizers_config", {})},
        "wal_config": None,
        "quantization_config": config.get("quantization_config"),
    }
    if "metadata" in config:
        shown["metadata"] = config["metadata"]
    return shown


def update(request: Request) -> bool:
    body = request.json(UpdateCollection)
    collection = request.state.registry.get(request.collection_name)
    refuse_optimizers(body.optimizers_config)
    refuse_strict_mode(body.strict_mode_config)
    changes = prune(msgspec.to_builtins(body))
    with collection.writing():
        config = msgspec.json.decode(msgspec.json.encode(collection.config))
        for field in ("hnsw_config", "optimizers_config"):
            if field in changes:
                config[field] = {**config.get(field, {}), **changes[field]}
        _update_params(config, changes.get("params", {}))
        _update_quantization(config, changes.get("quantization_config"))
        _update_vectors(config, changes.get("vectors", {}))
        _update_sparse(config, changes.get("sparse_vectors", {}))
        if isinstance(body.metadata, dict):
            merged = {**config.get("metadata", {}), **body.metadata}
            config["metadata"] = {key: value for key, value in merged.items() if value is not None}
        if config == collection.config:
            return True
        validate(config)
        if {**config, "metadata": None} == {**collection.config, "metadata": None}:
            collection.save(config=config)
        else:
            collection.reconfigure(config)
    return True


def _update_params(config: dict[str, Any], params: dict[str, Any]) -> None:
    for field in ("replication_factor", "write_consistency_factor"):
        if params.get(field, 1) != 1:
            raise not_served(f"params.{field} other than 1")
    for field in ("read_fan_out_factor", "read_fan_out_delay_ms"):
        if field in params:
            raise not_served(f"params.{field}")
    for field in ("on_disk_payload", "payload"):
        if field in params:
            config[field] = params[field]


def _update_quantization(target: dict[str, Any], change: Any) -> None:
    if change is None:
        return
    if change == "Disabled":
        # The engine reads "not given" as "keep": a quantization once set cannot be taken away.
        if target.get("quantization_config"):
            raise not_served("disabling quantization", "Create a collection without it and copy the points.")
        return
    target["quantization_config"] = change


def _update_vectors(config: dict[str, Any], changes: dict[str, Any]) -> None:
    known = dense_params(config)
    for name, change in changes.items():
        if name not in known:
            raise bad_input(f"Not existing vector name error: {name}")
        target = known[name]
        if "hnsw_config" in change:
            target["hnsw_config"] = {**target.get("hnsw_config", {}), **change["hnsw_config"]}
        _update_quantization(target, change.get("quantization_config"))
        for field in ("on_disk", "memory"):
            if field in change:
                target[field] = change[field]


def _update_sparse(config: dict[str, Any], changes: dict[str, Any]) -> None:
    known = config.get("sparse_vectors", {})
    for name, change in changes.items():
        if name not in known:
            raise bad_input(f"Not existing vector name error: {name}")
        target = known[name] or {}
        if "index" in change:
            target["index"] = {**target.get("index", {}), **change["index"]}
        if "modifier" in change:
            target["modifier"] = change["modifier"]
        known[name] = target


def create_vector(request: Request) -> dict[str, Any]:
    """Adds a vector name to a collection of named vectors."""
    name = request.params["vector"]
    body = request.json(CreateVectorName)
    if (body.dense is None) == (body.sparse is None):
        raise bad_body("exactly one of dense and sparse is expected")
    collection = request.state.registry.get(request.collection_name)
    with collection.writing():
        config = msgspec.json.decode(msgspec.json.encode(collection.config))
        if is_single(config["vectors"]) and body.dense is not None:
            raise bad_input("a collection with one unnamed vector takes no further dense vectors")
        if name in collection.schema.kinds:
            raise ApiError(409, f"Wrong input: Vector `{name}` already exists!")
        if body.dense is not None:
            config["vectors"][name] = prune(msgspec.to_builtins(body.dense))
        elif body.sparse is not None:
            sparse = prune(msgspec.to_builtins(body.sparse))
            index = {"index": {"datatype": sparse.pop("datatype")}} if "datatype" in sparse else {}
            config.setdefault("sparse_vectors", {})[name] = {**sparse, **index}
        validate(config)
        try:
            operation = vector_name_operation(name, config)
        except (TypeError, ValueError) as error:
            raise from_engine(error) from error
        # Recorded first: after a crash between the two, opening the collection creates what is missing.
        before = collection.config
        collection.save(config=config)
        try:
            number = collection.update(operation)
        except ApiError:
            collection.save(config=before)
            raise
    return write_result(request, number)


def delete_vector(request: Request) -> dict[str, Any]:
    name = request.params["vector"]
    collection = request.state.registry.get(request.collection_name)
    with collection.writing():
        collection.schema.kind(name)
        if len(collection.schema.kinds) == 1:
            raise bad_input(f"`{name}` is the only vector of the collection and cannot be deleted")
        config = msgspec.json.decode(msgspec.json.encode(collection.config))
        if name == "" or is_single(config["vectors"]) and name not in config.get("sparse_vectors", {}):
            raise bad_input("the unnamed vector cannot be deleted")
        config["vectors"].pop(name, None)
        config.get("sparse_vectors", {}).pop(name, None)
        number = collection.update(edge.UpdateOperation.delete_vector_name(name))
        collection.save(config=config)
    return write_result(request, number)
