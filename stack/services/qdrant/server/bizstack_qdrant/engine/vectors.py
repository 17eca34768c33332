"""Vectors: checked against the collection before the engine sees them.

The engine applies a batch point by point, so a bad vector in the middle would leave half of the batch
behind. Everything it could refuse is therefore refused here, before the first point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import qdrant_edge as edge

from ..errors import bad_body, bad_input
from .bm25 import embed, is_inference
from .config import dense_params, sparse_params

# What the engine takes for one named vector.
NamedVector = list[float] | list[list[float]] | edge.SparseVector
MAX_SPARSE_INDEX = 2**32 - 1


@dataclass(frozen=True)
class Kind:
    """What a vector name holds. `size` is 0 for sparse vectors."""

    size: int
    multi: bool
    sparse: bool


class VectorSchema:
    """The vector names of a collection."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.kinds: dict[str, Kind] = {
            name: Kind(params["size"], bool(params.get("multivector_config")), False)
            for name, params in dense_params(config).items()
        }
        self.kinds.update({name: Kind(0, False, True) for name in sparse_params(config)})

    def kind(self, name: str) -> Kind:
        kind = self.kinds.get(name)
        if kind is None:
            raise bad_input(f"Not existing vector name error: {name}")
        return kind

    def point(self, value: object) -> Any:
        """The vectors of a point: one unnamed vector or a map of names."""
        if isinstance(value, list):
            return self.named("", value)
        if isinstance(value, dict):
            if is_inference(value) or (is_sparse(value) and "" in self.kinds):
                return {"": self.named("", value)}
            return {name: self.named(name, vector) for name, vector in value.items()}
        raise bad_body("data did not match any vector: a list of numbers or a map of vectors by name is expected")

    def named(self, name: str, value: object, *, query: bool = False) -> NamedVector:
        """One vector for `name`. Queries on multivectors may be a single vector."""
        kind = self.kind(name)
        if is_inference(value):
            assert isinstance(value, dict)
            if not kind.sparse:
                raise bad_input(f"the vector `{name}` is not sparse and cannot hold a BM25 document")
            return embed(value, query=query)
        if kind.sparse:
            return sparse(value, name)
        if kind.multi:
            if query and isinstance(value, list) and value and not isinstance(value[0], list):
                value = [value]
            if not isinstance(value, list) or not value:
                raise bad_input(f"the vector `{name}` needs a list of vectors")
            return [_dense(row, kind.size, name) for row in value]
        return _dense(value, kind.size, name)


def _dense(value: object, size: int, name: str) -> list[float]:
    if not isinstance(value, list):
        raise bad_body(f"the vector `{name}` must be a list of numbers")
    if len(value) != size:
        raise bad_input(f"Vector dimension error: expected dim: {size}, got {len(value)}")
    for number in value:
        if type(number) is not float and type(number) is not int:
            raise bad_body(f"the vector `{name}` must hold numbers only")
    return value


def is_sparse(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"indices", "values"}


def sparse(value: object, name: str) -> edge.SparseVector:
    if not isinstance(value, dict) or not is_sparse(value):
        raise bad_body(f"the sparse vector `{name}` must be {{indices, values}}")
    indices, values = value["indices"], value["values"]
    if not isinstance(indices, list) or not isinstance(values, list) or len(indices) != len(values):
        raise bad_input(f"the sparse vector `{name}` must have as many values as indices")
    for index in indices:
        if type(index) is not int or not 0 <= index <= MAX_SPARSE_INDEX:
            raise bad_body(f"the sparse vector `{name}` has an index that is no unsigned 32-bit integer")
    for number in values:
        if type(number) is not float and type(number) is not int:
            raise bad_body(f"the sparse vector `{name}` must hold numbers only")
    if len(set(indices)) != len(indices):
        raise bad_input(f"Validation error: the indices of the sparse vector `{name}` must be unique")
    order = sorted(range(len(indices)), key=indices.__getitem__)
    return edge.SparseVector([indices[at] for at in order], [float(values[at]) for at in order])


def to_json(value: Any) -> Any:
    """A vector of the engine as JSON."""
    if isinstance(value, edge.SparseVector):
        return {"indices": list(value.indices), "values": list(value.values)}
    if isinstance(value, dict):
        return {name: to_json(vector) for name, vector in value.items()}
    return value
