"""One module per group of endpoints."""

from ..http.router import Router
from . import (
    aliases,
    collections,
    groups,
    legacy,
    matrix,
    payload_indexes,
    points,
    query,
    service,
    snapshots,
    unsupported,
    updates,
)


def build_router() -> Router:
    router = Router()
    for module in (
        service,
        collections,
        aliases,
        payload_indexes,
        updates,
        points,
        query,
        groups,
        matrix,
        legacy,
        snapshots,
        unsupported,
    ):
        module.register(router)
    return router
