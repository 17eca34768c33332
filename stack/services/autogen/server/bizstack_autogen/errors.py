"""Errors with a code, for callers and for the stream of events."""

from __future__ import annotations


class ServiceError(Exception):
    """`message` says what was wrong and where; it never carries a secret."""

    def __init__(
        self, code: str, message: str, *, status: int = 400, hint: str | None = None, retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.hint = hint
        self.retryable = retryable

    def body(self) -> dict[str, object]:
        """The JSON of an answer."""
        error: dict[str, object] = {"code": self.code, "message": self.message, "retryable": self.retryable}
        if self.hint is not None:
            error["hint"] = self.hint
        return {"error": error}


class Cancelled(ServiceError):
    def __init__(self) -> None:
        super().__init__("BIZ_AUTOGEN_CANCELLED", "The run was cancelled.", status=409)


class Stopping(ServiceError):
    """The process ends; the run goes on when it is resumed."""

    def __init__(self) -> None:
        super().__init__(
            "BIZ_AUTOGEN_STOPPING",
            "The service stops; the run stands as it was after its last turn.",
            status=503,
            hint="Resume it when the service is back.",
            retryable=True,
        )


class TimeSpent(ServiceError):
    """Ends a run with what there is."""

    def __init__(self) -> None:
        super().__init__("BIZ_AUTOGEN_TIME_SPENT", "The run has used its time.", status=409)
