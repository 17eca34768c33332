"""What callers may send. Unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

SUPERVISOR = "supervisor"
# Who carries out the tools: the caller of this service.
CLIENT = "client"
SUBMIT = "submit_result"

RunId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
ToolName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Prompt = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True)


class Price(Given):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class ModelSettings(Given):
    """Who answers. The key stands in memory while the run is at work and is stored nowhere."""

    provider: Literal["openai", "anthropic", "openai-compatible"]
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    api_key: SecretStr = Field(min_length=1, max_length=4_000)
    base_url: str | None = Field(default=None, max_length=2_000)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_output_tokens: int = Field(default=4_096, ge=1, le=200_000)
    timeout_ms: int = Field(default=60_000, ge=1, le=600_000)
    retries: int = Field(default=3, ge=0, le=10)
    price: Price | None = None

    @model_validator(mode="after")
    def _has_base_url(self) -> ModelSettings:
        if self.provider == "openai-compatible" and self.base_url is None:
            raise ValueError("baseUrl is needed for openai-compatible")
        return self


class Limits(Given):
    """For the whole run, all its segments together."""

    max_rounds: int = Field(default=8, ge=1, le=50)
    max_steps: int = Field(default=20, ge=1, le=100)
    max_tokens: int | None = Field(default=None, ge=1)
    max_cost_usd: float | None = Field(default=None, gt=0)
    # Seconds at work; waiting for results of tools does not count.
    max_seconds: float = Field(default=600, gt=0, le=3_600)


class ToolSpec(Given):
    name: ToolName
    description: str = Field(max_length=10_000)
    parameters: dict[str, JsonValue]
    label: Literal["read", "write", "destructive"]


class DataPart(Given):
    """Text from outside; models see it quoted."""

    source: str = Field(min_length=1, max_length=200)
    text: str = Field(max_length=500_000)


class MemberSpec(Given):
    name: Name
    description: str = Field(min_length=1, max_length=4_000)
    prompt: Prompt
    tools: tuple[ToolSpec, ...] = Field(default=(), max_length=100)
    # JSON schema of what the member hands in.
    result_schema: dict[str, JsonValue]
    data: tuple[DataPart, ...] = Field(default=(), max_length=200)

    @model_validator(mode="after")
    def _names_are_unique(self) -> MemberSpec:
        names = [tool.name for tool in self.tools]
        if len({*names, SUBMIT}) != len(names) + 1:
            raise ValueError(f"tool names must be unique, and {SUBMIT} is taken")
        return self


class TeamSpec(Given):
    """What a run works on; stored with it."""

    task: str = Field(min_length=1, max_length=50_000)
    data: tuple[DataPart, ...] = Field(default=(), max_length=100)
    supervisor_prompt: Prompt
    member_prompt: Prompt
    members: tuple[MemberSpec, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _names_are_unique(self) -> TeamSpec:
        names = [member.name for member in self.members]
        if len({*names, SUPERVISOR, CLIENT}) != len(names) + 2:
            raise ValueError(f"names of members must be unique; {SUPERVISOR} and {CLIENT} are taken")
        return self


class StartRequest(TeamSpec):
    run_id: RunId
    user_id: Id
    contact_id: Id | None = None
    limits: Limits = Limits()
    model: ModelSettings


class Result(Given):
    """What came of a call that the caller carried out."""

    call_id: Id
    ok: bool
    content: str = Field(max_length=1_000_000)
    # The member's turn ends with this as its result.
    ends: bool = False


class ResumeRequest(Given):
    user_id: Id
    results: tuple[Result, ...] = Field(default=(), max_length=100)
    limits: Limits = Limits()
    model: ModelSettings


class PendingCall(Given):
    """A call that the caller has to carry out. `raw` when the model's arguments are no JSON object."""

    call_id: str
    tool: str
    label: Literal["read", "write", "destructive", "unknown"]
    input: dict[str, Any] | None = None
    raw: str | None = None


class Waiting(Given):
    """Calls of one answer of a member; all of them are needed to go on."""

    member: str
    task: str
    round: int
    calls: tuple[PendingCall, ...]


def describe(problems: list[dict[str, Any]]) -> str:
    """Names the fields that are wrong, never their values."""
    lines = [f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}" for problem in problems]
    return "; ".join(lines[:10])
