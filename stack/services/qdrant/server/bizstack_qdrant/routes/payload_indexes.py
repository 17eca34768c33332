"""Payload indexes."""

from __future__ import annotations

from typing import Any

import qdrant_edge as edge

from ..engine.body import Body
from ..engine.payload_index import parse_schema
from ..errors import bad_body, from_engine, not_served
from ..http.messages import Request
from ..http.router import WRITE, Router
from .common import write_result


class CreateIndex(Body):
    field_name: str
    field_schema: str | dict[str, Any] | None = None


def register(router: Router) -> None:
    router.add("PUT", "/collections/{collection}/index", create, WRITE)
    router.add("DELETE", "/collections/{collection}/index/{field}", delete, WRITE)


def create(request: Request) -> dict[str, Any]:
    body = request.json(CreateIndex)
    if not body.field_name:
        raise bad_body("field_name must not be empty")
    if body.field_schema is None:
        raise not_served("guessing the type of an index", "Give field_schema.")
    collection = request.state.registry.get(request.collection_name)
    try:
        operation = edge.UpdateOperation.create_field_index(body.field_name, parse_schema(body.field_schema))
    except (TypeError, ValueError) as error:
        raise from_engine(error) from error
    return write_result(request, collection.update(operation))


def delete(request: Request) -> dict[str, Any]:
    collection = request.state.registry.get(request.collection_name)
    try:
        operation = edge.UpdateOperation.delete_field_index(request.params["field"])
    except ValueError as error:
        raise from_engine(error) from error
    return write_result(request, collection.update(operation))
