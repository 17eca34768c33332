"""What a run uses, in the form of `usageSchema` of @bizstack/agents, and its limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .errors import ServiceError
from .schema import Limits, Price

_MILLION = 1_000_000


@dataclass(frozen=True)
class Usage:
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    # US dollars; None when a model that was used has no price.
    cost_usd: float | None = 0.0
    # Seconds at work.
    seconds: float = 0.0

    def with_request(self, input_tokens: int, output_tokens: int, price: Price | None) -> Usage:
        cost = None
        if price is not None and self.cost_usd is not None:
            cost = self.cost_usd + (input_tokens * price.input + output_tokens * price.output) / _MILLION
        return replace(
            self,
            requests=self.requests + 1,
            input_tokens=self.input_tokens + input_tokens,
            output_tokens=self.output_tokens + output_tokens,
            cost_usd=cost,
        )

    def with_seconds(self, seconds: float) -> Usage:
        return replace(self, seconds=self.seconds + seconds)

    def is_spent(self, limits: Limits) -> bool:
        tokens = self.input_tokens + self.output_tokens
        return (
            (limits.max_tokens is not None and tokens >= limits.max_tokens)
            or (limits.max_cost_usd is not None and (self.cost_usd or 0) >= limits.max_cost_usd)
            or self.seconds >= limits.max_seconds
        )

    def as_event(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            # AutoGen does not report what the provider cached.
            "cachedInputTokens": 0,
            "cacheWriteTokens": 0,
            "costUsd": self.cost_usd,
        }


def require_price(limits: Limits, price: Price | None, used: Usage, model: str) -> None:
    """A cost limit cannot be held without a price."""
    if limits.max_cost_usd is not None and (price is None or used.cost_usd is None):
        raise ServiceError(
            "BIZ_AUTOGEN_PRICE_UNKNOWN",
            f'There is a cost limit, but no price for "{model}".',
            status=422,
            hint="Send the model's price, or limit tokens instead.",
        )
