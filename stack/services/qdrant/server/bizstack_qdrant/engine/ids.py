"""Point ids: unsigned 64-bit integers or UUIDs."""

from __future__ import annotations

from uuid import UUID

from ..errors import bad_body

# `str` is what the engine's signatures allow besides; here an id is never one.
PointId = int | UUID | str
_MAX_ID = 2**64 - 1


def parse_id(value: object) -> PointId:
    """An id from JSON; raises 400 with Qdrant's sentence for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_ID:
        return value
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            pass
    raise bad_body(f"value {value!r} is not a valid point ID, valid values are either an unsigned integer or a UUID")


def parse_ids(values: list[object] | list[int | str]) -> list[PointId]:
    return [parse_id(value) for value in values]


def parse_id_text(text: str) -> PointId:
    """An id from a URL, where integers come as digits."""
    return parse_id(int(text) if text.isascii() and text.isdigit() else text)
