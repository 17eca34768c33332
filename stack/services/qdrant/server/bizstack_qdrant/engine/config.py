"""Collection configuration: REST structures, their checks, and the engine's objects."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import qdrant_edge as edge
from msgspec import UNSET, Meta, UnsetType

from ..errors import ApiError, bad_body, not_served
from .body import Body, convert
from .quantization import quantization

Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Memory = Literal["cold", "cached", "pinned"]

DISTANCES = {
    "Cosine": edge.Distance.Cosine,
    "Dot": edge.Distance.Dot,
    "Euclid": edge.Distance.Euclid,
    "Manhattan": edge.Distance.Manhattan,
}
DATATYPES = {
    "float32": edge.VectorStorageDatatype.Float32,
    "float16": edge.VectorStorageDatatype.Float16,
    "uint8": edge.VectorStorageDatatype.Uint8,
}
MEMORY = {"cold": edge.Memory.Cold, "cached": edge.Memory.Cached, "pinned": edge.Memory.Pinned}
HNSW_DEFAULTS: dict[str, Any] = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000, "max_indexing_threads": 0}
OPTIMIZER_DEFAULTS: dict[str, Any] = {
    "deleted_threshold": 0.2,
    "vacuum_min_vector_number": 1000,
    "default_segment_number": 0,
    "indexing_threshold": 10_000,
    "flush_interval_sec": 5,
}


class HnswConfig(Body):
    m: Count | None = None
    ef_construct: Annotated[int, Meta(ge=4)] | None = None
    full_scan_threshold: Count | None = None
    max_indexing_threads: Count | None = None
    on_disk: bool | None = None
    memory: Memory | None = None
    payload_m: Count | None = None
    inline_storage: bool | None = None


class OptimizersConfig(Body):
    deleted_threshold: Annotated[float, Meta(ge=0, le=1)] | None = None
    vacuum_min_vector_number: Annotated[int, Meta(ge=100)] | None = None
    default_segment_number: Count | None = None
    max_segment_size: Positive | None = None
    memmap_threshold: Count | None = None
    indexing_threshold: Count | None = None
    flush_interval_sec: Positive | None = None
    max_optimization_threads: Literal["auto"] | Count | None = None
    prevent_unoptimized: bool | None = None


class MultiVector(Body):
    comparator: Literal["max_sim"]


class VectorParams(Body):
    size: Annotated[int, Meta(ge=1, le=65_536)]
    distance: Literal["Cosine", "Dot", "Euclid", "Manhattan"]
    hnsw_config: HnswConfig | None = None
    quantization_config: dict[str, Any] | None = None
    on_disk: bool | None = None
    memory: Memory | None = None
    datatype: str | None = None
    multivector_config: MultiVector | None = None


class SparseIndex(Body):
    full_scan_threshold: Count | None = None
    on_disk: bool | None = None
    memory: Memory | None = None
    datatype: str | None = None


class SparseParams(Body):
    index: SparseIndex | None = None
    modifier: Literal["none", "idf"] | None = None


class PayloadStorage(Body):
    memory: Memory | None = None


class CreateCollection(Body):
    vectors: dict[str, Any] | None = None
    sparse_vectors: dict[str, SparseParams | None] | None = None
    hnsw_config: HnswConfig | None = None
    optimizers_config: OptimizersConfig | None = None
    quantization_config: dict[str, Any] | None = None
    on_disk_payload: bool | None = None
    payload: PayloadStorage | None = None
    metadata: dict[str, Any] | None = None
    shard_number: int | None = None
    sharding_method: str | None = None
    replication_factor: int | None = None
    write_consistency_factor: int | None = None
    wal_config: dict[str, Any] | None = None
    strict_mode_config: dict[str, Any] | None = None


class VectorDiff(Body):
    hnsw_config: HnswConfig | None = None
    quantization_config: dict[str, Any] | Literal["Disabled"] | None = None
    on_disk: bool | None = None
    memory: Memory | None = None


class ParamsDiff(Body):
    on_disk_payload: bool | None = None
    payload: PayloadStorage | None = None
    replication_factor: int | None = None
    write_consistency_factor: int | None = None
    read_fan_out_factor: int | None = None
    read_fan_out_delay_ms: int | None = None


class UpdateCollection(Body):
    vectors: dict[str, VectorDiff] | None = None
    sparse_vectors: dict[str, SparseParams] | None = None
    hnsw_config: HnswConfig | None = None
    optimizers_config: OptimizersConfig | None = None
    quantization_config: dict[str, Any] | Literal["Disabled"] | None = None
    params: ParamsDiff | None = None
    metadata: dict[str, Any] | None | UnsetType = UNSET
    strict_mode_config: dict[str, Any] | None = None


class DenseVectorName(Body):
    size: Annotated[int, Meta(ge=1, le=65_536)]
    distance: Literal["Cosine", "Dot", "Euclid", "Manhattan"]
    multivector_config: MultiVector | None = None
    datatype: str | None = None


class SparseVectorName(Body):
    modifier: Literal["none", "idf"] | None = None
    datatype: str | None = None


class CreateVectorName(Body):
    dense: DenseVectorName | None = None
    sparse: SparseVectorName | None = None


def is_single(vectors: dict[str, Any]) -> bool:
    """Whether `vectors` describes the one unnamed vector and is no map of names."""
    return "size" in vectors and not isinstance(vectors["size"], dict)


def dense_params(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Dense vectors by name; the unnamed vector is `""`."""
    vectors = config.get("vectors") or {}
    return {"": vectors} if is_single(vectors) else vectors


