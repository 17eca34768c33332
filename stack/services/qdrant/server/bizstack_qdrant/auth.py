"""The API key: header `api-key` or `Authorization: Bearer`, compared in constant time."""

from __future__ import annotations

import hmac

from .errors import ApiError

# Probes ask without a key, as with Qdrant.
OPEN_PATHS = frozenset({"/", "/healthz", "/livez", "/readyz"})


def check(api_key: str | None, path: str, headers: dict[bytes, bytes]) -> None:
    """Raises 401 unless the request may pass."""
    if api_key is None or path in OPEN_PATHS:
        return
    given = headers.get(b"api-key")
    if given is None:
        authorization = headers.get(b"authorization", b"")
        scheme, _, token = authorization.partition(b" ")
        given = token.strip() if scheme.lower() == b"bearer" else b""
    if not hmac.compare_digest(given, api_key.encode("utf-8")):
        raise ApiError(401, "Must provide an API key or an Authorization bearer token")
