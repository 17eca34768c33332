"""Shared by the routes."""

from __future__ import annotations

from typing import Any

from ..http.messages import Request


def write_result(request: Request, operation_id: int) -> dict[str, Any]:
    """Writes are applied before the answer in either case; without `wait` the client only learns of receipt."""
    status = "completed" if request.flag("wait", False) else "acknowledged"
    return {"operation_id": operation_id, "status": status}