def sparse_params(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: params or {} for name, params in (config.get("sparse_vectors") or {}).items()}


def refuse_distributed(body: CreateCollection) -> None:
    """Options of a cluster: only the values that one node fulfils are taken."""
    for field in ("shard_number", "replication_factor", "write_consistency_factor"):
        if getattr(body, field) not in (None, 1):
            raise not_served(f"{field} other than 1", "This server is one node with one shard per collection.")
    if body.sharding_method not in (None, "auto"):
        raise not_served(f"sharding_method {body.sharding_method!r}")
    if any(value is not None for value in (body.wal_config or {}).values()):
        raise not_served("wal_config")
    refuse_strict_mode(body.strict_mode_config)


def refuse_strict_mode(strict: dict[str, Any] | None) -> None:
    if strict and strict.get("enabled"):
        raise not_served("strict_mode_config")


def refuse_optimizers(optimizers: OptimizersConfig | None) -> None:
    """Options that the background optimizer could only pretend to follow."""
    if optimizers is None:
        return
    if optimizers.memmap_threshold is not None:
        raise not_served("optimizers_config.memmap_threshold", "Use on_disk or memory of the vector.")
    if optimizers.prevent_unoptimized:
        raise not_served("optimizers_config.prevent_unoptimized")
    if optimizers.max_optimization_threads not in (None, "auto"):
        raise not_served(
            "optimizers_config.max_optimization_threads", "The server's --optimize-threads sets it for all collections."
        )


def validate(config: dict[str, Any]) -> None:
    """Checks a whole configuration by building the engine's objects from it."""
    vectors = config.get("vectors") or {}
    if not is_single(vectors):
        for name, params in vectors.items():
            if not name:
                raise ApiError(422, "Validation error in JSON body: [vectors: a vector name must not be empty]")
            convert(params, VectorParams, f"vectors.{name}")
    else:
        convert(vectors, VectorParams, "vectors")
    both = set(vectors) & set(config.get("sparse_vectors") or {}) if not is_single(vectors) else set()
    if both:
        raise bad_body(f"vector names must be unique, dense and sparse share {sorted(both)}")
    if not vectors and not config.get("sparse_vectors"):
        raise not_served("a collection without vectors")


def datatype(name: str | None) -> edge.VectorStorageDatatype | None:
    if name is None:
        return None
    if name not in DATATYPES:
        raise not_served(f"datatype {name!r}", f"Use one of {', '.join(DATATYPES)}.")
    return DATATYPES[name]


def memory(name: str | None) -> edge.Memory | None:
    return None if name is None else MEMORY[name]


def hnsw(given: dict[str, Any] | None, base: dict[str, Any] | None = None) -> edge.HnswIndexConfig | None:
    """HNSW settings; what is not given comes from `base`, then from the defaults."""
    given = {key: value for key, value in (given or {}).items() if value is not None}
    if not given and not base:
        return None
    merged = {**HNSW_DEFAULTS, **(base or {}), **given}
    merged["memory"] = memory(merged.pop("memory", None))
    return edge.HnswIndexConfig(**merged)


def _vector(params: dict[str, Any], collection_hnsw: dict[str, Any]) -> edge.EdgeVectorParams:
    own = params.get("hnsw_config")
    return edge.EdgeVectorParams(
        size=params["size"],
        distance=DISTANCES[params["distance"]],
        on_disk=params.get("on_disk"),
        memory=memory(params.get("memory")),
        datatype=datatype(params.get("datatype")),
        multivector_config=(
            edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim) if params.get("multivector_config") else None
        ),
        quantization_config=quantization(params.get("quantization_config")),
        hnsw_config=hnsw(own, collection_hnsw) if own else None,
    )


def _sparse(params: dict[str, Any]) -> edge.EdgeSparseVectorParams:
    index = params.get("index") or {}
    return edge.EdgeSparseVectorParams(
        full_scan_threshold=index.get("full_scan_threshold"),
        on_disk=index.get("on_disk"),
        memory=memory(index.get("memory")),
        datatype=datatype(index.get("datatype")),
        modifier=edge.Modifier.Idf if params.get("modifier") == "idf" else None,
    )


def engine_config(config: dict[str, Any]) -> edge.EdgeConfig:
    """The engine's configuration of a checked REST configuration."""
    own_hnsw = {key: value for key, value in (config.get("hnsw_config") or {}).items() if value is not None}
    dense = {name: _vector(params, own_hnsw) for name, params in dense_params(config).items()}
    optimizers = config.get("optimizers_config") or {}
    payload = config.get("payload") or {}
    return edge.EdgeConfig(
        vectors=dense or None,
        sparse_vectors={name: _sparse(params) for name, params in sparse_params(config).items()} or None,
        on_disk_payload=config.get("on_disk_payload"),
        payload_memory=memory(payload.get("memory")),
        hnsw_config=hnsw(own_hnsw),
        quantization_config=quantization(config.get("quantization_config")),
        optimizers=edge.EdgeOptimizersConfig(
            deleted_threshold=optimizers.get("deleted_threshold"),
            vacuum_min_vector_number=optimizers.get("vacuum_min_vector_number"),
            default_segment_number=optimizers.get("default_segment_number"),
            max_segment_size=optimizers.get("max_segment_size"),
            indexing_threshold=optimizers.get("indexing_threshold"),
        ),
    )
