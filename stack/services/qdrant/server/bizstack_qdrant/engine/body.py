"""Decoding of JSON into typed structures: unknown fields are refused, never ignored."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from ..errors import bad_body, not_served

T = TypeVar("T")


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of every request structure."""


class Sharded(Body):
    """Requests that Qdrant routes by shard key."""

    shard_key: Any = None


_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def prepare() -> None:
    """Builds msgspec's type information of every structure; to be called once, before threads start.

    msgspec builds it at a structure's first use without a lock: two threads that use one for the first
    time at once can crash the process.
    """
    waiting: list[type[Body]] = [Body]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        _decoders[kind] = msgspec.json.Decoder(kind)


def convert(value: object, kind: type[T], where: str = "") -> T:
    """A decoded JSON value as `kind`; `where` names it in the error."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise bad_body(f"{where}: {error}" if where else str(error)) from error


def convert_any(value: object, kind: Any, where: str) -> Any:
    """Like `convert`, for types that are no classes: unions and literals."""
    return convert(value, kind, where)


def decode(raw: bytes, kind: type[T]) -> T:
    """A request's body as `kind`. An empty body stands for `{}`."""
    try:
        body: T = _decoders[kind].decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_body(str(error)) from error
    if isinstance(body, Sharded) and body.shard_key is not None:
        raise not_served("shard_key (sharding)")
    return body
