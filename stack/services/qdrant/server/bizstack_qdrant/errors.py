"""Errors with the status codes and phrases of Qdrant's REST interface."""

from __future__ import annotations


class ApiError(Exception):
    """An error answered to the client as `{status: {error}, time}` with an HTTP status."""

    def __init__(self, status: int, message: str, *, close: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        # Set when the request's body was not read to its end: the connection cannot be used again.
        self.close = close


def bad_body(message: str) -> ApiError:
    return ApiError(400, f"Format error in JSON body: {message}")


def bad_input(message: str) -> ApiError:
    return ApiError(400, f"Wrong input: {message}")


def not_found(message: str) -> ApiError:
    return ApiError(404, f"Not found: {message}")


def not_served(what: str, instead: str = "") -> ApiError:
    """Something Qdrant has and this server has not: never ignored, always answered."""
    hint = f" {instead}" if instead else ""
    return ApiError(501, f"Not implemented: {what} is not served by this server.{hint}")


def unavailable(message: str) -> ApiError:
    return ApiError(503, f"Service unavailable: {message}")


# The engine raises plain exceptions; their text is the only thing that tells them apart.
_ENGINE_PREFIXES: tuple[tuple[str, int, str], ...] = (
    ("No point with id", 404, "Not found: "),
    ("Service runtime error", 500, "Service internal error: "),
    ("Failed to", 500, "Service internal error: "),
    ("IO error", 500, "Service internal error: "),
    ("Out of memory", 503, "Service unavailable: "),
)


def from_engine(error: BaseException) -> ApiError:
    """Maps an exception of the engine; refusals of the input are 400, faults of the engine 500."""
    text = str(error)
    if isinstance(error, (TypeError, ValueError, OverflowError)):
        # A union that matches nothing prints one line per variant: the first says enough.
        return bad_body(text.split("\n", 1)[0])
    if type(error).__name__ == "PanicException":
        return ApiError(500, f"Service internal error: {text}")
    for prefix, status, phrase in _ENGINE_PREFIXES:
        if text.startswith(prefix):
            return ApiError(status, phrase + text)
    return bad_input(text)
