"""Points as JSON."""

from __future__ import annotations

from typing import Any

import qdrant_edge as edge

from ..errors import bad_body
from .vectors import to_json


def record(point: edge.Record) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": point.id}
    _optional(shown, point)
    return shown


def scored(point: edge.ScoredPoint) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": point.id, "version": point.version, "score": point.score}
    _optional(shown, point)
    return shown


def _optional(shown: dict[str, Any], point: edge.Record | edge.ScoredPoint) -> None:
    if point.payload is not None:
        shown["payload"] = point.payload
    if point.vector is not None:
        shown["vector"] = to_json(point.vector)
    if point.order_value is not None:
        shown["order_value"] = point.order_value


def payload_selector(value: object, default: bool) -> Any:
    """`with_payload`: a boolean, a list of keys, or `{include}`/`{exclude}`."""
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return edge.PayloadSelector.Include(_keys(value))
    if isinstance(value, dict) and len(value) == 1:
        if "include" in value:
            return edge.PayloadSelector.Include(_keys(value["include"]))
        if "exclude" in value:
            return edge.PayloadSelector.Exclude(_keys(value["exclude"]))
    raise bad_body("with_payload: a boolean, a list of keys, {include} or {exclude} is expected")


def vector_selector(value: object) -> bool | list[str]:
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return _keys(value)
    raise bad_body("with_vector: a boolean or a list of vector names is expected")


def _keys(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_body("a list of strings is expected")
    return value
