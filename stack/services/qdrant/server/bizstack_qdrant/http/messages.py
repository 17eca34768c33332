"""What a route gets and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ..engine.body import decode
from ..errors import ApiError, bad_input

if TYPE_CHECKING:
    from ..state import State

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """One request with its body read. `params` are the parts of the path, `query` the URL's parameters."""

    state: State
    params: dict[str, str]
    query: dict[str, str]
    body: bytes
    upload: Path | None = None
    content_type: str = ""

    def json(self, kind: type[T]) -> T:
        return decode(self.body, kind)

    def flag(self, name: str, default: bool) -> bool:
        """A boolean URL parameter."""
        text = self.query.get(name)
        if text is None:
            return default
        if text not in ("true", "false"):
            raise bad_input(f"the parameter `{name}` must be true or false, not `{text}`")
        return text == "true"

    @property
    def collection_name(self) -> str:
        return self.params["collection"]


@dataclass(frozen=True)
class Text:
    """A plain answer without the envelope."""

    body: str
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Raw:
    """A JSON answer without the envelope."""

    value: Any


@dataclass(frozen=True)
class Download:
    """A file as the answer."""

    path: Path
    name: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    # The request's body was not read to its end.
    unread: bool = False


def json_answer(status: int, value: Any, *, close: bool = False) -> Answer:
    headers = [(b"content-type", b"application/json")]
    if close:
        headers.append((b"connection", b"close"))
    return Answer(status, msgspec.json.encode(value), headers, unread=close)


def error_answer(error: ApiError, seconds: float) -> Answer:
    return json_answer(error.status, {"status": {"error": error.message}, "time": seconds}, close=error.close)
