"""The clients of AutoGen for models, one request at a time, with errors of ours."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autogen_core import FunctionCall
from autogen_core.models import ChatCompletionClient, CreateResult, LLMMessage, ModelInfo
from autogen_core.tools import ToolSchema

from . import metrics
from .errors import ServiceError, TimeSpent
from .schema import Limits, ModelSettings
from .settings import Settings, is_allowed_origin
from .usage import Usage

_ORIGINS = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
_SAID_MAX = 300


@dataclass(frozen=True)
class Call:
    """A call that a model asks for. `input` is None when the arguments are no JSON object."""

    id: str
    name: str
    arguments: str
    input: dict[str, Any] | None

    def as_message(self) -> FunctionCall:
        # What is no JSON would be refused when it is sent back.
        return FunctionCall(id=self.id, name=self.name, arguments="{}" if self.input is None else self.arguments)


@dataclass(frozen=True)
class Answer:
    text: str
    calls: tuple[Call, ...]


class Model:
    """Asks a model for one run; counts what it uses, and can be stopped from outside."""

    def __init__(self, settings: ModelSettings, limits: Limits, used: Usage) -> None:
        self._settings = settings
        self._limits = limits
        self._client: ChatCompletionClient | None = None
        self._current: asyncio.Future[CreateResult] | None = None
        self._reason: ServiceError | None = None
        self.usage = used

    def stop(self, reason: ServiceError) -> None:
        """Ends the request under way, if there is one, and refuses others."""
        self._reason = self._reason or reason
        if self._current is not None:
            self._current.cancel()

    def check(self) -> None:
        """Raises what the run was stopped with."""
        if self._reason is not None:
            raise self._reason

    async def ask(self, messages: Sequence[LLMMessage], tools: Sequence[ToolSchema]) -> Answer:
        self.check()
        if self._client is None:
            self._client = _client_of(self._settings)
        began = time.monotonic()
        outcome = "failed"
        try:
            result = await self._within(
                self._client.create(messages, tools=tools), self._limits.max_seconds - self.usage.seconds
            )
            outcome = "answered"
        except ServiceError:
            raise
        except Exception as error:
            raise _fault(error, self._settings) from error
        finally:
            self.usage = self.usage.with_seconds(time.monotonic() - began)
            metrics.REQUESTS.labels(outcome).inc()
        prompt, completion = result.usage.prompt_tokens or 0, result.usage.completion_tokens or 0
        self.usage = self.usage.with_request(prompt, completion, self._settings.price)
        metrics.TOKENS.labels("input").inc(prompt)
        metrics.TOKENS.labels("output").inc(completion)
        if result.finish_reason == "length":
            raise ServiceError(
                "BIZ_AUTOGEN_OUTPUT_TRUNCATED",
                f'The answer of "{self._settings.model}" is longer than maxOutputTokens.',
                status=502,
                hint="Raise maxOutputTokens, or give a smaller task.",
            )
        return _answer(result)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _within(self, request: Any, seconds: float) -> CreateResult:
        self._current = asyncio.ensure_future(request)
        try:
            return await asyncio.wait_for(self._current, max(seconds, 0.001))
        except TimeoutError as error:
            # A time-out of the provider's SDK is no TimeoutError.
            raise TimeSpent() from error
        except asyncio.CancelledError:
            if self._reason is None:
                raise
            raise self._reason from None
        finally:
            self._current = None


def check_origin(settings: Settings, model: ModelSettings) -> None:
    """Raises ServiceError when requests of this model would go where they may not."""
    url = model.base_url or _ORIGINS[model.provider]
    if not is_allowed_origin(settings.model_origins, url):
        raise ServiceError(
            "BIZ_AUTOGEN_MODEL_ORIGIN",
            "This service sends nothing to the model's base URL.",
            status=422,
            hint="Add its origin to AUTOGEN_MODEL_ORIGINS.",
        )


def _client_of(settings: ModelSettings) -> ChatCompletionClient:
    info = ModelInfo(
        vision=False,
        function_calling=True,
        json_output=False,
        family="unknown",
        structured_output=False,
        multiple_system_messages=False,
    )
    common: dict[str, Any] = {
        "model": settings.model,
        "api_key": settings.api_key.get_secret_value(),
        "base_url": settings.base_url or _ORIGINS[settings.provider],
        "timeout": settings.timeout_ms / 1000,
        "max_retries": settings.retries,
        "model_info": info,
    }
    if settings.temperature is not None:
        common["temperature"] = settings.temperature
    # Redirects are not followed: the origin was checked, where it leads was not.
    timeout = settings.timeout_ms / 1000
    # Imported when it is needed: each of the SDKs takes seconds and tens of megabytes.
    if settings.provider == "anthropic":
        from anthropic import DefaultAsyncHttpxClient as AnthropicTransport
        from autogen_ext.models.anthropic import AnthropicChatCompletionClient

        common["max_tokens"] = settings.max_output_tokens
        common["http_client"] = AnthropicTransport(follow_redirects=False, trust_env=False, timeout=timeout)
        return AnthropicChatCompletionClient(**common)
    from autogen_ext.models.openai import OpenAIChatCompletionClient
    from openai import DefaultAsyncHttpxClient

    longest = "max_completion_tokens" if settings.provider == "openai" else "max_tokens"
    common[longest] = settings.max_output_tokens
    common["http_client"] = DefaultAsyncHttpxClient(follow_redirects=False, trust_env=False, timeout=timeout)
    return OpenAIChatCompletionClient(**common, include_name_in_message=False)


def _answer(result: CreateResult) -> Answer:
    if isinstance(result.content, str):
        return Answer(_well_formed(result.content), ())
    return Answer(_well_formed(result.thought or ""), tuple(_call(call) for call in result.content))


def _call(call: FunctionCall) -> Call:
    try:
        given = _clean(json.loads(call.arguments or "{}", parse_constant=_refuse))
    except (ValueError, RecursionError):
        given = None
    # An id of our own: one that a model repeats would borrow the approval or the outcome of another call.
    arguments = _well_formed(call.arguments)
    return Call(f"call_{uuid.uuid4().hex}", call.name, arguments, given if isinstance(given, dict) else None)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _well_formed(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_well_formed(key): _clean(item) for key, item in value.items()}
    return value


def _well_formed(text: str) -> str:
    """Without halves of characters and NUL, which JSON may name and databases do not take."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _fault(error: Exception, settings: ModelSettings) -> ServiceError:
    model = settings.model
    status = getattr(error, "status_code", None)
    kind = type(error).__name__
    if isinstance(status, int):
        said = _said(error, settings)
        if status in (401, 403):
            return ServiceError(
                "BIZ_AUTOGEN_MODEL_KEY", f'The provider does not accept the key for "{model}".', status=502
            )
        if status == 404:
            return ServiceError(
                "BIZ_AUTOGEN_MODEL_UNKNOWN", f'The provider does not know "{model}". {said}', status=502
            )
        if status == 429:
            return ServiceError(
                "BIZ_AUTOGEN_MODEL_RATE_LIMITED",
                f'The provider limits the rate of "{model}".',
                status=502,
                retryable=True,
            )
        if status >= 500 or status in (408, 409):
            return ServiceError(
                "BIZ_AUTOGEN_MODEL_DOWN",
                f'The provider of "{model}" failed (HTTP {status}). {said}',
                status=502,
                retryable=True,
            )
        return ServiceError(
            "BIZ_AUTOGEN_MODEL_REFUSED",
            f'The provider refused the request for "{model}" (HTTP {status}). {said}',
            status=502,
        )
    if kind == "APITimeoutError":
        return ServiceError(
            "BIZ_AUTOGEN_MODEL_TIMEOUT",
            f'"{model}" did not answer within {settings.timeout_ms} ms.',
            status=502,
            retryable=True,
        )
    if kind == "APIConnectionError":
        return ServiceError(
            "BIZ_AUTOGEN_MODEL_UNREACHABLE",
            f'The server of "{model}" could not be reached.',
            status=502,
            hint="Check the base URL and the network.",
            retryable=True,
        )
    return ServiceError(
        "BIZ_AUTOGEN_MODEL_MALFORMED",
        f'The server of "{model}" answered with something that is no answer of a model ({kind}).',
        status=502,
        hint="Check that the base URL names an API of this kind.",
        retryable=True,
    )


def _said(error: Exception, settings: ModelSettings) -> str:
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        text = inner.get("message") if isinstance(inner, dict) else None
        if isinstance(text, str):
            return text.replace(settings.api_key.get_secret_value(), "[key]")[:_SAID_MAX]
    return ""
